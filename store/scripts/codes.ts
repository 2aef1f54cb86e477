import { defineScript } from '../script.ts';

/**
 * For scripts that give codes out. KEYS[1] must be codes and KEYS[2] code guards; `readCodes(position)` reads from ARGV:
 * the number of codes; then for each code
 *   what it leads to, its fingerprint,
 *   number of shorter codes it must not begin with, and their fingerprints,
 *   number of guards it must not meet, and their fingerprints,
 *   number of guards it sets, and their fingerprints.
 */
const CLAIM = `
local function readCodes(position)
  local function take()
    position = position + 1
    return ARGV[position - 1]
  end
  local function takeList()
    local list = {}
    for _ = 1, tonumber(take()) do list[#list + 1] = take() end
    return list
  end
  local codes = {}
  for _ = 1, tonumber(take()) do
    codes[#codes + 1] = { value = take(), found = take(), shorter = takeList(), avoids = takeList(), sets = takeList() }
  end
  return codes
end

local function areFree(codes)
  for _, code in ipairs(codes) do
    if redis.call('HEXISTS', KEYS[1], code.found) == 1 then return false end
    for _, shorter in ipairs(code.shorter) do
      if redis.call('HEXISTS', KEYS[1], shorter) == 1 then return false end
    end
    for _, guard in ipairs(code.avoids) do
      if redis.call('SISMEMBER', KEYS[2], guard) == 1 then return false end
    end
  end
  return true
end

local function claim(codes)
  for _, code in ipairs(codes) do
    redis.call('HSET', KEYS[1], code.found, code.value)
    for _, guard in ipairs(code.sets) do redis.call('SADD', KEYS[2], guard) end
  end
end
`;

/**
 * KEYS[1] codes         hash: fingerprint → what it leads to
 * KEYS[2] code guards   set of fingerprints
 * KEYS[3] conferences   hash: conference id → JSON
 * KEYS[4] order         sorted set: conference ids by the time they were made
 * KEYS[5] sealed codes  hash: conference id → JSON
 * KEYS[6] journal       stream of the tenant
 * ARGV[1] conference id
 * ARGV[2] conference, JSON
 * ARGV[3] sealed codes, JSON
 * ARGV[4] when it was made, milliseconds since 1970
 * ARGV[5] journal entry, JSON
 * ARGV[6] about how many entries the journal keeps
 * ARGV[7…] codes
 * Returns 1, or 0 when a code collides with one in use.
 */
export const createConference = defineScript(
  'create-conference',
  `${CLAIM}
local codes = readCodes(7)
if not areFree(codes) then return 0 end
claim(codes)
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[4], ARGV[4], ARGV[1])
redis.call('HSET', KEYS[5], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[6], '*', 'entry', ARGV[5])
return 1
`,
);

/**
 * KEYS[1] codes         hash: fingerprint → what it leads to
 * KEYS[2] code guards   set of fingerprints
 * KEYS[3] sealed codes  hash: conference id → JSON
 * KEYS[4] journal       stream of the tenant
 * ARGV[1] conference id
 * ARGV[2] sealed codes that were read, JSON
 * ARGV[3] sealed codes to write, JSON
 * ARGV[4] fingerprint of the guest code of before
 * ARGV[5] fingerprint of the host code of before
 * ARGV[6] journal entry, JSON
 * ARGV[7] about how many entries the journal keeps
 * ARGV[8…] codes
 * Returns 1; 0 when a code collides with one in use; -1 when the codes were changed in between.
 */
export const replaceCodes = defineScript(
  'replace-codes',
  `${CLAIM}
if redis.call('HGET', KEYS[3], ARGV[1]) ~= ARGV[2] then return -1 end
local codes = readCodes(8)
if not areFree(codes) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[4], ARGV[5])
claim(codes)
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[7], '*', 'entry', ARGV[6])
return 1
`,
);

/**
 * KEYS[1] codes          hash: fingerprint → what it leads to
 * KEYS[2] code guards    set of fingerprints
 * KEYS[3] conferences    hash: conference id → JSON
 * KEYS[4] invitees       hash: invitee id → JSON
 * KEYS[5] invitee order  sorted set of the conference: invitee ids by the time they were made
 * KEYS[6] journal        stream of the tenant
 * ARGV[1] conference id
 * ARGV[2] invitee id
 * ARGV[3] JSON that was read, '' for a new invitee
 * ARGV[4] JSON to write
 * ARGV[5] when the invitee was made, milliseconds since 1970
 * ARGV[6] how many invitees a conference may have
 * ARGV[7] fingerprint of a code to retire, ''  for none
 * ARGV[8] journal entry, JSON
 * ARGV[9] about how many entries the journal keeps
 * ARGV[10…] codes
 * Returns 'written'; 'collides' with a code in use; 'changed' in between; 'full'; 'gone' when there is no conference.
 */
export const writeInvitee = defineScript(
  'write-invitee',
  `${CLAIM}
if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 0 then return 'gone' end
if (redis.call('HGET', KEYS[4], ARGV[2]) or '') ~= ARGV[3] then return 'changed' end
if ARGV[3] == '' and redis.call('ZCARD', KEYS[5]) >= tonumber(ARGV[6]) then return 'full' end
local codes = readCodes(10)
if not areFree(codes) then return 'collides' end
if ARGV[7] ~= '' then redis.call('HDEL', KEYS[1], ARGV[7]) end
claim(codes)
redis.call('HSET', KEYS[4], ARGV[2], ARGV[4])
redis.call('ZADD', KEYS[5], ARGV[5], ARGV[2])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[9], '*', 'entry', ARGV[8])
return 'written'
`,
);

/**
 * KEYS[1] codes          hash: fingerprint → what it leads to
 * KEYS[2] invitees       hash: invitee id → JSON
 * KEYS[3] invitee order  sorted set of the conference: invitee ids by the time they were made
 * KEYS[4] journal        stream of the tenant
 * ARGV[1] invitee id
 * ARGV[2] JSON that was read
 * ARGV[3] fingerprint of the personal code, '' for none
 * ARGV[4] journal entry, JSON
 * ARGV[5] about how many entries the journal keeps
 * Returns 1, or 0 when the invitee changed in between.
 */
export const removeInvitee = defineScript(
  'remove-invitee',
  `
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' then redis.call('HDEL', KEYS[1], ARGV[3]) end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[4])
return 1
`,
);

/**
 * KEYS[1] codes        hash: fingerprint → what it leads to
 * KEYS[2] code guards  set of fingerprints
 * KEYS[3] decoys       hash: decoy id → JSON
 * KEYS[4] journal      stream of the tenant
 * ARGV[1] decoy id
 * ARGV[2] decoy, JSON
 * ARGV[3] how many decoys a tenant may have
 * ARGV[4] journal entry, JSON
 * ARGV[5] about how many entries the journal keeps
 * ARGV[6…] codes
 * Returns 'written', 'collides' with a code in use, or 'full'.
 */
export const createDecoy = defineScript(
  'create-decoy',
  `${CLAIM}
if redis.call('HLEN', KEYS[3]) >= tonumber(ARGV[3]) then return 'full' end
local codes = readCodes(6)
if not areFree(codes) then return 'collides' end
claim(codes)
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[4])
return 'written'
`,
);

/**
 * KEYS[1] codes       hash: fingerprint → what it leads to
 * KEYS[2] decoys      hash: decoy id → JSON
 * KEYS[3] decoy hits  hash: decoy id → how often it was keyed
 * KEYS[4] journal     stream of the tenant
 * ARGV[1] decoy id
 * ARGV[2] fingerprint of its code
 * ARGV[3] journal entry, JSON
 * ARGV[4] about how many entries the journal keeps
 * Returns 1, or 0 when there is no such decoy.
 */
export const removeDecoy = defineScript(
  'remove-decoy',
  `
if redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'entry', ARGV[3])
return 1
`,
);
