/** Apart from the schemas, so that the browser need not load them. */
import type { RoomChange, RoomView } from './room.ts';

/** @returns the view after the change, or null when the change does not follow on the view */
export function applyRoomChange(view: RoomView, change: RoomChange): RoomView | null {
  if (change.conferenceId !== view.conferenceId || change.from !== view.version) return null;
  const removed = new Set(change.removed);
  const byId = new Map(view.participants.filter(({ id }) => !removed.has(id)).map((row) => [row.id, row]));
  for (const row of change.changed) byId.set(row.id, row);
  const order = change.order ?? [...byId.keys()];
  const participants = order.flatMap((id) => byId.get(id) ?? []);
  // A field that is absent keeps its value; zod writes no `undefined`.
  return { ...view, ...change.room, version: change.version, participants };
}
