/** Hands, in the order in which they went up, and whose turn it is to speak. */
import type { Participant } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import type { Rejection, Words } from './inputs.ts';
import { handsUp } from './people.ts';

/** One person is heard by hosts no more often than that, and hands of all of them no more often than a tone lasts. */
const CALL_GAP_MS = 15_000;
const TONE_GAP_MS = 600;

/** Hosts hear that somebody wants something of them, unless they have heard it just now. @returns the row as it is then */
export function callHosts(draft: Draft, row: Participant, ...words: Words[]): Participant {
  if (draft.at < (row.calledHostsAt ?? -Infinity) + CALL_GAP_MS) return row;
  return callHostsNow(draft, row, ...words);
}

export function callHostsNow(draft: Draft, row: Participant, ...words: Words[]): Participant {
  draft.announce('hosts', ...words);
  return draft.update(row, { calledHostsAt: draft.at });
}

export function raiseHand(draft: Draft, row: Participant): void {
  const last = Math.max(0, ...draft.people.map(({ hand }) => hand ?? 0));
  if (row.hand === undefined) {
    // Two at the same instant still have an order.
    const now = draft.update(row, { hand: Math.max(draft.at, last + 1) });
    draft.event('hand-raised', { participantId: row.id });
    const isHeard = draft.people.some(({ calledHostsAt = -Infinity }) => draft.at < calledHostsAt + TONE_GAP_MS);
    if (!isHeard) callHosts(draft, now, 'hand-tone');
  }
  const position = handsUp(draft.room).findIndex(({ id }) => id === row.id) + 1;
  draft.answer('hand-raised', { meaning: 'hand-place', position });
}

/** By themselves, or by a host; whose turn it was has had it. */
export function lowerHand(draft: Draft, row: Participant, by: 'self' | 'host'): void {
  if (row.hand === undefined && !row.calledOn) {
    if (by === 'self') draft.answer('hand-lowered');
    return;
  }
  const hadTurn = row.calledOn;
  draft.update(withoutTurn(draft, row), {}, ['hand']);
  draft.event('hand-lowered', { participantId: row.id, by });
  const words: Words = hadTurn && draft.room.mode !== 'conversation' ? 'your-turn-is-over' : 'hand-lowered';
  if (by === 'self') draft.answer(words);
  else draft.tell(row, words);
}

/** Whoever is called on can be heard, unless they muted themselves; one at a time. */
export function callOn(draft: Draft, row: Participant): Rejection | null {
  if (row.hand === undefined || row.state !== 'present' || draft.room.mode === 'presentation') return 'not-possible';
  endTurns(draft);
  draft.update(row, {}, ['hand']);
  giveTurn(draft, row);
  draft.event('called-on', { participantId: row.id });
  draft.tell(row, 'you-are-called-on', ...(row.bits.includes('self') ? [{ keysFor: 'unmute' } as const] : []));
  return null;
}

export function callOnNext(draft: Draft): Rejection | null {
  const next = handsUp(draft.room).find(({ state }) => state === 'present');
  if (!next) {
    draft.answer('nobody-has-hand-up');
    return 'not-possible';
  }
  return callOn(draft, next);
}

/** Neither mode nor hosts mute them while it is their turn. */
export function giveTurn(draft: Draft, row: Participant): Participant {
  const now = draft.bits(row, { clear: ['mode', 'host'] });
  return draft.update(now, { calledOn: row.role === 'guest' && draft.room.mode !== 'conversation' });
}

export function endTurns(draft: Draft): void {
  for (const row of draft.people) {
    if (!row.calledOn) continue;
    withoutTurn(draft, row);
    draft.tell(row, 'your-turn-is-over');
  }
}

/** @returns the row, muted again where the mode says so */
export function withoutTurn(draft: Draft, row: Participant): Participant {
  if (!row.calledOn) return draft.find(row.id) ?? row;
  const muted = row.role === 'guest' && draft.room.mode !== 'conversation';
  const now = draft.update(row, { calledOn: false });
  return muted ? draft.bits(now, { set: ['mode'] }) : now;
}
