/**
 * The space of access codes: random digits, and what two codes of one tenant must never be to each other. A code is
 * compared with all others through fingerprints, so that nobody who reads Redis learns a digit.
 *
 * - Never equal, never one the beginning of the other: a caller who has keyed a code is understood at once.
 * - Never one digit apart: whoever mistypes one digit reaches nobody else's meeting.
 */
import { randomInt } from 'node:crypto';

export const LEAST_CODE_DIGITS = 8;
export const MOST_CODE_DIGITS = 12;
const LEAST_DISTANCE = 2;
const LEAST_DIFFERENT_DIGITS = 3;

/** @param draw an unbiased random integer from 0 to below `limit` (node:crypto's randomInt rejects, it does not fold) */
export function randomCode(digits: number, draw: (limit: number) => number = randomInt): string {
  for (;;) {
    const code = Array.from({ length: digits }, () => draw(10)).join('');
    if (!isObvious(code)) return code;
  }
}

/** A host and a guest code that keep their distance from each other. */
export function randomPair(digits: number, draw?: (limit: number) => number): { guest: string; host: string } {
  const guest = randomCode(digits, draw);
  for (;;) {
    const host = randomCode(digits, draw);
    if (distance(guest, host) >= LEAST_DISTANCE) return { guest, host };
  }
}

/** What people try first: 000000000, 121212121, 123456789, 987654321. */
export function isObvious(code: string): boolean {
  if (new Set(code).size < LEAST_DIFFERENT_DIGITS) return true;
  const steps = new Set(
    Array.from(code)
      .slice(1)
      .map((digit, index) => (Number(digit) - Number(code[index]) + 10) % 10),
  );
  return steps.size === 1;
}

/** In how many places two codes differ (Hamming); codes of different length are never a slip of one key apart. */
export function distance(one: string, other: string): number {
  if (one.length !== other.length) return Math.max(one.length, other.length);
  return Array.from(one).filter((digit, index) => digit !== other[index]).length;
}

/** What has to be looked up to know whether a code is free, and what must be kept so that later codes keep away from it. */
export interface CodeFootprint {
  /** Codes it must not begin with. */
  readonly shorter: readonly string[];
  /** Patterns that must not be set already. */
  readonly avoids: readonly string[];
  /** Patterns to be set. */
  readonly sets: readonly string[];
}

/**
 * Two codes of one length are one digit apart exactly when they share a pattern with that digit left out; a code is the
 * beginning of a longer one exactly when the longer one has set it as its beginning.
 */
export function footprint(code: string): CodeFootprint {
  const beginnings: string[] = [];
  for (let length = LEAST_CODE_DIGITS; length < code.length; length += 1) beginnings.push(code.slice(0, length));
  const gaps = Array.from(code, (_, index) => `gap:${code.slice(0, index)}_${code.slice(index + 1)}`);
  return {
    shorter: beginnings,
    avoids: [`beginning:${code}`, ...gaps],
    sets: [...beginnings.map((beginning) => `beginning:${beginning}`), ...gaps],
  };
}
