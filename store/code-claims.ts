/** Claiming codes in a tenant's number space: drawn at random, tried until all of them are free, told to Redis as fingerprints. */
import { PartylineError } from '../config/contract/index.ts';
import { footprint, MOST_CODE_DIGITS } from './code-space.ts';
import type { StoreContext } from './context.ts';

/** With a million codes of nine digits in use one draw in a hundred collides; twenty in a row means the space is full. */
const MOST_DRAWS = 20;

/** How new codes are made. */
export interface CodeOptions {
  /** Of guest and host codes. */
  readonly codeDigits: number;
  /** A random integer from 0 to below `limit`; tests make it less random. */
  readonly draw?: (limit: number) => number;
}

/**
 * There may be ten times as many invitees as conferences: with one digit more, guessing them is no easier than guessing
 * the others.
 */
export function personalDigits(codeDigits: number): number {
  return Math.min(codeDigits + 1, MOST_CODE_DIGITS);
}

export interface Claim {
  /** What the code leads to, as it is kept: `guest conferenceId`. */
  readonly value: string;
  readonly digits: string;
}

/** How a code is found. */
export function codeFingerprint({ secrets }: StoreContext, tenantId: string, digits: string): string {
  return secrets.fingerprint('access-code', `${tenantId}:${digits}`);
}

/** What `claimCodes` of the scripts reads: the number of codes, then each with what it must keep away from. */
export function claimArguments(context: StoreContext, tenantId: string, claims: readonly Claim[]): string[] {
  const guard = (pattern: string) => context.secrets.fingerprint('code-guard', `${tenantId}:${pattern}`);
  const found = (digits: string) => codeFingerprint(context, tenantId, digits);
  const list = (items: readonly string[]) => [String(items.length), ...items];
  const each = claims.flatMap(({ value, digits }) => {
    const { shorter, avoids, sets } = footprint(digits);
    return [value, found(digits), ...[shorter.map(found), avoids.map(guard), sets.map(guard)].flatMap(list)];
  });
  return [String(claims.length), ...each];
}

/**
 * @param attempt resolves with null when the codes collide with some in use
 * @throws PartylineError internal/unexpected when the space is full
 */
export async function drawUntilFree<Drawn, Result>(
  draw: () => Drawn,
  attempt: (drawn: Drawn) => Promise<Result | null>,
): Promise<Result> {
  for (let draws = 0; draws < MOST_DRAWS; draws += 1) {
    const result = await attempt(draw());
    if (result !== null) return result;
  }
  throw new PartylineError('internal/unexpected', { detail: 'No free access code was found.' });
}
