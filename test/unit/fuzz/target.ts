import type { Random } from './random.ts';

/** One reader of bytes from outside. */
export interface Target {
  readonly name: string;
  /** Good input, none empty. */
  readonly examples: readonly Buffer[];
  /** Throws when these bytes are treated in a way they must not be. */
  check(bytes: Buffer, random: Random): void;
}

/** Lets only errors of this class through as they are: another one is a finding, and says so. */
export function only<T>(refusal: abstract new (...args: never[]) => Error, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof refusal) throw error;
    throw new Error(`not a ${refusal.name}: ${String(error)}`, { cause: error });
  }
}

export function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = random.below(4) === 0 ? 1 + random.below(3) : 1 + random.below(bytes.length);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

export function examplesOfDrachtio(): Buffer[] {
  const invite = 'INVITE sip:a@127.0.0.1 SIP/2.0\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nv=0\r\n';
  const payloads = [
    'id|authenticate|cymru|',
    'id|route|invite',
    'id|ping',
    `id|sip||call-1;from-tag=2\r\n${invite}`,
    `id|sip|transaction|\r\nSIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n`,
    `id|sip|||sip:192.0.2.1\r\n${invite}`,
  ];
  const frames = payloads.map((payload) => `${payload.length}#${payload}`);
  return [...frames, frames.join('')].map((frame) => Buffer.from(frame));
}
