/** What hosts do to others and to the room: muting, modes, hold, lock, names; and the call for their help. */
import type { PolicyAnnounce, PolicyMode } from '../../../config/contract/index.ts';
import type { Participant } from '../../../store/index.ts';
import { canUnmute } from './audio.ts';
import type { Draft } from './draft.ts';
import { callHosts, callHostsNow, giveTurn, withoutTurn } from './hands.ts';
import type { Rejection, Words } from './inputs.ts';
import { presentGuests, presentHosts } from './people.ts';

export function mute(draft: Draft, target: Participant): Rejection | null {
  if (target.state === 'away') return 'not-possible';
  const now = draft.bits(withoutTurn(draft, target), { set: ['host'] });
  if (target.bits.includes('host')) return null;
  draft.event('muted', { participantId: target.id, by: 'host', bits: now.bits });
  const way = { keysFor: canUnmute(now) ? 'unmute' : 'toggle-hand' } as const;
  if (target.state === 'present') draft.tell(target, 'muted-by-host', way);
  return null;
}

/** A host gives back what hosts and modes have taken; what people have muted themselves stays theirs to undo. */
export function unmute(draft: Draft, target: Participant): Rejection | null {
  if (target.state === 'away') return 'not-possible';
  const now = target.state === 'present' ? giveTurn(draft, target) : draft.bits(target, { clear: ['host'] });
  if (now.bits.length !== target.bits.length) {
    draft.event('unmuted', { participantId: target.id, by: 'host', bits: now.bits });
  }
  if (target.state !== 'present' || now.bits.includes('hold')) return null;
  if (now.bits.includes('self')) draft.tell(target, 'host-asks-to-unmute', { keysFor: 'unmute' });
  else if (now.bits.length !== target.bits.length) draft.tell(target, 'unmuted-by-host');
  return null;
}

/** All guests, also those who come later. */
export function muteAll(draft: Draft): void {
  draft.set({ guestsMuted: true });
  for (const row of draft.people) {
    if (row.role === 'guest') draft.bits(withoutTurn(draft, row), { set: ['host'] });
  }
  draft.event('everybody-muted');
  draft.announce('room', 'everybody-muted');
}

/** What people have muted themselves stays muted, and so does what the mode mutes. */
export function unmuteAll(draft: Draft): void {
  draft.set({ guestsMuted: false });
  for (const row of draft.people) draft.bits(row, { clear: ['host'] });
  draft.event('everybody-unmuted');
  const { mode } = draft.room;
  if (mode !== 'conversation') {
    draft.answer(mode === 'qa' ? 'mode-is-qa' : 'mode-is-presentation');
    return;
  }
  draft.announce('room', 'everybody-unmuted');
  for (const row of presentGuests(draft.room)) {
    if (row.bits.includes('self')) draft.tell(row, 'host-asks-to-unmute', { keysFor: 'unmute' });
  }
}

const modeWords: Readonly<Record<PolicyMode, Words>> = {
  conversation: 'mode-conversation-now',
  qa: 'mode-qa-now',
  presentation: 'mode-presentation-now',
};

/** Every turn is over with the mode it was given in. */
export function setMode(draft: Draft, mode: PolicyMode): void {
  if (draft.room.mode === mode) return;
  draft.set({ mode });
  for (const row of draft.people) {
    const now = row.calledOn ? draft.update(row, { calledOn: false }) : row;
    const muted = mode !== 'conversation' && row.role === 'guest';
    draft.bits(now, muted ? { set: ['mode'] } : { clear: ['mode'] });
  }
  draft.event('mode-changed', { mode });
  draft.announce('room', modeWords[mode]);
}

export const NEXT_MODE: Readonly<Record<PolicyMode, PolicyMode>> = {
  conversation: 'qa',
  qa: 'presentation',
  presentation: 'conversation',
};

export function setLock(draft: Draft, locked: boolean): void {
  if (draft.room.locked === locked) return;
  draft.set({ locked });
  draft.event(locked ? 'locked' : 'unlocked');
  draft.announce('room', locked ? 'locked-now' : 'unlocked-now');
}

/** A held host could not help anybody, nor themselves. */
export function hold(draft: Draft, target: Participant): Rejection | null {
  if (target.role === 'host' || target.state !== 'present') return 'not-possible';
  if (target.bits.includes('hold')) return null;
  draft.bits(withoutTurn(draft, target), { set: ['hold'] });
  draft.event('held', { participantId: target.id });
  draft.tell(target, 'on-hold');
  return null;
}

export function resume(draft: Draft, target: Participant): Rejection | null {
  if (!target.bits.includes('hold')) return 'not-possible';
  draft.bits(target, { clear: ['hold'] });
  draft.event('resumed', { participantId: target.id });
  draft.tell(target, 'off-hold');
  return null;
}

export function rename(draft: Draft, target: Participant, name: string): void {
  if (target.name === name) return;
  draft.update(target, { name });
  draft.event('renamed', { participantId: target.id, name });
}

export function setAnnouncements(draft: Draft, announce: PolicyAnnounce): void {
  if (draft.room.announce !== announce) {
    draft.set({ announce });
    draft.event('announcements-changed', { announce });
  }
  draft.answer(`announcements-${announce}`);
}

/** Hosts hear who needs them, again only after a while; whoever asks hears whether there is one. */
export function askForHelp(draft: Draft, me: Participant): void {
  const now = me.asksForHelp ? me : draft.update(me, { asksForHelp: true });
  if (!me.asksForHelp) {
    draft.event('help-asked-for', { participantId: me.id });
  }
  if (!presentHosts(draft.room).some(({ id }) => id !== me.id)) {
    draft.tell(me, 'no-host-here');
    return;
  }
  const who: Words[] =
    me.nameSound === undefined ? ['somebody-needs-help'] : [{ meaning: 'recorded', file: me.nameSound }, 'needs-help'];
  // What has not been asked yet is not kept back because of a hand raised just before; only hosts make it new again.
  if (me.asksForHelp) callHosts(draft, now, ...who);
  else callHostsNow(draft, now, ...who);
  draft.tell(me, 'help-is-asked-for');
}
