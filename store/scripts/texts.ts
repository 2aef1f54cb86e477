import { defineScript } from '../script.ts';

/**
 * KEYS[1] string
 * ARGV[1] what was read
 * ARGV[2] what is to be written
 * Returns 1, or 0 when it changed in between.
 */
export const replaceText = defineScript(
  'replace-text',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`,
);
