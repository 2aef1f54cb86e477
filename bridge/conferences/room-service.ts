/**
 * Live rooms: inputs are reduced and committed by compare-and-set, one after the other per room on this node, and the
 * effects of a commit are sent before the next one is reduced, so that the media server hears of changes in their order.
 */
import { PartylineError } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import type { RoomDocument, Store } from '../../store/index.ts';
import type { Clock } from '../support/clock.ts';
import {
  reduce,
  type Reduction,
  type Rejection,
  type RoomEffect,
  type RoomIdentity,
  type RoomInput,
} from './reducer.ts';

const MAX_TRIES = 12;
const FIRST_BACKOFF_MS = 5;
const LONGEST_BACKOFF_MS = 200;

/** Carries effects out on the media server the room is on. Rejects when that fails. */
export type RunEffect = (room: RoomIdentity & { mediaServer: string }, effect: RoomEffect) => Promise<void>;

export interface RoomServiceOptions {
  readonly rooms: Pick<Store['rooms'], 'read' | 'commit'>;
  readonly runEffect: RunEffect;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

export type Applied =
  | { readonly outcome: 'changed' | 'unchanged'; readonly room: RoomDocument | null }
  | { readonly outcome: 'rejected'; readonly why: Rejection; readonly room: RoomDocument | null };

export class RoomService {
  readonly #options: RoomServiceOptions;
  readonly #lanes = new Map<string, Promise<unknown>>();

  constructor(options: RoomServiceOptions) {
    this.#options = options;
  }

  /** Rooms with an input under way: zero when all is over. */
  get busy(): number {
    return this.#lanes.size;
  }

  /** @throws PartylineError store/unavailable, room/contention */
  apply(identity: RoomIdentity, input: RoomInput): Promise<Applied> {
    const key = `${identity.tenantId}/${identity.conferenceId}`;
    const before = this.#lanes.get(key) ?? Promise.resolve();
    const work = before.then(
      () => this.#commit(identity, input),
      () => this.#commit(identity, input),
    );
    this.#lanes.set(key, work);
    const forget = () => {
      if (this.#lanes.get(key) === work) this.#lanes.delete(key);
    };
    work.then(forget, forget);
    return work;
  }

  async read(identity: RoomIdentity): Promise<RoomDocument | null> {
    return this.#options.rooms.read(identity.tenantId, identity.conferenceId);
  }

  async #commit(identity: RoomIdentity, input: RoomInput): Promise<Applied> {
    const { rooms } = this.#options;
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      if (attempt > 0) await this.#backOff(attempt);
      const room = await rooms.read(identity.tenantId, identity.conferenceId);
      const reduction = reduce(identity, room, input);
      if (reduction.outcome === 'unchanged') return { outcome: 'unchanged', room };
      if (reduction.outcome === 'rejected') return { ...reduction, room };
      const committed = await rooms.commit({
        ...identity,
        expectedVersion: room?.version ?? 0,
        document: reduction.room,
        events: reduction.events,
      });
      if (!committed) continue;
      this.#runEffects(identity, reduction, room);
      return { outcome: 'changed', room: reduction.room };
    }
    throw new PartylineError('room/contention');
  }

  /** Sent in order, not waited for: one connection keeps their order, and a slow media server must not hold the room. */
  #runEffects(
    identity: RoomIdentity,
    reduction: Extract<Reduction, { outcome: 'changed' }>,
    before: RoomDocument | null,
  ): void {
    const mediaServer = reduction.room?.mediaServer ?? before?.mediaServer;
    if (mediaServer === undefined || mediaServer === null) return;
    for (const effect of reduction.effects) {
      this.#options.runEffect({ ...identity, mediaServer }, effect).catch((error: unknown) => {
        this.#options.logger.warn({ err: error, effect: effect.type, ...identity }, 'an effect failed');
      });
    }
  }

  async #backOff(attempt: number): Promise<void> {
    const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
    await this.#options.clock.sleep(ceiling * (0.5 + this.#options.random() / 2));
  }
}
