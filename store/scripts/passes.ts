import { defineScript } from '../script.ts';

/**
 * KEYS[1] conferences  hash: conference id → JSON
 * KEYS[2] passes       hash of the conference: participant id → `serial JSON`
 * KEYS[3] pass order   sorted set of the conference: participant ids by the end of their passes
 * KEYS[4] journal      stream of the tenant
 * ARGV[1] conference id
 * ARGV[2] participant id
 * ARGV[3] pass, JSON
 * ARGV[4] now, milliseconds since 1970
 * ARGV[5] when the pass ends, milliseconds since 1970
 * ARGV[6] how many passes a conference may have
 * ARGV[7] journal entry, JSON
 * ARGV[8] about how many entries the journal keeps
 * ARGV[9] serial of a new pass: random
 * Returns the serial of the pass (that of the one replaced), or 'closed' (or not there), or 'full'.
 */
export const issuePass = defineScript(
  'issue-pass',
  `
local conference = redis.call('HGET', KEYS[1], ARGV[1])
if not conference or cjson.decode(conference).state ~= 'open' then return 'closed' end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[4])) do
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end
local serial = ARGV[9]
local before = redis.call('HGET', KEYS[2], ARGV[2])
if before then serial = string.match(before, '^%S+')
elseif redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[6]) then return 'full' end
redis.call('HSET', KEYS[2], ARGV[2], serial .. ' ' .. ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[2])
local last = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')[2]
for index = 2, 3 do redis.call('PEXPIREAT', KEYS[index], last) end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[8], '*', 'entry', ARGV[7])
return serial
`,
);

/**
 * KEYS[1] passes      hash of the conference: participant id → `serial JSON`
 * KEYS[2] pass order  sorted set of the conference: participant ids by the end of their passes
 * ARGV[1] 'only': the participants named lose their passes; 'except': all others do
 * ARGV[2…] participant ids
 * Returns how many passes are void now.
 */
export const revokePasses = defineScript(
  'revoke-passes',
  `
local named = {}
for index = 2, #ARGV do named[ARGV[index]] = true end
local void = 0
for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
  if (named[id] or false) == (ARGV[1] == 'only') then
    redis.call('HDEL', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
    void = void + 1
  end
end
return void
`,
);
