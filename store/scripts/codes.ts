import { defineScript } from '../script.ts';

/**
 * KEYS[1] conferences   hash: conference id → JSON
 * KEYS[2] sealed codes  hash: conference id → JSON
 * KEYS[3] codes         hash: fingerprint → `kind conferenceId`
 * KEYS[4] code guards   set of fingerprints
 * KEYS[5] journal       stream of the tenant
 * KEYS[6] order         sorted set: conference ids by the time they were made
 * ARGV[1] conference id
 * ARGV[2] conference, JSON
 * ARGV[3] sealed codes, JSON
 * ARGV[4] journal entry, JSON
 * ARGV[5] about how many entries the journal keeps
 * ARGV[6] when it was made, milliseconds since 1970
 * ARGV[7] number of codes; then for each code:
 *   kind, fingerprint,
 *   number of shorter codes it must not begin with, and their fingerprints,
 *   number of guards it must not meet, and their fingerprints,
 *   number of guards it sets, and their fingerprints
 * Returns 1, or 0 when a code collides with one in use.
 */
export const createConference = defineScript(
  'create-conference',
  `
local position = 7
local function take()
  position = position + 1
  return ARGV[position]
end
local function takeList()
  local list = {}
  for _ = 1, tonumber(take()) do list[#list + 1] = take() end
  return list
end

local codes = {}
for _ = 1, tonumber(ARGV[7]) do
  codes[#codes + 1] = { kind = take(), found = take(), shorter = takeList(), avoids = takeList(), sets = takeList() }
end
for _, code in ipairs(codes) do
  if redis.call('HEXISTS', KEYS[3], code.found) == 1 then return 0 end
  for _, shorter in ipairs(code.shorter) do
    if redis.call('HEXISTS', KEYS[3], shorter) == 1 then return 0 end
  end
  for _, guard in ipairs(code.avoids) do
    if redis.call('SISMEMBER', KEYS[4], guard) == 1 then return 0 end
  end
end
for _, code in ipairs(codes) do
  redis.call('HSET', KEYS[3], code.found, code.kind .. ' ' .. ARGV[1])
  for _, guard in ipairs(code.sets) do redis.call('SADD', KEYS[4], guard) end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[6], ARGV[6], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[4])
return 1
`,
);

/**
 * KEYS[1] conferences  hash: conference id → JSON
 * KEYS[2] order        sorted set: conference ids by the time they were made
 * ARGV[1] id of the conference before the first, '' from the beginning
 * ARGV[2] how many at most
 * Returns { ids, JSON of each }, or false when there is no such conference.
 */
export const pageOfConferences = defineScript(
  'page-of-conferences',
  `
local first = 0
if ARGV[1] ~= '' then
  local rank = redis.call('ZRANK', KEYS[2], ARGV[1])
  if not rank then return false end
  first = rank + 1
end
local ids = redis.call('ZRANGE', KEYS[2], first, first + tonumber(ARGV[2]) - 1)
if #ids == 0 then return { {}, {} } end
return { ids, redis.call('HMGET', KEYS[1], unpack(ids)) }
`,
);

/**
 * KEYS[1] conferences  hash: conference id → JSON
 * KEYS[2] journal      stream of the tenant
 * ARGV[1] conference id
 * ARGV[2] the JSON that was read
 * ARGV[3] the JSON to write
 * ARGV[4] journal entry, JSON
 * ARGV[5] about how many entries the journal keeps
 * Returns 1, or 0 when the conference changed in between.
 */
export const replaceConference = defineScript(
  'replace-conference',
  `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[4])
return 1
`,
);
