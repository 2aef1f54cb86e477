/** From two views of a room to what changed: what `applyRoomChange` takes. Pure; used by the gateway, tested both ways. */
import type { ParticipantView, RoomChange, RoomView } from './room.ts';

type RoomFields = RoomChange['room'];

const FIELDS = [
  'title',
  'live',
  'mode',
  'locked',
  'announce',
  'recording',
  'waitingForHost',
  'hostGone',
  'startedAt',
] as const satisfies readonly (keyof RoomFields)[];

/**
 * @returns what makes `after` of `before`; null when both show the same, version and all
 * @throws RangeError when they are of two conferences
 */
export function diffRoomViews(before: RoomView, after: RoomView): RoomChange | null {
  if (before.conferenceId !== after.conferenceId) throw new RangeError('Two views of two conferences.');
  const change: RoomChange = {
    conferenceId: after.conferenceId,
    from: before.version,
    version: after.version,
    room: changedFields(before, after),
    changed: changedRows(before.participants, after.participants),
    removed: removedRows(before.participants, after.participants),
  };
  const order = after.participants.map(({ id }) => id);
  const merged = orderAfter(before.participants, change);
  if (!same(merged, order)) return { ...change, order };
  const nothing = change.changed.length === 0 && change.removed.length === 0 && Object.keys(change.room).length === 0;
  return nothing && before.version === after.version ? null : change;
}

function changedFields(before: RoomView, after: RoomView): RoomFields {
  const entries = FIELDS.filter((field) => !same(before[field], after[field])).map((field) => [field, after[field]]);
  return Object.fromEntries(entries) as RoomFields;
}

function changedRows(before: readonly ParticipantView[], after: readonly ParticipantView[]): ParticipantView[] {
  const known = new Map(before.map((row) => [row.id, row]));
  return after.filter((row) => !same(known.get(row.id), row));
}

function removedRows(before: readonly ParticipantView[], after: readonly ParticipantView[]): string[] {
  const left = new Set(after.map(({ id }) => id));
  return before.filter(({ id }) => !left.has(id)).map(({ id }) => id);
}

/** The order somebody has who applies the change without being told an order. */
function orderAfter(before: readonly ParticipantView[], change: RoomChange): string[] {
  const removed = new Set(change.removed);
  const kept = before.filter(({ id }) => !removed.has(id)).map(({ id }) => id);
  const known = new Set(kept);
  return [...kept, ...change.changed.filter(({ id }) => !known.has(id)).map(({ id }) => id)];
}

/** Views are plain data with the fields of their schema in one order. */
function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
