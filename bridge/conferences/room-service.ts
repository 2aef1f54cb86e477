/**
 * Live rooms: inputs are reduced and committed by compare-and-set, in order per room on this node, and the effects of a
 * commit are sent before the next one is reduced, so that the media server hears of changes in their order. Whatever
 * comes while a commit is under way is worked into the next one together: the busier a room, the more of its inputs share
 * a write.
 */
import { PartylineError } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import type { RoomDocument, RoomEvent, Store } from '../../store/index.ts';
import type { Clock } from '../support/clock.ts';
import {
  nextDue,
  reduce,
  type Reduction,
  type Rejection,
  type RoomEffect,
  type RoomIdentity,
  type RoomInput,
} from './room/index.ts';

const MAX_TRIES = 12;
const FIRST_BACKOFF_MS = 5;
const LONGEST_BACKOFF_MS = 200;
const MOST_TOGETHER = 64;
/** A commit whose answer was lost is asked for again: it may have been done, and then its effects are still to be sent. */
const UNCERTAIN_TRIES = 4;

export interface EffectPlace extends RoomIdentity {
  /** Null when the room has none: then the effect is none for it. */
  readonly mediaServer: string | null;
  /** As committed; null when it was removed. */
  readonly room: RoomDocument | null;
}

/** Sends the commands of an effect, at once and in order; rejects when the media server refuses. */
export type RunEffect = (place: EffectPlace, effect: RoomEffect) => Promise<void>;

export interface RoomServiceOptions {
  readonly rooms: Pick<Store['rooms'], 'read' | 'commit'>;
  readonly runEffect: RunEffect;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

export type Applied =
  | {
      readonly outcome: 'changed' | 'unchanged';
      readonly room: RoomDocument | null;
      /** The row an `enter` or `connect` came to. */
      readonly participantId?: string | undefined;
    }
  | { readonly outcome: 'rejected'; readonly why: Rejection; readonly room: RoomDocument | null };

interface Waiting {
  readonly input: RoomInput;
  readonly resolve: (applied: Applied) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly identity: RoomIdentity;
  waiting: Waiting[];
  /** What this node has committed last; somebody else may have committed since. Undefined: not known. */
  known: RoomDocument | null | undefined;
}

/** Several inputs worked into one document. */
interface Batch {
  readonly results: { readonly waiting: Waiting; readonly reduction: Reduction }[];
  readonly failures: { readonly waiting: Waiting; readonly error: unknown }[];
  readonly rest: Waiting[];
  readonly room: RoomDocument | null;
  readonly events: readonly RoomEvent[];
  readonly changed: boolean;
  readonly ended: string | undefined;
}

export class RoomService {
  readonly #options: RoomServiceOptions;
  readonly #lanes = new Map<string, Lane>();

  constructor(options: RoomServiceOptions) {
    this.#options = options;
  }

  /** Rooms with an input under way: zero when all is over. */
  get busy(): number {
    return this.#lanes.size;
  }

  /** @throws PartylineError store/unavailable, room/contention */
  apply(identity: RoomIdentity, input: RoomInput): Promise<Applied> {
    return new Promise((resolve, reject) => {
      const key = `${identity.tenantId}/${identity.conferenceId}`;
      const lane = this.#lanes.get(key);
      if (lane) {
        lane.waiting.push({ input, resolve, reject });
        return;
      }
      const { tenantId, conferenceId } = identity;
      const opened: Lane = {
        identity: { tenantId, conferenceId },
        waiting: [{ input, resolve, reject }],
        known: undefined,
      };
      this.#lanes.set(key, opened);
      void this.#drain(key, opened);
    });
  }

  async read(identity: RoomIdentity): Promise<RoomDocument | null> {
    return this.#options.rooms.read(identity.tenantId, identity.conferenceId);
  }

  /** Until nobody waits; never rejects. */
  async #drain(key: string, lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const together = lane.waiting.splice(0, MOST_TOGETHER);
      try {
        const rest = await this.#commit(lane, together);
        lane.waiting.unshift(...rest);
      } catch (error) {
        lane.known = undefined;
        for (const { reject } of together) reject(error);
      }
    }
    // In the same step as the last look: nobody can have come in between.
    this.#lanes.delete(key);
  }

  /** @returns those who are left for another commit */
  async #commit(lane: Lane, together: readonly Waiting[]): Promise<readonly Waiting[]> {
    const { identity } = lane;
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      if (attempt > 0) await this.#backOff(attempt);
      const guessed = lane.known !== undefined;
      const before = lane.known === undefined ? await this.read(identity) : lane.known;
      lane.known = undefined;
      const batch = reduceAll(identity, before, together);
      // What is refused is refused for what is true, not for what was true when we last looked.
      const certain = !guessed || batch.results.every(({ reduction }) => reduction.outcome === 'changed');
      if (!certain && !sameRoom(before, await this.read(identity))) continue;
      if (batch.changed && !(await this.#write(identity, before, batch))) continue;
      lane.known = batch.room;
      this.#settle(identity, before, batch);
      return batch.rest;
    }
    throw new PartylineError('room/contention');
  }

  /** The very same commit may be asked for again. @throws PartylineError store/unavailable: nobody knows whether it was done */
  async #write(identity: RoomIdentity, before: RoomDocument | null, batch: Batch): Promise<boolean> {
    const { room, events, ended } = batch;
    const commit = {
      ...identity,
      expectedVersion: before?.version ?? 0,
      document: room,
      events,
      wakeAt: room && nextDue(room),
      ...(ended === undefined ? {} : { ended }),
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#options.rooms.commit(commit);
      } catch (error) {
        const again = error instanceof PartylineError && error.code === 'store/unavailable';
        if (!again || attempt >= UNCERTAIN_TRIES) throw error;
        await this.#backOff(attempt);
      }
    }
  }

  #settle(identity: RoomIdentity, before: RoomDocument | null, { results, failures, room }: Batch): void {
    const mediaServer = before?.mediaServer ?? room?.mediaServer ?? null;
    for (const { waiting, reduction } of results) {
      for (const effect of reduction.effects) this.#run({ ...identity, mediaServer, room }, effect, waiting.input);
      waiting.resolve(appliedOf(reduction, room));
    }
    for (const { waiting, error } of failures) waiting.reject(error);
  }

  /** Sent in order, not waited for: one connection keeps their order, and a slow media server must not hold the room. */
  #run(place: EffectPlace, effect: RoomEffect, input: RoomInput) {
    // A report is about the server it came from, whether the room is there or not.
    const mediaServer = input.type === 'media-report' ? input.mediaServer : place.mediaServer;
    if (mediaServer === null && effect.type !== 'shut-out') return;
    const { tenantId, conferenceId } = place;
    this.#options.runEffect({ ...place, mediaServer }, effect).catch((error: unknown) => {
      this.#options.logger.warn({ err: error, effect: effect.type, tenantId, conferenceId }, 'an effect failed');
    });
  }

  async #backOff(attempt: number): Promise<void> {
    const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
    await this.#options.clock.sleep(ceiling * (0.5 + this.#options.random() / 2));
  }
}

function reduceAll(identity: RoomIdentity, before: RoomDocument | null, together: readonly Waiting[]): Batch {
  const results: Batch['results'] = [];
  const failures: Batch['failures'] = [];
  const events: RoomEvent[] = [];
  let room = before;
  let changed = false;
  let ended: string | undefined;
  let done = 0;
  for (const waiting of together) {
    done += 1;
    try {
      const reduction = reduce(identity, room, waiting.input);
      results.push({ waiting, reduction });
      if (reduction.outcome !== 'changed') continue;
      changed = true;
      room = reduction.room;
      events.push(...reduction.events);
      ended = reduction.ended;
    } catch (error) {
      failures.push({ waiting, error });
    }
    // A room that ends and one that begins are two commits.
    if (changed && room === null) break;
  }
  // However many inputs it holds, a commit is one version.
  if (changed && room) room = { ...room, version: (before?.version ?? 0) + 1 };
  return { results, failures, rest: together.slice(done), room, events, changed, ended };
}

function appliedOf(reduction: Reduction, room: RoomDocument | null): Applied {
  if (reduction.outcome === 'rejected') return { outcome: 'rejected', why: reduction.why, room };
  if (reduction.outcome === 'unchanged') return { outcome: 'unchanged', room, participantId: reduction.participantId };
  return { outcome: 'changed', room, participantId: reduction.participantId };
}

function sameRoom(one: RoomDocument | null, other: RoomDocument | null): boolean {
  if (one === null || other === null) return one === other;
  return one.version === other.version && one.startedAt === other.startedAt;
}
