/** The waiting room: who comes in, and by whom. */
import type { Participant } from '../../../store/index.ts';
import { whyMuted } from './audio.ts';
import type { Draft } from './draft.ts';
import type { Rejection, Words } from './inputs.ts';
import { announceArrival } from './news.ts';
import { queue } from './people.ts';
import { startIfAutomatic } from './recording.ts';

/** The door opens; they are told what they come into. */
export function letIn(draft: Draft, row: Participant): void {
  const now = draft.update(draft.bits(row, { clear: ['waiting'] }), {
    state: 'present',
    since: draft.at,
    admitted: true,
  });
  draft.event('participant-admitted', { participantId: row.id, name: row.name });
  draft.tell(now, 'joining-now', ...whatToKnow(draft, now));
  // Whoever has not joined the mix yet is told of when they do.
  if (now.leg?.memberId !== undefined || now.connections.length > 0) announceArrival(draft, now);
  startIfAutomatic(draft);
}

/** What somebody must know who comes late: that all is recorded, and whether they are heard. */
export function whatToKnow(draft: Pick<Draft, 'room'>, row: Participant): readonly Words[] {
  const { recording, mode } = draft.room;
  const recorded = recording.state === 'on' ? ['conference-is-recorded' as const] : [];
  return [...recorded, ...whyMuted(row, mode)];
}

export function admit(draft: Draft, row: Participant): Rejection | null {
  if (row.state !== 'waiting') return 'not-possible';
  letIn(draft, row);
  draft.answer({ meaning: 'people-admitted', count: 1 });
  return null;
}

export function admitNext(draft: Draft): Rejection | null {
  const next = queue(draft.room)[0];
  if (next) return admit(draft, next);
  draft.answer('nobody-waits');
  return 'not-possible';
}

export function admitAll(draft: Draft): Rejection | null {
  const all = queue(draft.room);
  if (all.length === 0) {
    draft.answer('nobody-waits');
    return 'not-possible';
  }
  for (const row of all) letIn(draft, row);
  draft.answer({ meaning: 'people-admitted', count: all.length });
  return null;
}
