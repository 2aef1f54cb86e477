import { defineScript } from '../script.ts';

/**
 * KEYS[1] rooms           hash: conference id → `version startedAt digests\nJSON`, digests of the last commits by commas
 * KEYS[2] room events     stream of this room
 * KEYS[3] journal         stream of the tenant
 * KEYS[4] room removal    string: `digests reason` of the commit that removed the room
 * KEYS[5] room deadlines  sorted set: conference id by when something is due in its room
 * KEYS[6] room leases     hash: conference id → `until owner`
 * ARGV[1] conference id
 * ARGV[2] expected version, 0 for "not there"
 * ARGV[3] startedAt of the document, '' when the room is removed
 * ARGV[4] digest of this commit
 * ARGV[5] document as JSON, '' when the room is removed
 * ARGV[6] about how many events the room's stream keeps
 * ARGV[7] about how many entries the journal keeps
 * ARGV[8] milliseconds the room's stream is kept after the end
 * ARGV[9] milliseconds a removal is remembered
 * ARGV[10] when something is due next in the room, '' for never
 * ARGV[11] channel that is told of the change
 * ARGV[12] why the room is removed
 * ARGV[13…] pairs: event for the room's stream, and entry for the journal or '', both JSON
 * Returns 1 when it was committed, now or by an earlier try of the very same commit; 0 when somebody else was first.
 */
export const commitRoom = defineScript(
  'commit-room',
  `
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local version, startedAt, digests = 0, '', ''
if stored then
  local v, s, d = string.match(stored, '^(%d+) (%d+) (%S+)\\n')
  if not v then return redis.error_reply('CORRUPT room') end
  version, startedAt, digests = tonumber(v), s, d
end
-- Others may have committed since, and even have removed the room and begun a new one.
local removed = string.match(redis.call('GET', KEYS[4]) or '', '^%S*')
if string.find(',' .. digests .. ',' .. removed .. ',', ',' .. ARGV[4] .. ',', 1, true) then return 1 end
if version ~= tonumber(ARGV[2]) then return 0 end
if stored and ARGV[5] ~= '' and startedAt ~= ARGV[3] then return 0 end

local kept, count = ARGV[4], 1
for digest in string.gmatch(digests, '[^,]+') do
  if count < 8 then kept, count = kept .. ',' .. digest, count + 1 end
end
for index = 13, #ARGV, 2 do
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], '*', 'event', ARGV[index])
  if ARGV[index + 1] ~= '' then
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*', 'entry', ARGV[index + 1])
  end
end
if ARGV[5] == '' or ARGV[10] == '' then
  redis.call('ZREM', KEYS[5], ARGV[1])
else
  redis.call('ZADD', KEYS[5], ARGV[10], ARGV[1])
end
local now = '0'
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[6], ARGV[1])
  redis.call('SET', KEYS[4], kept .. ' ' .. ARGV[12], 'PX', ARGV[9])
  redis.call('PEXPIRE', KEYS[2], ARGV[8])
else
  now = string.format('%d', version + 1)
  redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[3] .. ' ' .. kept .. '\\n' .. ARGV[5])
  redis.call('PERSIST', KEYS[2])
end
redis.call('PUBLISH', ARGV[11], ARGV[1] .. ' ' .. now)
return 1
`,
);

/**
 * KEYS[1] room leases     hash: conference id → `until owner`, until in milliseconds of Redis's own clock
 * ARGV[1] owner
 * ARGV[2] milliseconds the lease lasts
 * ARGV[3…] conference ids
 * Takes or renews the leases nobody else has. Returns the ids that are the owner's now.
 */
export const leaseRooms = defineScript(
  'lease-rooms',
  `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local mine = {}
for index = 3, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[index])
  local till, owner = nil, nil
  if held then till, owner = string.match(held, '^(%d+) (.+)$') end
  if not till or owner == ARGV[1] or tonumber(till) <= now then
    redis.call('HSET', KEYS[1], ARGV[index], string.format('%d', now + tonumber(ARGV[2])) .. ' ' .. ARGV[1])
    mine[#mine + 1] = ARGV[index]
  end
end
return mine
`,
);
