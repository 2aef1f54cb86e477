import { defineScript } from '../script.ts';

/**
 * Looks a code up and counts it, in one step: of a hundred entries at the same moment each sees what the one before it
 * has left, so that good ones never count against each other, and wrong ones never slip through together.
 *
 * KEYS[1] codes          hash: fingerprint → `guest conferenceId`, `host conferenceId`, `personal conferenceId inviteeId`
 *                        or `decoy decoyId`
 * KEYS[2] conferences    hash: conference id → JSON
 * KEYS[3] invitees       hash: invitee id → JSON
 * KEYS[4] known callers  sorted set: fingerprint of a caller → when they last got in
 * KEYS[5] journal        stream of the tenant
 * KEYS[6] decoy hits     hash: decoy id → how often it was keyed
 * KEYS[7] own count      string: wrong entries of this caller in the window
 * KEYS[8] own wait       string: there while this caller has to wait
 * KEYS[9] own strikes    string: how often this caller used up the tries
 * KEYS[10] door          string: there while newcomers have to wait
 * KEYS[11…] shared       strings: wrong entries of all who share a trunk, or the company, in the window
 * ARGV[1] fingerprint of the code
 * ARGV[2] id of the conference of which only a personal code will do, '' for any code
 * ARGV[3] fingerprint of the caller, '' for somebody who cannot be known again
 * ARGV[4] now, milliseconds since 1970
 * ARGV[5] callers who last got in before this are forgotten
 * ARGV[6] how many known callers are kept at most
 * ARGV[7] what using up one's own tries means: 'lock': nothing is looked at until the wait is over, then the tries begin
 *         anew; 'lane': each wrong entry is followed by a wait, until the window is over; 'none'
 * ARGV[8] own tries
 * ARGV[9] own window, milliseconds
 * ARGV[10] first wait, milliseconds
 * ARGV[11] longest wait, milliseconds
 * ARGV[12] how long strikes are remembered, milliseconds
 * ARGV[13] how long a newcomer's wrong entry keeps the door shut, milliseconds
 * ARGV[14] how many wrong entries a decoy counts for where counters are shared
 * ARGV[15] journal entry, JSON without its last brace
 * ARGV[16] about how many entries the journal keeps
 * ARGV[17…] for each shared counter: tries, window (milliseconds), and letters: n, narrows the door once it is used up;
 *         a, raises the alarm
 * Returns { outcome, milliseconds to wait, kind, conference JSON, invitee JSON, '1' when an attack is told of now }.
 * Outcomes: limited, found, unknown, closed, elsewhere (a code, but not the one asked for), decoy.
 */
export const lookUpCode = defineScript(
  'look-up-code',
  `
local function used(key) return tonumber(redis.call('GET', key) or '0') end
local function rule(index)
  local first = 3 * index - 16
  return tonumber(ARGV[first]), ARGV[first + 1], ARGV[first + 2]
end
local function count(key, weight, window)
  local after = redis.call('INCRBY', key, weight)
  if after == weight then redis.call('PEXPIRE', key, window) end
  return after
end
local function waitAfter(strikes)
  return math.min(tonumber(ARGV[10]) * 2 ^ math.min(math.max(strikes - 1, 0), 30), tonumber(ARGV[11]))
end
local function journal(rest)
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[16], '*', 'entry', ARGV[15] .. rest .. '}')
end

local kind, conferenceId, inviteeId = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(%a+) (%S+) ?(%S*)$')
local conference = redis.call('HGET', KEYS[2], conferenceId or '') or ''
local invitee = redis.call('HGET', KEYS[3], inviteeId or '') or ''
local lastSeen = redis.call('ZSCORE', KEYS[4], ARGV[3])

local narrowed = false
for index = 11, #KEYS do
  local tries, _, does = rule(index)
  if string.find(does, 'n') and used(KEYS[index]) >= tries then narrowed = true end
end
if lastSeen and tonumber(lastSeen) > tonumber(ARGV[5]) then narrowed = false end
local wait = redis.call('PTTL', KEYS[8])
if narrowed then wait = math.max(wait, redis.call('PTTL', KEYS[10])) end
if wait > 0 then return { 'limited', wait, '', '', '', '' } end

local outcome = 'unknown'
if kind == 'decoy' then
  outcome = 'decoy'
elseif kind then
  local read, decoded = pcall(cjson.decode, conference)
  if not read then return redis.error_reply('CORRUPT conference') end
  if ARGV[2] ~= '' and (kind ~= 'personal' or conferenceId ~= ARGV[2]) then outcome = 'elsewhere'
  elseif decoded.state == 'open' then outcome = 'found'
  else outcome = 'closed' end
end

if outcome == 'found' then
  if ARGV[3] ~= '' then
    redis.call('ZADD', KEYS[4], ARGV[4], ARGV[3])
    redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', '(' .. ARGV[5])
    redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -(tonumber(ARGV[6]) + 1))
  end
  return { outcome, 0, kind, conference, invitee, '' }
end

local decoy = outcome == 'decoy'
if decoy then redis.call('HINCRBY', KEYS[6], conferenceId, 1) end
local attack, lastTry = false, false
for index = 11, #KEYS do
  local tries, window, does = rule(index)
  local before = used(KEYS[index])
  local after = count(KEYS[index], decoy and tonumber(ARGV[14]) or 1, window)
  if string.find(does, 'a') and before < tries and after >= tries then attack = true end
end
if narrowed then redis.call('SET', KEYS[10], '1', 'PX', ARGV[13]) end
if ARGV[7] ~= 'none' then
  local tries = tonumber(ARGV[8])
  local before = used(KEYS[7])
  local after = count(KEYS[7], decoy and tries or 1, ARGV[9])
  lastTry = before < tries and after >= tries
  if lastTry then
    redis.call('INCR', KEYS[9])
    redis.call('PEXPIRE', KEYS[9], ARGV[12])
  end
  if after >= tries then
    local strikes = tonumber(redis.call('GET', KEYS[9]) or '1')
    redis.call('SET', KEYS[8], '1', 'PX', decoy and ARGV[11] or waitAfter(strikes))
    if ARGV[7] == 'lock' then redis.call('DEL', KEYS[7]) end
  end
end
local seen = string.format('"outcome":"%s","lastTry":%s', outcome, tostring(lastTry))
if decoy then journal(',"type":"code.decoy","decoyId":"' .. conferenceId .. '",' .. seen)
else journal(',"type":"code.refused",' .. seen) end
if attack then journal(',"type":"code.attack"') end
return { outcome, 0, '', '', '', attack and '1' or '' }
`,
);
