/**
 * rate-limiter-flexible talks to Redis through this: the few methods of the redis package that it calls, over the store's
 * connection, so that its commands have the same deadline and its keys the same shape. Its chains become one script each.
 */
import type { Connection } from './connection.ts';
import { defineScript, type Script } from './script.ts';

/**
 * KEYS[1] counter
 * Returns { value or false, milliseconds left }.
 */
const readCounter = defineScript('read-counter', `return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }`);

/**
 * KEYS[1] counter
 * ARGV[1] value
 * ARGV[2] seconds to live, '' for ever
 * Returns { 'OK', milliseconds left }.
 */
const writeCounter = defineScript(
  'write-counter',
  `
local done
if ARGV[2] == '' then done = redis.call('SET', KEYS[1], ARGV[1])
else done = redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
return { 'OK', redis.call('PTTL', KEYS[1]) }
`,
);

export interface LimiterClient {
  eval(lua: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  del(key: string): Promise<number>;
  multi(): LimiterChain;
}

/** Only the two chains the library builds: get + pTTL, and set + pTTL. */
interface LimiterChain {
  get(key: string): LimiterChain;
  set(key: string, value: number | string, options?: { EX?: number }): LimiterChain;
  pTTL(key: string): LimiterChain;
  exec(asPipeline?: boolean): Promise<unknown>;
}

export function createLimiterClient(connection: Connection): LimiterClient {
  const scripts = new Map<string, Script>();
  const scriptOf = (lua: string): Script => {
    const known = scripts.get(lua) ?? defineScript('limiter', lua);
    scripts.set(lua, known);
    return known;
  };
  return {
    eval: (lua, options) => connection.run(scriptOf(lua), [options.keys[0] ?? ''], options.arguments),
    del: async (key) => Number(await connection.send(key, ['DEL', key])),
    multi: () => chain(connection),
  };
}

function chain(connection: Connection): LimiterChain {
  let run = (): Promise<unknown> => Promise.resolve([]);
  const built: LimiterChain = {
    get: (key) => {
      run = () => connection.run(readCounter, [key], []);
      return built;
    },
    set: (key, value, options) => {
      run = () => connection.run(writeCounter, [key], [String(value), String(options?.EX ?? '')]);
      return built;
    },
    pTTL: () => built,
    exec: () => run(),
  };
  return built;
}
