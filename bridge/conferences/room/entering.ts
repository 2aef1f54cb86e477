/** Legs and web pages that come: a new row, or the row of somebody who is known already. */
import { MOST_PAGES_OF_ONE } from '../../../config/contract/index.ts';
import type { AudioBit, Participant, RoomDocument } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import type { InputOf, Newcomer, Plan, Rejection, RoomIdentity } from './inputs.ts';
import { announceArrival, announceWaiting } from './news.ts';
import { isIn, isThere, presentHosts } from './people.ts';
import { letGo } from './leaving.ts';
import { startIfAutomatic } from './recording.ts';

/** A room that nobody is in yet; its version is that of "not there". */
export function newRoom(identity: RoomIdentity, { title, policy }: Plan, at: number): RoomDocument {
  return {
    conferenceId: identity.conferenceId,
    tenantId: identity.tenantId,
    title,
    version: 0,
    epoch: 1,
    mediaServer: null,
    startedAt: at,
    policy,
    mode: policy.mode,
    announce: policy.announce,
    locked: false,
    guestsMuted: false,
    awaitsHost: policy.waitingRoom === 'until-host',
    led: false,
    hostGone: null,
    recording: { state: 'off', since: null },
    news: { joined: [], left: [], waiting: false, dueAt: null, quietUntil: 0 },
    farewells: [],
    lastToggle: null,
    participants: [],
  };
}

export function enter(draft: Draft, input: InputOf<'enter'>): { why: Rejection } | { participantId: string } {
  const { room } = draft;
  if (draft.byCall(input.leg.callId)) return { why: 'already-in-room' };
  const known = knownRow(room, input.who);
  const why = refusal(room, input.who, known);
  if (why) return { why };
  // A conference is never split between media servers: the leg has to move first.
  if (room.mediaServer !== null && room.mediaServer !== input.mediaServer) return { why: 'elsewhere' };
  if (room.mediaServer === null) draft.set({ mediaServer: input.mediaServer });
  // Only one leg each: the new one takes the place of the old one, in the same row.
  if (known?.row.leg) letGo(draft, known.row, 'replaced');
  const row = known ? comesBack(draft, known, input.who) : draft.add(newRow(draft, input.who));
  draft.update(row, { leg: { ...input.leg } });
  const { id, name, role } = row;
  draft.event('participant-joining', { participantId: id, name, role, callId: input.leg.callId });
  return { participantId: id };
}

export function joined(draft: Draft, input: InputOf<'joined'>): { why: Rejection } | null {
  const row = draft.byCall(input.callId);
  if (!row?.leg) return { why: 'not-in-room' };
  if (row.leg.memberId === input.memberId) return null;
  draft.put.set(input.memberId, { speak: input.speak, hear: input.hear });
  const now = draft.update(row, { leg: { ...row.leg, memberId: input.memberId, joinedAt: draft.at } });
  draft.event('participant-joined', { participantId: row.id, name: row.name, state: row.state });
  // Whoever was there by web has been told of already.
  arrived(draft, now, row.connections.length === 0);
  return null;
}

export function connect(draft: Draft, input: InputOf<'connect'>): { why: Rejection } | { participantId: string } {
  const { room } = draft;
  const known = knownRow(room, input.who);
  if (known?.row.connections.includes(input.connectionId)) return { participantId: known.row.id };
  const why = refusal(room, input.who, known);
  if (why) return { why };
  if (known && known.row.connections.length >= MOST_PAGES_OF_ONE) return { why: 'too-many-pages' };
  const wasIn = known !== undefined && isIn(known.row);
  const row = known ? comesBack(draft, known, input.who) : draft.add(newRow(draft, input.who));
  const now = draft.update(row, { connections: [...row.connections, input.connectionId] });
  draft.event('participant-connected', { participantId: row.id, name: row.name, role: row.role });
  if (!wasIn) arrived(draft, now, true);
  return { participantId: row.id };
}

/** Now they can be heard, or seen to wait. */
function arrived(draft: Draft, row: Participant, isNews: boolean): void {
  if (row.state === 'waiting') {
    if (isNews && !draft.room.awaitsHost) announceWaiting(draft);
    return;
  }
  if (isNews) announceArrival(draft, row);
  startIfAutomatic(draft);
}

/** Somebody who has a row already, and what tells so. */
interface Known {
  readonly row: Participant;
  readonly by: 'person' | 'line';
}

/**
 * By the row itself or by who they are (a pass, a personal code), else by the line that was lost a moment ago.
 *
 * A line proves nothing: all calls of a carrier come from one address, companies show one number, and any number can be
 * forged. So it leads only somebody without an identity, to a row without one, and only by the code of that row's role: a
 * host whose line drops is the host again by the host code. What it gives back is the row with its name, its place in a
 * full room and whatever muted it; never what the code alone does not give, which is the role, having been admitted, or
 * the way into a locked room. Whoever is known by who they are gets all of it back.
 */
function knownRow({ participants }: RoomDocument, who: Newcomer): Known | undefined {
  const person =
    participants.find(({ id }) => id === who.id) ??
    participants.find(({ identity }) => identity !== undefined && identity === who.identity);
  if (person) return { row: person, by: 'person' };
  if (who.line === '' || who.identity !== undefined) return undefined;
  const lost = participants.find(
    ({ state, line, identity, role }) =>
      state === 'away' && line === who.line && identity === undefined && role === who.role,
  );
  return lost && { row: lost, by: 'line' };
}

/** Hosts come in locked rooms, and the first of them into a full one; places of those who are away are kept. */
function refusal(room: RoomDocument, { role }: Newcomer, known: Known | undefined): Rejection | null {
  if (known && isThere(known.row)) return null;
  if (room.locked && role !== 'host' && known?.by !== 'person') return 'locked';
  const taken = known ? room.participants.filter(isThere) : room.participants;
  const isFirstHost = (role === 'host' || known?.row.role === 'host') && presentHosts(room).length === 0;
  return taken.length >= room.policy.maxParticipants && !isFirstHost ? 'full' : null;
}

function newRow(draft: Draft, who: Newcomer): Participant {
  const { room, at } = draft;
  const { identity, nameSound, ...rest } = who;
  const waits = mustWait(room, who.role, false);
  return {
    ...rest,
    ...(identity === undefined ? {} : { identity }),
    ...(nameSound === undefined ? {} : { nameSound }),
    state: waits ? 'waiting' : 'present',
    since: at,
    connections: [],
    bits: entryBits(room, who.role, waits),
    calledOn: false,
    asksForHelp: false,
    volume: 0,
    joinedAt: at,
    admitted: !waits,
    talking: false,
  };
}

export function mustWait({ policy, awaitsHost }: RoomDocument, role: Participant['role'], admitted: boolean): boolean {
  return role === 'guest' && (awaitsHost || (policy.waitingRoom === 'admit' && !admitted));
}

/** Muted on entry is a bit the participant can take away. */
function entryBits(room: RoomDocument, role: Participant['role'], waits: boolean): readonly AudioBit[] {
  if (role === 'host') return [];
  const bits: AudioBit[] = [];
  if (room.policy.muteOnEntry) bits.push('self');
  if (room.guestsMuted) bits.push('host');
  if (room.mode !== 'conversation') bits.push('mode');
  if (waits) bits.push('waiting');
  return bits;
}

/** Whoever was made a host is one again, if it is them; whatever muted them before still does. */
function comesBack(draft: Draft, { row: known, by }: Known, who: Newcomer): Participant {
  const role = known.role === 'host' || who.role === 'host' ? 'host' : 'guest';
  const more = {
    role,
    language: who.language,
    ...(who.nameSound === undefined ? {} : { nameSound: who.nameSound }),
    // The phone they called from last; a browser has none.
    ...(who.number === '' ? {} : { number: who.number, line: who.line }),
    ...(known.identity === undefined && who.identity !== undefined ? { identity: who.identity } : {}),
  } as const;
  let row = draft.update(known, more);
  if (role === 'host') row = draft.bits(row, { clear: ['host', 'mode', 'hold', 'waiting'] });
  if (isThere(known) && !(role === 'host' && known.state === 'waiting')) return row;
  const admitted = known.admitted && by === 'person';
  const waits = mustWait(draft.room, role, admitted);
  row = draft.bits(row, waits ? { set: ['waiting'] } : { clear: ['waiting'] });
  draft.event('participant-returned', { participantId: row.id, name: row.name, role });
  return draft.update(row, {
    state: waits ? 'waiting' : 'present',
    since: draft.at,
    admitted: admitted || !waits,
  });
}
