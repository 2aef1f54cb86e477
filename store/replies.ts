/** Narrows what Redis answers. A reply of the wrong form is a fault of ours or a key of another type: CorruptValue. */
import { CorruptValue } from './errors.ts';

export function asText(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  throw new CorruptValue('reply', 'is not text');
}

export function asOptionalText(reply: unknown): string | null {
  return reply === null || reply === undefined ? null : asText(reply);
}

export function asInteger(reply: unknown): number {
  if (typeof reply === 'number' && Number.isSafeInteger(reply)) return reply;
  throw new CorruptValue('reply', 'is not a whole number');
}

export function asList(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new CorruptValue('reply', 'is not a list');
}

export function asTexts(reply: unknown): readonly string[] {
  return asList(reply).map(asText);
}

/** A flat list of names and values, as HGETALL and stream entries are in RESP 2. */
export function asPairs(reply: unknown): ReadonlyMap<string, string> {
  const flat = asTexts(reply);
  const pairs = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.set(flat[index]!, flat[index + 1]!);
  return pairs;
}
