/** Who is in a room, by what they are to it. */
import type { Participant, RoomDocument } from '../../../store/index.ts';

export function isThere({ state, leg, connections }: Participant): boolean {
  return state !== 'away' && (leg !== undefined || connections.length > 0);
}

/** Not only on the way in: in the mix, or seen on the web. */
export function isIn({ state, leg, connections }: Participant): boolean {
  return state !== 'away' && (leg?.memberId !== undefined || connections.length > 0);
}

export function isPresent({ state }: Participant): boolean {
  return state === 'present';
}

/** In the mix, or on the web, and let in. */
export function presentPeople(room: RoomDocument): readonly Participant[] {
  return room.participants.filter(isPresent);
}

export function presentHosts(room: RoomDocument): readonly Participant[] {
  return room.participants.filter((row) => row.role === 'host' && isPresent(row));
}

export function presentGuests(room: RoomDocument): readonly Participant[] {
  return room.participants.filter((row) => row.role === 'guest' && isPresent(row));
}

/** Longest waiting first. */
export function queue(room: RoomDocument): readonly Participant[] {
  return room.participants.filter(({ state }) => state === 'waiting').sort((one, other) => one.since - other.since);
}

/** Whose turn comes first, first. */
export function handsUp(room: RoomDocument): readonly Participant[] {
  return room.participants
    .filter(({ hand }) => hand !== undefined)
    .sort((one, other) => (one.hand ?? 0) - (other.hand ?? 0));
}
