/**
 * One caller's row in the room's document, from the side of the process that has the call: takes it, follows it, asks for
 * things in its name, and gives it back. Whatever others do to the row is found out here.
 */
import { PartylineError, type RoomCommand } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import type { Participant, ParticipantLeg, RoomDocument, Store } from '../../store/index.ts';
import type { RetryingWriter } from '../support/retrying-writer.ts';
import type { Newcomer, Plan, Rejection, RoomIdentity, RoomInput, RoomKey } from './room/index.ts';
import type { Applied, RoomService } from './room-service.ts';

export interface SeatDeps {
  readonly rooms: Pick<RoomService, 'apply' | 'read'>;
  readonly store: Pick<Store['rooms'], 'watch' | 'endReason'>;
  readonly writer: Pick<RetryingWriter, 'enqueue'>;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

export interface SeatRequest {
  readonly identity: RoomIdentity;
  readonly plan: Plan;
  readonly mediaServer: string;
  readonly who: Newcomer;
  readonly leg: Pick<ParticipantLeg, 'kind' | 'callId' | 'channelUuid'>;
}

export interface SeatEvents {
  /** The row or the room around it has changed. */
  readonly onChange: (row: Participant, room: RoomDocument) => void;
  /** The row is no more, or another leg has it. `reason` is that of the farewell, or of the room's end. */
  readonly onLetGo: (reason: string) => void;
}

/** The room does not take this caller. */
export class NotAdmitted extends Error {
  override readonly name = 'NotAdmitted';
  readonly why: Rejection;
  readonly room: RoomDocument | null;

  constructor(why: Rejection, room: RoomDocument | null) {
    super(`Not admitted: ${why}`);
    this.why = why;
    this.room = room;
  }
}

/** Nobody has said why: a host can always remove somebody. */
const UNEXPLAINED = 'removed-unspecified';

export class Seat {
  readonly identity: RoomIdentity;
  readonly callId: string;
  readonly #deps: SeatDeps;
  readonly #events: SeatEvents;
  readonly #logger: Logger;
  readonly #lane: string;
  #participantId: string;
  #room: RoomDocument | null = null;
  #unwatch: () => void = () => undefined;
  #over = false;

  private constructor(deps: SeatDeps, request: SeatRequest, events: SeatEvents, logger: Logger) {
    const { tenantId, conferenceId } = request.identity;
    this.#deps = deps;
    this.#events = events;
    this.#logger = logger;
    this.identity = { tenantId, conferenceId };
    this.callId = request.leg.callId;
    this.#participantId = request.who.id;
    this.#lane = `call:${this.callId}`;
  }

  /** @throws NotAdmitted, PartylineError store/unavailable, room/contention; the seat may have been taken all the same */
  static async take(deps: SeatDeps, request: SeatRequest, events: SeatEvents, logger: Logger): Promise<Seat> {
    const seat = new Seat(deps, request, events, logger);
    try {
      await seat.#take(request);
    } catch (error) {
      // Also when the store went away over it: nobody knows.
      if (!(error instanceof NotAdmitted)) seat.leave('lost');
      throw error;
    }
    return seat;
  }

  get participantId(): string {
    return this.#participantId;
  }

  /** As far as this process has heard. */
  get room(): RoomDocument | null {
    return this.#room;
  }

  get row(): Participant | undefined {
    return this.#room ? this.#find(this.#room) : undefined;
  }

  /** @returns the room as it is now, asked of the store; the row in it may be gone */
  async look(): Promise<RoomDocument | null> {
    this.#room = await this.#deps.rooms.read(this.identity);
    return this.#room;
  }

  /** The media server has the leg in its mix. Written for as long as it takes. */
  confirm(memberId: number, put: { readonly speak: boolean; readonly hear: boolean }): void {
    this.#later('confirm the join', { type: 'joined', callId: this.callId, memberId, ...put });
  }

  talking(on: boolean): void {
    this.#later('talking', { type: 'talking', callId: this.callId, on }, 'talking');
  }

  async spokeMuted(quiet: boolean): Promise<void> {
    await this.#apply({ type: 'spoke-muted', callId: this.callId, quiet });
  }

  /** @throws PartylineError store/unavailable, room/contention */
  press(action: RoomKey): Promise<Applied> {
    return this.#apply({ type: 'key', participantId: this.#participantId, action });
  }

  /**
   * In the caller's name, from a menu: what comes of it is told by the menu, where `quiet`.
   * @throws PartylineError store/unavailable, room/contention
   */
  ask(command: RoomCommand, options: { quiet?: boolean } = {}): Promise<Applied> {
    const actor = { kind: 'participant', participantId: this.#participantId } as const;
    return this.#apply({ type: 'command', actor, command, ...(options.quiet === true ? { quiet: true } : {}) });
  }

  nameRecorded(participantId: string, file: string): Promise<Applied> {
    const by = { kind: 'participant', participantId: this.#participantId } as const;
    return this.#apply({ type: 'name-recorded', participantId, file, by });
  }

  /** Gives the seat back; never fails, though the store may hear of it later. Idempotent. */
  leave(how: 'hung-up' | 'lost'): void {
    if (this.#over) return;
    this.#end();
    this.#later('leave', { type: 'leg-gone', callId: this.callId, how });
  }

  async #take({ plan, mediaServer, who, leg }: SeatRequest): Promise<void> {
    const applied = await this.#apply({ type: 'enter', plan, mediaServer, who, leg });
    if (applied.outcome === 'rejected') throw new NotAdmitted(applied.why, applied.room);
    if (!applied.room) throw new PartylineError('internal/unexpected');
    this.#participantId = applied.participantId ?? who.id;
    this.#room = applied.room;
    const { tenantId, conferenceId } = this.identity;
    this.#unwatch = this.#deps.store.watch(tenantId, conferenceId, (room) => this.#onRoom(room));
  }

  #onRoom(room: RoomDocument | null): void {
    if (this.#over) return;
    const row = room ? this.#find(room) : undefined;
    if (!room || row?.leg?.callId !== this.callId) {
      void this.#verify();
      return;
    }
    this.#room = room;
    this.#events.onChange(row, room);
  }

  /** What a watcher is told may be older than what this process has done itself. */
  async #verify(): Promise<void> {
    try {
      const room = await this.look();
      if (room && this.#find(room)?.leg?.callId === this.callId) return;
      this.#letGo(await this.#whyGone(room));
    } catch (error) {
      // The store is away; when it is back, the room is told of again.
      this.#logger.debug({ err: error }, 'a seat could not be looked at');
    }
  }

  #letGo(reason: string): void {
    if (this.#over) return;
    this.#end();
    this.#events.onLetGo(reason);
  }

  async #whyGone(room: RoomDocument | null): Promise<string> {
    const farewell = room?.farewells.findLast(({ callId }) => callId === this.callId);
    if (farewell) return farewell.reason;
    if (room) return this.#find(room) ? 'lost' : UNEXPLAINED;
    const { tenantId, conferenceId } = this.identity;
    return (await this.#deps.store.endReason(tenantId, conferenceId)) ?? UNEXPLAINED;
  }

  /** Why the leg is out of the mix, when that is known before the document is: asked once it is. */
  async whyLetGo(): Promise<string> {
    const room = await this.look();
    return this.#whyGone(room);
  }

  #end(): void {
    this.#over = true;
    this.#unwatch();
  }

  #find(room: RoomDocument): Participant | undefined {
    return room.participants.find(({ id }) => id === this.#participantId);
  }

  async #apply(input: InputWithoutTime): Promise<Applied> {
    const applied = await this.#deps.rooms.apply(this.identity, { ...input, at: this.#deps.wallClock() });
    if (applied.room && this.#find(applied.room)?.leg?.callId === this.callId) this.#room = applied.room;
    return applied;
  }

  #later(what: string, input: InputWithoutTime, replaces?: string): void {
    const at = this.#deps.wallClock();
    const write = () => this.#deps.rooms.apply(this.identity, { ...input, at });
    this.#deps.writer.enqueue(this.#lane, what, write, replaces === undefined ? {} : { replaces });
  }
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
type InputWithoutTime = WithoutTime<RoomInput>;
