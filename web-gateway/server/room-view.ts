/** What people see of a live room: from the store's document to the contract's view. Pure. */
import type { ParticipantView, RoomView } from '../../config/contract/index.ts';
import type { Conference, Participant, RoomDocument } from '../../store/index.ts';

const SHOWN_DIGITS = 3;
const SHORT_NUMBER_DIGITS = 6;

/** @param conference as it is planned: what is shown of a room that is not live */
export function toRoomView(
  { id, title, policy }: Pick<Conference, 'id' | 'title' | 'policy'>,
  room: RoomDocument | null,
): RoomView {
  if (room === null) return { conferenceId: id, title, ...NOT_LIVE, mode: policy.mode, announce: policy.announce };
  const { version, mode, locked, announce, awaitsHost, hostGone, startedAt, participants } = room;
  const hands = positions(participants, ({ hand }) => hand);
  const waiting = positions(participants, ({ state, since }) => (state === 'waiting' ? since : undefined));
  return {
    conferenceId: id,
    title,
    live: true,
    version,
    mode,
    locked,
    announce,
    recording: recordingView(room),
    waitingForHost: awaitsHost,
    hostGone: hostGone && { until: hostGone.until, then: hostGone.then },
    startedAt,
    participants: participants.map((participant) =>
      participantView(participant, hands.get(participant.id) ?? null, waiting.get(participant.id) ?? null),
    ),
  };
}

const NOT_LIVE = {
  live: false,
  version: 0,
  locked: false,
  recording: { state: 'off', since: null },
  waitingForHost: false,
  hostGone: null,
  startedAt: null,
  participants: [],
} satisfies Partial<RoomView>;

/** What the media server has not confirmed is shown as it was: nobody is told of a recording that may not run. */
function recordingView({ recording: { state, since } }: RoomDocument): RoomView['recording'] {
  if (state === 'paused') return { state, since };
  return { state: state === 'on' || state === 'stopping' ? 'on' : 'off', since };
}

/** Place of each in the order of its number, from 1; those without a number have none. */
function positions(
  participants: readonly Participant[],
  orderOf: (participant: Participant) => number | undefined,
): ReadonlyMap<string, number> {
  const ordered = participants
    .map((participant) => ({ id: participant.id, order: orderOf(participant) }))
    .filter((entry): entry is { id: string; order: number } => entry.order !== undefined)
    .sort((one, other) => one.order - other.order);
  return new Map(ordered.map(({ id }, index) => [id, index + 1]));
}

function participantView(
  participant: Participant,
  handPosition: number | null,
  waitingPosition: number | null,
): ParticipantView {
  const { id, role, state, bits, joinedAt, talking, leg, connections, asksForHelp, volume } = participant;
  const number = maskNumber(participant.number);
  // A phone that tells no name is often called by its number.
  const isNumber = number !== '' && digitsOf(participant.name) === digitsOf(participant.number);
  return {
    id,
    name: isNumber ? number : participant.name,
    number,
    role,
    state,
    audio: leg?.kind ?? null,
    web: connections.length > 0,
    muted: bits.length > 0,
    mutedBy: [...bits],
    canUnmute: bits.every((bit) => bit === 'self'),
    talking,
    handPosition,
    waitingPosition,
    asksForHelp,
    volume,
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
