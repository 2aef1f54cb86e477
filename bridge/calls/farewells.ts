/** Why a room let a caller go, in the words of terminations, and what the caller is told. */
import type { TerminationReason } from '../../config/contract/index.ts';
import type { SpokenReason } from '../../ivr/index.ts';

export interface Farewell {
  readonly reason: TerminationReason;
  /** Other words than those of the reason; null: none. */
  readonly words?: SpokenReason | null;
}

const farewells: Readonly<Record<string, Farewell>> = {
  'removed-unspecified': { reason: 'removed-by-host' },
  'removed-noise': { reason: 'removed-by-host', words: 'removed-noise' },
  'removed-not-invited': { reason: 'removed-by-host', words: 'removed-not-invited' },
  'removed-conduct': { reason: 'removed-by-host', words: 'removed-conduct' },
  'waited-too-long': { reason: 'waited-too-long' },
  left: { reason: 'left-conference' },
  'left-without-ending': { reason: 'left-conference', words: 'left-without-ending' },
  // The other line of the same person goes on: there is nothing to say goodbye to.
  replaced: { reason: 'moved-elsewhere', words: null },
  'ended-by-host': { reason: 'conference-ended', words: 'ended-by-host' },
  'host-gone': { reason: 'conference-ended' },
  'everybody-left': { reason: 'conference-ended' },
  lost: { reason: 'media-server-lost' },
};

/** @param why as the room's document says, or the reason of its end */
export function farewellOf(why: string): Farewell {
  return farewells[why] ?? { reason: 'removed-by-host' };
}

const HUNG_UP: ReadonlySet<TerminationReason> = new Set([
  'caller-hung-up',
  'caller-cancelled',
  'max-duration',
  'left-conference',
]);

/** Whether the caller may want to come back: the row is kept for them for a while. */
export function howLeft(reason: TerminationReason): 'hung-up' | 'lost' {
  return HUNG_UP.has(reason) ? 'hung-up' : 'lost';
}
