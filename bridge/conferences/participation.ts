/** One caller's stay in one room: in, keys, out. The document in the store is the truth; this is the hand that writes it. */
import { PartylineError } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import { LegGone, welcomeIntoRoom, type DialogueLeg, type Prompt } from '../../ivr/index.ts';
import type { Conference, Participant, RoomDocument } from '../../store/index.ts';
import type { RetryingWriter } from '../support/retrying-writer.ts';
import { KeypadReader, type KeypadAction, type KeypadMap } from './keypad.ts';
import { maySpeak, type Rejection, type RoomIdentity } from './reducer.ts';
import type { Applied, RoomService } from './room-service.ts';

/** A begun command (`*`) waits so long for its next key. */
const KEY_GAP_MS = 3_000;
/** How long to wait for a key when none has begun: any long time; a timer has to have some. */
const KEY_WAIT_MS = 3_600_000;

/** What a room needs of a leg. */
export interface RoomLeg extends DialogueLeg {
  readonly uuid: string;
  readonly mediaServer: string;
  /** @returns the media server's member number */
  join(room: { name: string; muted: boolean }): Promise<number>;
  /** Speaks to this leg over the room's sound. */
  tell(prompts: readonly Prompt[]): Promise<void>;
}

export interface ParticipationDeps {
  readonly rooms: Pick<RoomService, 'apply' | 'read'>;
  readonly writer: Pick<RetryingWriter, 'enqueue'>;
  readonly keypad: KeypadMap;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

export interface Newcomer {
  readonly participantId: string;
  readonly callId: string;
  readonly name: string;
  readonly number: string;
  readonly role: Participant['role'];
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

/** The name FreeSWITCH knows the room by. */
export function mediaRoomName(conferenceId: string): string {
  return `room-${conferenceId}`;
}

export class Participation {
  readonly participantId: string;
  readonly identity: RoomIdentity;
  readonly channelUuid: string;
  readonly mediaServer: string;
  readonly #deps: ParticipationDeps;
  readonly #leg: RoomLeg;
  readonly #conference: Conference;
  readonly #lane: string;
  readonly #logger: Logger;
  #memberId: number | undefined;
  #left = false;

  private constructor(deps: ParticipationDeps, leg: RoomLeg, conference: Conference, who: Newcomer, logger: Logger) {
    this.#deps = deps;
    this.#leg = leg;
    this.#conference = conference;
    this.#logger = logger;
    this.#lane = `call:${who.callId}`;
    this.participantId = who.participantId;
    this.identity = { tenantId: conference.tenantId, conferenceId: conference.id };
    this.channelUuid = leg.uuid;
    this.mediaServer = leg.mediaServer;
  }

  get memberId(): number | undefined {
    return this.#memberId;
  }

  /**
   * Takes a seat in the document, tells the caller who is there, and joins the leg. On any failure the seat is given back.
   * @throws NotAdmitted, LegGone, PartylineError store/unavailable, DeadlineError
   */
  static async enter(
    deps: ParticipationDeps,
    leg: RoomLeg,
    conference: Conference,
    who: Newcomer,
    logger: Logger,
  ): Promise<Participation> {
    const stay = new Participation(deps, leg, conference, who, logger);
    try {
      await stay.#welcome(await stay.#takeSeat(who));
      await stay.#joinLeg();
    } catch (error) {
      // Also when the store went away over the seat: it may have been taken all the same.
      if (!(error instanceof NotAdmitted)) stay.leave();
      throw error;
    }
    return stay;
  }

  async #takeSeat(who: Newcomer): Promise<RoomDocument> {
    const applied = await this.#deps.rooms.apply(this.identity, {
      type: 'join',
      at: this.#deps.wallClock(),
      policy: this.#conference.policy,
      mediaServer: this.#leg.mediaServer,
      participant: {
        id: who.participantId,
        name: who.name,
        number: who.number,
        role: who.role,
        callId: who.callId,
        channelUuid: this.#leg.uuid,
      },
    });
    if (applied.outcome === 'rejected') throw new NotAdmitted(applied.why, applied.room);
    if (!applied.room) throw new PartylineError('internal/unexpected');
    return applied.room;
  }

  async #welcome(room: RoomDocument): Promise<void> {
    const me = this.#find(room);
    const muted = !me || maySpeak(me) ? 'no' : me.bits.every((bit) => bit === 'self') ? 'can-unmute' : 'listen-only';
    await welcomeIntoRoom(this.#leg, { others: room.participants.length - 1, muted });
  }

  async #joinLeg(): Promise<void> {
    // The bits may have changed during the welcome; what changes from here on is put right by `joined`.
    const room = await this.#deps.rooms.read(this.identity);
    const me = room ? this.#find(room) : undefined;
    const muted = me ? !maySpeak(me) : false;
    const memberId = await this.#leg.join({ name: mediaRoomName(this.identity.conferenceId), muted });
    this.#memberId = memberId;
    this.#later('confirm the join', () =>
      this.#deps.rooms.apply(this.identity, {
        type: 'joined',
        at: this.#deps.wallClock(),
        participantId: this.participantId,
        memberId,
        muted,
        policy: this.#conference.policy,
      }),
    );
  }

  /** Reads the leg's keys until the leg is gone. @throws LegGone always, in the end */
  async readKeys(): Promise<never> {
    const keys = new KeypadReader(this.#deps.keypad);
    for (;;) {
      const digit = await this.#leg.nextDigit({ timeoutMs: keys.begun ? KEY_GAP_MS : KEY_WAIT_MS });
      const action = digit === null ? null : keys.press(digit);
      if (digit === null) keys.forget();
      if (action) await this.#act(action);
    }
  }

  readonly #actions: Readonly<Record<KeypadAction, () => Promise<void>>> = {
    'toggle-mute': () => this.#toggleMute(),
  };

  async #act(action: KeypadAction): Promise<void> {
    try {
      await this.#actions[action]();
    } catch (error) {
      if (error instanceof LegGone) throw error;
      this.#logger.warn({ err: error, action }, 'a key could not be obeyed');
      await this.#tell(['try-again-in-a-moment']);
    }
  }

  async #toggleMute(): Promise<void> {
    const room = await this.#deps.rooms.read(this.identity);
    const me = room ? this.#find(room) : undefined;
    if (!me) return;
    const applied = await this.#deps.rooms.apply(this.identity, {
      type: me.bits.includes('self') ? 'unmute' : 'mute',
      at: this.#deps.wallClock(),
      participantId: this.participantId,
      by: 'self',
    });
    const after = applied.room ? this.#find(applied.room) : undefined;
    if (!after) return;
    if (maySpeak(after)) await this.#tell(['now-unmuted']);
    // Somebody else's bit is left: the key was heard, but did not help.
    else await this.#tell([after.bits.includes('self') ? 'now-muted' : 'listen-only']);
  }

  async #tell(prompts: readonly Prompt[]): Promise<void> {
    try {
      await this.#leg.tell(prompts);
    } catch (error) {
      if (error instanceof LegGone) throw error;
      this.#logger.warn({ err: error }, 'a participant could not be told something');
    }
  }

  /** The media server heard the participant begin or stop. */
  onTalking(on: boolean): void {
    if (this.#left) return;
    this.#later(
      'talking',
      () => this.#apply({ type: 'talking', at: this.#deps.wallClock(), participantId: this.participantId, on }),
      'talking',
    );
  }

  /** Gives the seat back; never fails, though the store may hear of it later. Idempotent. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const { policy } = this.#conference;
    this.#later('leave', () =>
      this.#apply({ type: 'leave', at: this.#deps.wallClock(), participantId: this.participantId, policy }),
    );
  }

  #apply(input: Parameters<RoomService['apply']>[1]): Promise<Applied> {
    return this.#deps.rooms.apply(this.identity, input);
  }

  #later(what: string, write: () => Promise<unknown>, replaces?: string): void {
    this.#deps.writer.enqueue(this.#lane, what, write, replaces === undefined ? {} : { replaces });
  }

  #find(room: RoomDocument): Participant | undefined {
    return room.participants.find(({ id }) => id === this.participantId);
  }
}
