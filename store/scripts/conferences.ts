import { defineScript } from '../script.ts';

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

/**
 * Takes a conference away with everything that leads into it. What it was is kept apart.
 *
 * KEYS[1] conferences    hash: conference id → JSON
 * KEYS[2] order          sorted set: conference ids by the time they were made
 * KEYS[3] archive        hash: conference id → JSON
 * KEYS[4] codes          hash: fingerprint → what it leads to
 * KEYS[5] sealed codes   hash: conference id → JSON
 * KEYS[6] invitees       hash: invitee id → JSON
 * KEYS[7] invitee order  sorted set of the conference
 * KEYS[8] passes         hash of the conference
 * KEYS[9] pass order     sorted set of the conference
 * KEYS[10] rooms         hash: conference id → live room
 * KEYS[11] journal       stream of the tenant
 * ARGV[1] conference id
 * ARGV[2] fingerprint of the guest code
 * ARGV[3] fingerprint of the host code
 * ARGV[4] journal entry, JSON
 * ARGV[5] about how many entries the journal keeps
 * Returns 'archived', 'gone' when there is no such conference, or 'live' when somebody is in it.
 */
export const archiveConference = defineScript(
  'archive-conference',
  `
local conference = redis.call('HGET', KEYS[1], ARGV[1])
if not conference then return 'gone' end
if redis.call('HEXISTS', KEYS[10], ARGV[1]) == 1 then return 'live' end
for _, id in ipairs(redis.call('ZRANGE', KEYS[7], 0, -1)) do
  local read, invitee = pcall(cjson.decode, redis.call('HGET', KEYS[6], id) or '')
  if read and invitee.codeFingerprint then redis.call('HDEL', KEYS[4], invitee.codeFingerprint) end
  redis.call('HDEL', KEYS[6], id)
end
redis.call('HDEL', KEYS[4], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[1], conference)
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[5], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[7], KEYS[8], KEYS[9])
redis.call('XADD', KEYS[11], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[4])
return 'archived'
`,
);
