/** What every part of the store is built with. */
import type { Logger } from '../config/index.ts';
import type { Connection } from './connection.ts';
import type { Secrets } from './secrets.ts';
import type { Subscriber } from './subscriber.ts';

/** How long and how much is kept. */
export interface Retention {
  /** Record of an ended call, milliseconds; its journal entry stays. */
  readonly endedCallMs: number;
  /** Event stream of an ended room, milliseconds. */
  readonly endedRoomMs: number;
  /** About how many events a live room's stream holds. */
  readonly roomEvents: number;
  /** About how many entries a tenant's journal holds. */
  readonly journalEntries: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
export const DEFAULT_RETENTION: Retention = {
  endedCallMs: 30 * DAY_MS,
  endedRoomMs: DAY_MS,
  roomEvents: 10_000,
  journalEntries: 1_000_000,
};

export interface StoreContext {
  readonly connection: Connection;
  /** Channels, on a connection of their own. */
  readonly subscriber: Subscriber;
  readonly secrets: Secrets;
  readonly logger: Logger;
  readonly retention: Retention;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
