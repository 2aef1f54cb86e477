/** A Lua script Redis runs as one step. Cluster-safe by rule: it touches only the keys it is given, all of one hash tag. */
import { createHash } from 'node:crypto';

export interface Script {
  readonly name: string;
  readonly lua: string;
  /** What EVALSHA is asked for. */
  readonly sha1: string;
}

export function defineScript(name: string, lua: string): Script {
  const text = lua.trim();
  return { name, lua: text, sha1: createHash('sha1').update(text, 'utf8').digest('hex') };
}
