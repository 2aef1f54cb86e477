/** What is going on now, and what went on. */
import {
  callList,
  journalPage,
  journalQuery,
  roomView,
  type CallView,
  type ParticipantView,
  type RoomView,
} from '../../../config/contract/index.ts';
import type { CallRecord, Conference, Participant, RoomDocument, Store } from '../../../store/index.ts';
import { operation, type Operation } from '../operation.ts';
import { findConference } from './conferences.ts';

const SHOWN_DIGITS = 3;
const SHORT_NUMBER_DIGITS = 6;

export function liveOperations(store: Store): Operation[] {
  const room = operation({
    method: 'get',
    path: '/rooms/:conferenceId',
    summary: 'Who is in a conference now',
    access: ['admin', 'moderator', 'presenter'],
    answers: { status: 200, schema: roomView, description: 'The roster; `live` is false when nobody is in.' },
    handle: async ({ person, params }) => {
      const conference = await findConference(store, person, params['conferenceId']);
      return toRoomView(conference, await store.rooms.read(person.tenantId, conference.id));
    },
  });

  const calls = operation({
    method: 'get',
    path: '/calls',
    summary: 'All calls that are up now',
    access: ['admin'],
    answers: { status: 200, schema: callList, description: 'The calls, oldest first.' },
    handle: async ({ person }) => {
      const live = await store.calls.live(person.tenantId);
      return { calls: live.map(toCallView).sort((one, other) => one.startedAt - other.startedAt) };
    },
  });

  const journal = operation({
    method: 'get',
    path: '/journal',
    summary: 'What happened, newest first',
    access: ['admin'],
    query: journalQuery,
    answers: { status: 200, schema: journalPage, description: 'One page of the journal.' },
    handle: async ({ person, query }) => {
      const { count, before } = query;
      const entries = await store.journal.read(person.tenantId, { count, ...(before === undefined ? {} : { before }) });
      return { entries, next: entries.length < count ? null : (entries.at(-1)?.id ?? null) };
    },
  });

  return [room, calls, journal];
}

function toRoomView({ id, title, policy }: Conference, room: RoomDocument | null): RoomView {
  return {
    conferenceId: id,
    title,
    live: room !== null,
    version: room?.version ?? 0,
    mode: policy.mode,
    locked: room?.locked ?? false,
    announce: policy.announce,
    recording: { state: 'off', since: null },
    waitingForHost: false,
    hostGone: null,
    startedAt: room?.startedAt ?? null,
    participants: room?.participants.map(toParticipantView) ?? [],
  };
}

function toParticipantView(participant: Participant): ParticipantView {
  const { id, role, bits, joinedAt, talking } = participant;
  const number = maskNumber(participant.number);
  // A phone that tells no name is often called by its number.
  const name = digitsOf(participant.name) === digitsOf(participant.number) ? number : participant.name;
  return {
    id,
    name,
    number,
    role,
    state: 'present',
    audio: 'phone',
    web: false,
    muted: bits.length > 0,
    mutedBy: [...bits],
    canUnmute: bits.every((bit) => bit === 'self'),
    talking,
    handPosition: null,
    waitingPosition: null,
    asksForHelp: false,
    volume: 0,
    joinedAt,
  };
}

const digitsOf = (text: string) => text.replace(/\D/g, '');

/** Enough to recognise a number one knows, not enough to dial one that one does not: `•••••123`. */
export function maskNumber(number: string): string {
  const digits = digitsOf(number);
  if (digits === '') return '';
  const shown = digits.length <= SHORT_NUMBER_DIGITS ? Math.min(2, digits.length - 1) : SHOWN_DIGITS;
  return '•'.repeat(digits.length - shown) + digits.slice(digits.length - shown);
}

function toCallView(call: CallRecord): CallView {
  const { id, direction, from, to, sourceAddress, startedAt, node } = call;
  const answeredAt = call.answeredAt ?? null;
  return {
    id,
    direction,
    from,
    to,
    sourceAddress,
    startedAt,
    node,
    answeredAt,
    conferenceId: call.conferenceId ?? null,
  };
}
