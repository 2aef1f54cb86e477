/** One caller's stay in one room: in, told what they come into, keys, out. The document in the store is the truth. */
import type { KeypadMap } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import {
  LegGone,
  placeWords,
  roomWelcome,
  waitingWords,
  type Prompt,
  type RecordableLeg,
  type WaitingFor,
} from '../../ivr/index.ts';
import type { Conference, Participant, ParticipantLeg, RoomDocument } from '../../store/index.ts';
import type { Clock } from '../support/clock.ts';
import { mediaRoomName, toPrompts } from './effects.ts';
import { HostMenu } from './host-menu.ts';
import { KeypadReader, type KeypadAction } from './keypad.ts';
import type { Keypads } from './keypads.ts';
import { MutedTalk } from './muted-talk.ts';
import type { RecordingFolder } from './recordings.ts';
import {
  hearsMusic,
  mayHear,
  maySpeak,
  presentHosts,
  presentPeople,
  queue,
  whyMuted,
  type Newcomer,
  type RoomIdentity,
  type Words,
} from './room/index.ts';
import { Seat, type SeatDeps } from './seat.ts';

/** A begun command (`*`) waits so long for its next key. */
const KEY_GAP_MS = 3_000;
/** How long to wait for a key when none has begun: any long time; a timer has to have some. */
const KEY_WAIT_MS = 3_600_000;
/** Whoever waits is spoken to at least so often, and of a new place in the queue at most so often. */
const STILL_WAITING_MS = 60_000;
const PLACE_EVERY_MS = 10_000;

/** What a room needs of a leg. */
export interface RoomLeg extends RecordableLeg {
  readonly uuid: string;
  readonly mediaServer: string;
  /** @returns the media server's member number */
  join(room: { name: string; speak: boolean; hear: boolean }): Promise<number>;
  /** Speaks to this leg over the room's sound: instead of what is being said to it, or after that. */
  tell(prompts: readonly Prompt[], options?: { instead?: boolean; signal?: AbortSignal }): Promise<'done' | 'stopped'>;
  /** Over and over, while nothing is said; none ends it. */
  music(prompts: readonly Prompt[]): void;
  /** The connection to the media server was away. */
  restartVoice(): void;
  /** The leg for a dialogue in the room. */
  inRoom(): RecordableLeg;
}

export interface ParticipationDeps extends SeatDeps {
  readonly keypads: Pick<Keypads, 'load' | 'of'>;
  readonly recordings: RecordingFolder;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface ParticipationRequest {
  readonly conference: Conference;
  readonly who: Newcomer;
  readonly callId: string;
  readonly kind: ParticipantLeg['kind'];
  /** Called once, when the room has let go of the caller; the call has to end then. */
  readonly onLetGo: (reason: string) => void;
}

export class Participation {
  readonly channelUuid: string;
  readonly mediaServer: string;
  readonly #deps: ParticipationDeps;
  readonly #leg: RoomLeg;
  readonly #logger: Logger;
  readonly #tenantId: string;
  #seat!: Seat;
  #inMix = false;
  #left = false;
  readonly #mutedTalk: MutedTalk;
  #waiting: { readonly position: number | null; readonly saidAt: number } | undefined;

  private constructor(deps: ParticipationDeps, leg: RoomLeg, tenantId: string, logger: Logger) {
    this.#deps = deps;
    this.#leg = leg;
    this.#logger = logger;
    this.#tenantId = tenantId;
    this.channelUuid = leg.uuid;
    this.mediaServer = leg.mediaServer;
    this.#mutedTalk = new MutedTalk({
      clock: deps.clock,
      signal: leg.signal,
      hint: () => this.#spokeMuted(false),
      listenAgain: () => this.#spokeMuted(true),
    });
  }

  /** Takes a seat; `begin` does the rest. @throws NotAdmitted, PartylineError store/unavailable, room/contention */
  static async enter(
    deps: ParticipationDeps,
    leg: RoomLeg,
    request: ParticipationRequest,
    logger: Logger,
  ): Promise<Participation> {
    const { conference, who, callId, kind, onLetGo } = request;
    const { tenantId, id, title, policy } = conference;
    const stay = new Participation(deps, leg, tenantId, logger);
    await deps.keypads.load(tenantId);
    const seat = {
      identity: { tenantId, conferenceId: id },
      plan: { title, policy },
      mediaServer: leg.mediaServer,
      who,
      leg: { kind, callId, channelUuid: leg.uuid },
    };
    stay.#seat = await Seat.take(deps, seat, { onChange: (row, room) => stay.#onChange(row, room), onLetGo }, logger);
    return stay;
  }

  get identity(): RoomIdentity {
    return this.#seat.identity;
  }

  get participantId(): string {
    return this.#seat.participantId;
  }

  get callId(): string {
    return this.#seat.callId;
  }

  /** Tells the caller what they come into, and joins the leg. @throws LegGone, PartylineError, DeadlineError */
  async begin(): Promise<void> {
    await this.#welcome();
    const row = (await this.#look()) ?? this.#seat.row;
    if (!row) throw new LegGone('The room has let go of the caller.');
    const put = { speak: maySpeak(row), hear: mayHear(row) };
    const memberId = await this.#leg.join({ name: mediaRoomName(this.identity.conferenceId), ...put });
    this.#inMix = true;
    // The bits may have changed meanwhile: what they are is compared with how the leg was put in.
    this.#seat.confirm(memberId, put);
    this.#follow(this.#seat.row ?? row);
    if (row.state === 'waiting') void this.#keepCompany();
  }

  /** A store that is away does not keep anybody out who has a seat. */
  async #look(): Promise<Participant | undefined> {
    try {
      await this.#seat.look();
    } catch (error) {
      this.#logger.debug({ err: error }, 'the room could not be looked at');
    }
    return this.#seat.row;
  }

  /** What is told may be different by the time it was said: then the rest is told, too. */
  async #welcome(): Promise<void> {
    let told: Participant['state'] | undefined;
    for (;;) {
      const { room, row } = this.#seat;
      if (!room || !row || row.state === told) return;
      const words = this.#welcomeWords(row, room);
      await this.#leg.play(told === undefined ? words : ['joining-now', ...words]);
      told = row.state;
    }
  }

  #welcomeWords(row: Participant, room: RoomDocument): readonly Prompt[] {
    if (row.state === 'waiting') return waitingWords(waitingFor(row, room));
    return roomWelcome({
      isHost: row.role === 'host',
      others: presentPeople(room).filter(({ id }) => id !== row.id).length,
      recorded: room.recording.state === 'on',
      waiting: queue(room).length,
      notHeard: this.#prompts(whyMuted(row, room.mode)),
    });
  }

  /** Reads the leg's keys until the leg is gone. @throws LegGone always, in the end */
  async readKeys(): Promise<never> {
    let map = this.#keypad;
    let keys = new KeypadReader(map);
    for (;;) {
      const digit = await this.#leg.nextDigit({ timeoutMs: keys.begun ? KEY_GAP_MS : KEY_WAIT_MS });
      if (digit === null) {
        keys.forget();
        continue;
      }
      // The keys may have been laid anew since: whoever is in the room presses what the help says now.
      const now = keys.begun ? map : await this.#deps.keypads.load(this.#tenantId);
      if (now !== map) keys = new KeypadReader((map = now));
      const action = keys.press(digit);
      if (action === 'nothing') await this.#tell(['error-tone']);
      else if (action !== null) await this.#act(action);
    }
  }

  async #act(action: KeypadAction): Promise<void> {
    try {
      if (action === 'menu') await this.#menu();
      else await this.#seat.press(action);
      // The room tells of it a little later than the media server of their next word.
      if (this.#seat.row) this.#mutedTalk.follow(!maySpeak(this.#seat.row));
    } catch (error) {
      if (error instanceof LegGone) throw error;
      this.#logger.warn({ err: error, action }, 'a key could not be obeyed');
      await this.#tell(['try-again-in-a-moment']);
    }
  }

  async #menu(): Promise<void> {
    const { row } = this.#seat;
    if (row?.role !== 'host' || row.state !== 'present') {
      await this.#tell(['error-tone', 'not-for-you']);
      return;
    }
    const { recordings, newId } = this.#deps;
    await new HostMenu({ leg: this.#leg.inRoom(), seat: this.#seat, recordings, newId }).run();
  }

  /** Words to this caller alone, from whoever commits a change that is about them. */
  async tell(prompts: readonly Prompt[], options: { instead: boolean }): Promise<void> {
    if (this.#inMix) await this.#leg.tell(prompts, options);
  }

  /** The media server heard the participant begin or stop. */
  onTalking(on: boolean): void {
    if (!this.#left) this.#seat.talking(on);
  }

  /** They speak, and are not heard. */
  onMutedTalk(): void {
    if (!this.#left) this.#mutedTalk.onTalk();
  }

  #spokeMuted(quiet: boolean): void {
    if (this.#left) return;
    this.#seat.spokeMuted(quiet).catch((error: unknown) => {
      this.#logger.debug({ err: error }, 'a muted talker could not be told');
    });
  }

  /** Commands may have been lost, and so may the ends of what is being said. */
  onReconnected(): void {
    if (this.#inMix) this.#leg.restartVoice();
  }

  /** Why the leg is out of the mix. */
  whyLetGo(): Promise<string> {
    return this.#seat.whyLetGo();
  }

  /** Gives the seat back; never fails, though the store may hear of it later. Idempotent. */
  leave(how: 'hung-up' | 'lost'): void {
    this.#left = true;
    this.#inMix = false;
    this.#seat.leave(how);
  }

  #onChange(row: Participant, room: RoomDocument): void {
    if (!this.#inMix) return;
    this.#follow(row);
    if (row.state === 'waiting') {
      if (!this.#waiting) void this.#keepCompany();
      else this.#tellPlace(row, room);
    }
  }

  /** Music for those who hear nobody. */
  #follow(row: Participant): void {
    this.#mutedTalk.follow(!maySpeak(row));
    this.#leg.music(hearsMusic(row) ? ['hold-music'] : []);
  }

  /** Whoever waits hears from time to time that they are not forgotten, and where they are in the queue. */
  async #keepCompany(): Promise<void> {
    if (this.#waiting) return;
    this.#waiting = this.#placeNow();
    const { signal } = this.#leg;
    for (;;) {
      await this.#deps.clock.sleep(STILL_WAITING_MS, signal);
      const waiting = signal.aborted ? null : this.#waitsFor();
      if (waiting === null) break;
      this.#waiting = this.#placeNow();
      await this.#tell(waiting.for === 'host' ? ['still-waiting'] : ['still-waiting', placeWords(waiting.position)]);
    }
    this.#waiting = undefined;
  }

  /** Null for those who do not wait. */
  #waitsFor(): WaitingFor | null {
    const { row, room } = this.#seat;
    return !this.#left && row?.state === 'waiting' && room ? waitingFor(row, room) : null;
  }

  #placeNow(): { position: number | null; saidAt: number } {
    const waiting = this.#waitsFor();
    return { position: waiting?.for === 'admission' ? waiting.position : null, saidAt: this.#deps.clock.now() };
  }

  #tellPlace(row: Participant, room: RoomDocument): void {
    const waiting = waitingFor(row, room);
    const before = this.#waiting;
    if (waiting.for !== 'admission' || !before || before.position === waiting.position) return;
    const soon = this.#deps.clock.now() - before.saidAt < PLACE_EVERY_MS;
    // Everybody wants to know that they are next, however soon.
    if (soon && waiting.position > 1) return;
    this.#waiting = this.#placeNow();
    void this.#tell([placeWords(waiting.position)]).catch(() => undefined);
  }

  get #keypad(): KeypadMap {
    return this.#deps.keypads.of(this.#tenantId);
  }

  #prompts(words: readonly Words[]): readonly Prompt[] {
    return words.flatMap((word) => toPrompts(word, this.#keypad, this.#deps.recordings));
  }

  async #tell(prompts: readonly Prompt[]): Promise<void> {
    try {
      await this.#leg.tell(prompts);
    } catch (error) {
      if (error instanceof LegGone) throw error;
      this.#logger.warn({ err: error }, 'a participant could not be told something');
    }
  }
}

function waitingFor(row: Participant, room: RoomDocument): WaitingFor {
  if (room.awaitsHost || presentHosts(room).length === 0) return { for: 'host' };
  const position = queue(room).findIndex(({ id }) => id === row.id) + 1;
  return { for: 'admission', position: Math.max(1, position) };
}
