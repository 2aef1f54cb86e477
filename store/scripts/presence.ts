import { defineScript } from '../script.ts';

/**
 * KEYS[1] pages of a process  set: numbers of its connections, and 0, which keeps the set there
 * ARGV[1] milliseconds it is kept
 * ARGV[2] 'all' or 'more': whether the numbers are all there are
 * ARGV[3…] numbers
 */
export const showPages = defineScript(
  'show-pages',
  `
if ARGV[2] == 'all' then redis.call('DEL', KEYS[1]) end
redis.call('SADD', KEYS[1], '0')
for first = 3, #ARGV, 1000 do
  redis.call('SADD', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
`,
);
