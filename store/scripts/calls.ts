import { defineScript } from '../script.ts';

/**
 * KEYS[1] call        hash: field → JSON
 * KEYS[2] live calls  set of call ids
 * ARGV[1] call id
 * ARGV[2…] pairs: field, JSON
 * Returns 1, or 0 when the call has ended already: a late writer does not bring it back.
 */
export const putCall = defineScript(
  'put-call',
  `
if redis.call('HEXISTS', KEYS[1], 'termination') == 1 then return 0 end
redis.call('DEL', KEYS[1])
for index = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1])
end
redis.call('SADD', KEYS[2], ARGV[1])
return 1
`,
);

/**
 * KEYS[1] call  hash: field → JSON
 * ARGV[1…] pairs: field, JSON; '' takes the field away
 * Returns 1, or 0 when there is no such call.
 */
export const updateCall = defineScript(
  'update-call',
  `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for index = 1, #ARGV, 2 do
  if ARGV[index + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[index])
  else
    redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1])
  end
end
return 1
`,
);

/**
 * KEYS[1] call        hash: field → JSON
 * KEYS[2] live calls  set of call ids
 * KEYS[3] journal     stream of the tenant
 * ARGV[1] call id
 * ARGV[2] termination, JSON
 * ARGV[3] when it ended, milliseconds since 1970
 * ARGV[4] milliseconds the record is kept
 * ARGV[5] about how many entries the journal keeps
 * Returns 1 for the first writer; 0 when the call has ended already or there is no such call.
 */
export const endCall = defineScript(
  'end-call',
  `
redis.call('SREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('HSETNX', KEYS[1], 'termination', ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'endedAt', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local parts = {}
local record = redis.call('HGETALL', KEYS[1])
for index = 1, #record, 2 do
  parts[#parts + 1] = cjson.encode(record[index]) .. ':' .. record[index + 1]
end
local entry = '{"type":"call.ended","at":' .. ARGV[3] .. ',"call":{' .. table.concat(parts, ',') .. '}}'
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', 'entry', entry)
return 1
`,
);
