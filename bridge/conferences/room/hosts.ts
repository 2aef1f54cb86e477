/** Who leads: hosts who come, go, are made and hand over; and what becomes of a room without one. */
import type { ConferencePolicy, Participant } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import { withoutTurn } from './hands.ts';
import type { Rejection } from './inputs.ts';
import { isIn, presentGuests, presentHosts, presentPeople, queue } from './people.ts';
import { letIn } from './waiting.ts';

/** A page that is loaded anew must not end a conference. */
const LEAST_WEB_GRACE_MS = 15_000;

/** Whatever brought a host in, the first or one who is back: those who waited for one come in. Idempotent. */
export function welcomeHost(draft: Draft): void {
  const { hostGone, awaitsHost, led, policy } = draft.room;
  const host = presentHosts(draft.room).find(isIn);
  if (!host || (led && !hostGone && !awaitsHost)) return;
  const wasMissed = hostGone !== null || (awaitsHost && queue(draft.room).some(({ admitted }) => admitted));
  draft.set({ hostGone: null, awaitsHost: false, led: true });
  if (wasMissed) {
    draft.event('host-returned', { participantId: host.id });
    draft.announce('room', 'host-is-back');
  }
  if (!awaitsHost) return;
  for (const row of queue(draft.room)) if (row.admitted || policy.waitingRoom !== 'admit') letIn(draft, row);
}

/** The last host has gone. @param byWeb a page was closed, which may be loaded anew */
export function hostLeft(draft: Draft, byWeb: boolean): void {
  const { policy, hostGone } = draft.room;
  if (hostGone) return;
  if (draft.people.every(({ state }) => state === 'away')) return;
  const grace = Math.max(policy.hostGoneGraceSeconds * 1_000, byWeb ? LEAST_WEB_GRACE_MS : 0);
  draft.set({ hostGone: { until: draft.at + grace, then: policy.hostGone } });
  draft.event('host-gone', { until: draft.at + grace, then: policy.hostGone });
  if (grace === 0) hostStaysAway(draft);
}

/** The time of grace is over. A host who is just coming in is waited for. */
export function hostStaysAway(draft: Draft): void {
  const { hostGone } = draft.room;
  if (!hostGone || presentHosts(draft.room).length > 0) return;
  draft.set({ hostGone: null });
  const heir = nextHost(draft);
  const then: ConferencePolicy['hostGone'] = hostGone.then === 'hand-over' && !heir ? 'wait' : hostGone.then;
  draft.event('host-policy', { then });
  switch (then) {
    case 'continue':
      goOnWithoutHost(draft);
      return;
    case 'wait':
      waitForHost(draft);
      return;
    case 'hand-over':
      if (!heir) return;
      draft.announce('room', 'host-left-hand-over', 'new-host');
      promote(draft, heir);
      return;
    case 'end':
      draft.end = 'host-gone';
  }
}

/** Nobody is left who could unmute anybody: what hosts have done is everybody's own now, and nobody is heard by surprise. */
export function goOnWithoutHost(draft: Draft): void {
  draft.announce('room', 'host-left-continues');
  draft.set({ mode: 'conversation', guestsMuted: false, awaitsHost: false, hostGone: null, led: false });
  for (const row of draft.people) {
    if (row.role === 'host') continue;
    const silenced = row.bits.includes('host') || row.bits.includes('mode');
    const now = draft.bits(row, {
      clear: ['host', 'mode', 'hold'],
      set: silenced && !row.bits.includes('self') ? ['self'] : [],
    });
    if (row.calledOn || row.hand !== undefined) draft.update(now, { calledOn: false }, ['hand']);
    if (row.state === 'present' && row.bits.includes('hold')) draft.tell(row, 'off-hold');
    if (row.state === 'present' && silenced)
      draft.tell(row, 'host-left-continues', 'you-are-muted', { keysFor: 'unmute' });
  }
  // Whoever waited for a host only need not wait any longer; nobody can admit the others, who are let go in their time.
  for (const row of queue(draft.room)) {
    if (row.admitted || draft.room.policy.waitingRoom !== 'admit') letIn(draft, row);
  }
}

/** Back to music, all of them, until a host is there. */
function waitForHost(draft: Draft): void {
  draft.set({ awaitsHost: true });
  for (const row of presentGuests(draft.room)) {
    const now = draft.bits(withoutTurn(draft, row), { set: ['waiting'] });
    draft.update(now, { state: 'waiting', since: draft.at, asksForHelp: false }, ['hand']);
    draft.tell(row, 'host-left-wait');
  }
}

/** Whoever has been there longest and can lead by phone or web. */
function nextHost(draft: Draft): Participant | undefined {
  return [...presentPeople(draft.room)].sort((one, other) => one.joinedAt - other.joinedAt)[0];
}

export function makeHost(draft: Draft, target: Participant): Rejection | null {
  if (target.state !== 'present') return 'not-possible';
  if (target.role === 'host') return null;
  promote(draft, target);
  return null;
}

/** @param giver null for somebody who is not in the room: then hosts only grow */
export function handOver(draft: Draft, giver: Participant | null, target: Participant): Rejection | null {
  if (target.state !== 'present' || target.id === giver?.id) return 'not-possible';
  if (target.role !== 'host') promote(draft, target);
  if (giver) demote(draft, giver);
  draft.announce('room', 'new-host');
  return null;
}

function promote(draft: Draft, row: Participant): void {
  const now = draft.bits(withoutTurn(draft, row), { clear: ['host', 'mode', 'hold'] });
  draft.update(now, { role: 'host', asksForHelp: false }, ['hand']);
  draft.set({ hostGone: null, awaitsHost: false, led: true });
  draft.event('host-made', { participantId: row.id, name: row.name });
  draft.tell(row, 'you-are-host-now', { keysFor: 'help' });
}

function demote(draft: Draft, row: Participant): void {
  const { mode, guestsMuted } = draft.room;
  const now = draft.update(row, { role: 'guest' });
  draft.bits(now, {
    set: [...(mode === 'conversation' ? [] : (['mode'] as const)), ...(guestsMuted ? (['host'] as const) : [])],
  });
  draft.event('host-unmade', { participantId: row.id, name: row.name });
  draft.tell(row, 'you-are-guest-now');
}
