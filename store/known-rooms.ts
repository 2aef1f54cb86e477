/** The rooms as they were last read or written here: one that has not changed since is not parsed and checked again. */
import type { RoomDocument } from './types.ts';

const MOST_KNOWN = 500;

export class KnownRooms {
  readonly #rooms = new Map<string, { readonly digest: string; readonly room: RoomDocument }>();

  /** @param digest of the commit that wrote it, which covers all of the document */
  get(tenantId: string, conferenceId: string, digest: string): RoomDocument | undefined {
    const known = this.#rooms.get(keyOf(tenantId, conferenceId));
    return known?.digest === digest ? known.room : undefined;
  }

  /** The one longest unchanged is forgotten when there are too many. */
  set(tenantId: string, conferenceId: string, digest: string, room: RoomDocument): void {
    const key = keyOf(tenantId, conferenceId);
    this.#rooms.delete(key);
    this.#rooms.set(key, { digest, room });
    if (this.#rooms.size > MOST_KNOWN) this.#rooms.delete(this.#rooms.keys().next().value!);
  }

  delete(tenantId: string, conferenceId: string): void {
    this.#rooms.delete(keyOf(tenantId, conferenceId));
  }
}

function keyOf(tenantId: string, conferenceId: string): string {
  return `${tenantId} ${conferenceId}`;
}
