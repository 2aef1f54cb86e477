/** One leg on a media server: what `ivr` needs of it, and what the room needs. Ends with its channel. */
import { PartylineError } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import { LegGone, type DialogueLeg, type Digit, type Prompt, type RecordableLeg } from '../../ivr/index.ts';
import type { Clock } from '../support/clock.ts';
import { settled, withDeadline } from '../support/deadline.ts';
import { linkSignals } from '../support/signals.ts';
import { TypedEmitter } from '../support/typed-emitter.ts';
import { likelyCandidatesFirst } from './candidate-order.ts';
import { commands, type ApiCommand, type ChannelCommand, type MemberFlag, type VariableName } from './commands.ts';
import type { ConferenceEvent } from './conference-events.ts';
import { DigitQueue } from './digit-queue.ts';
import { MemberVoice } from './member-voice.ts';
import type { EslEvent, FsmrfEndpoint } from './media-ports.ts';
import { plainOnly } from './plain-offer.ts';

const SET_DEADLINE_MS = 3_000;
const JOIN_DEADLINE_MS = 5_000;
/** From the command to the event that it plays. */
const START_DEADLINE_MS = 500;
/** After `uuid_break`, FreeSWITCH tells of the end of the file within a frame or two. */
const BREAK_DEADLINE_MS = 1_000;
const HANGUP_TELLS_MS = 250;
const LEAVE_DEADLINE_MS = 1_000;
/** Longer than any row of sentences; what the media server never tells of must not be waited for. */
const TELL_DEADLINE_MS = 120_000;
/** The file is complete when FreeSWITCH says that the recording has ended. */
const RECORD_CLOSE_MS = 1_000;
const RELEASE_DEADLINE_MS = 2_000;

/** What a leg needs of the media server it lives on. */
export interface LegHost {
  readonly name: string;
  send(command: ApiCommand): Promise<string>;
  /** What the media server tells of one channel in a room. */
  onChannelEvent(channelUuid: string, listener: (event: ConferenceEvent) => void): () => void;
  /** Called with each channel and path whose recording has ended. */
  onRecorded(listener: (channelUuid: string, path: string) => void): () => void;
}

export type LegEvents = {
  /** The channel is gone, and not because we let it go. `cause` is FreeSWITCH's hang-up cause, if it told one. */
  lost: [cause: string | undefined];
  /** The conference application returned: kicked, or the room ended. */
  'left-conference': [];
};

export interface LegOptions {
  readonly endpoint: FsmrfEndpoint;
  readonly host: LegHost;
  readonly language: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly conferenceProfile: string;
  /** Absolute paths of the files a prompt is made of. */
  readonly filesOf: (prompts: readonly Prompt[], language: string) => readonly string[];
}

interface Seat {
  readonly room: string;
  readonly memberId: number;
  readonly voice: MemberVoice;
  readonly unlisten: () => void;
  /** Resolves when FreeSWITCH's conference application has returned. */
  readonly left: Promise<unknown>;
}

export class Leg implements RecordableLeg {
  readonly signal: AbortSignal;
  readonly uuid: string;
  readonly mediaServer: string;
  readonly events: TypedEmitter<LegEvents>;
  readonly #options: LegOptions;
  readonly #endpoint: FsmrfEndpoint;
  readonly #digits: DigitQueue;
  #language: string;
  #playing = false;
  #onPlaybackStart: (() => void) | undefined;
  #seat: Seat | undefined;
  #gone = false;
  #released: Promise<void> | undefined;
  #onReleased: (() => void) | undefined;
  /** Ends the waiting for each application that runs. */
  readonly #executing = new Set<() => void>();

  constructor(options: LegOptions) {
    this.#options = options;
    this.#endpoint = options.endpoint;
    this.#language = options.language;
    this.signal = options.signal;
    this.uuid = options.endpoint.uuid;
    this.mediaServer = options.host.name;
    this.#digits = new DigitQueue(options.clock);
    this.events = new TypedEmitter((error, event) => options.logger.error({ err: error, event }, 'a listener failed'));
    this.#endpoint.conn?.sendRecv(commands.tellLess().text);
    this.#endpoint.on('dtmf', ({ dtmf }) => this.#digits.push(dtmf));
    this.#endpoint.on('playback-start', () => this.#onPlaybackStart?.());
    this.#endpoint.on('destroy', (event) => this.#onDestroy(event?.reason));
  }

  get language(): string {
    return this.#language;
  }

  /** From the next prompt on. */
  speak(language: string): void {
    this.#language = language;
  }

  /** Our SDP towards the caller. */
  get localSdp(): string {
    return plainOnly(this.#endpoint.local.sdp);
  }

  /** drachtio's id of the dialog with the media server. */
  get dialogId(): string | undefined {
    return this.#endpoint.dialog?.id;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Called once, when the channel is gone for whatever reason. */
  set onReleased(listener: () => void) {
    this.#onReleased = listener;
  }

  /** A key that came another way: by SIP INFO, or on the leg before this one. */
  pushDigit(digit: string): void {
    this.#digits.push(digit, 'info');
  }

  flushDigits(): void {
    this.#digits.flush();
  }

  async nextDigit(options: { timeoutMs: number; signal?: AbortSignal }): Promise<Digit | null> {
    this.#check();
    const digit = await this.#digits.next(
      options.timeoutMs,
      options.signal ? [this.signal, options.signal] : [this.signal],
    );
    this.#check();
    return digit;
  }

  async play(prompts: readonly Prompt[], options: { signal?: AbortSignal } = {}): Promise<'done' | 'stopped'> {
    this.#check();
    const stop = linkSignals(options.signal ? [this.signal, options.signal] : [this.signal]);
    try {
      const outcome = await this.#playAll(prompts, stop.signal);
      this.#check();
      return outcome;
    } finally {
      stop.unlink();
    }
  }

  /**
   * The leg for last words, when the call's own signal is aborted already: it lives until `signal`, plays at once
   * instead of whatever is playing, and takes no keys.
   */
  forLastWords(signal: AbortSignal): DialogueLeg {
    return {
      language: this.language,
      signal,
      play: async (prompts) => {
        if (this.#gone || signal.aborted) throw new LegGone('The leg is gone');
        await this.#leaveRoom();
        if (this.#playing) await this.#options.host.send(commands.breakPlayback(this.uuid));
        return this.#playAll(prompts, signal, true);
      },
      nextDigit: () => Promise.resolve(null),
      flushDigits: () => this.flushDigits(),
    };
  }

  /**
   * Speaks to this leg over the room's sound; others do not hear it. Resolves when it was heard, or something else was
   * said instead.
   * @param options.instead of what is being said; otherwise after it
   * @throws PartylineError when the leg sits in no room or the media server refuses
   */
  async tell(
    prompts: readonly Prompt[],
    options: { instead?: boolean; signal?: AbortSignal } = {},
  ): Promise<'done' | 'stopped'> {
    const seat = this.#seat;
    if (!seat || this.#gone) throw new PartylineError('media/leg-gone');
    const files = this.#options.filesOf(prompts, this.language);
    return withDeadline(seat.voice.say(files, options), TELL_DEADLINE_MS, 'speaking to a member');
  }

  /** Music while nothing is said; none ends it. Nothing happens to a leg in no room. */
  music(prompts: readonly Prompt[]): void {
    this.#seat?.voice.music(this.#options.filesOf(prompts, this.language));
  }

  /** What is being said over the room's sound is forgotten: the connection to the media server was away. */
  restartVoice(): void {
    this.#seat?.voice.restart();
  }

  /** The leg for a dialogue inside the room: speaks to it alone, over the room's sound. */
  inRoom(): RecordableLeg {
    return {
      record: (file, options) => this.record(file, options),
      language: this.language,
      signal: this.signal,
      play: async (prompts, options = {}) => {
        this.#check();
        const outcome = await this.tell(prompts, options);
        this.#check();
        return outcome;
      },
      nextDigit: (options) => this.nextDigit(options),
      flushDigits: () => this.flushDigits(),
    };
  }

  /**
   * Records the caller's voice until `signal`, or for so long.
   * @returns whether there is a file
   * @throws LegGone
   */
  async record(file: string, options: { longestMs: number; signal: AbortSignal }): Promise<boolean> {
    this.#check();
    await this.#set('RECORD_READ_ONLY', 'true');
    const closed = this.#whenRecorded(file);
    try {
      const started = await this.#options.host.send(commands.recordChannel(this.uuid, 'start', file));
      if (!started.startsWith('+OK')) return false;
      const over = linkSignals([this.signal, options.signal]);
      await this.#options.clock.sleep(options.longestMs, over.signal);
      over.unlink();
      await this.#options.host.send(commands.recordChannel(this.uuid, 'stop', file));
      await settled(closed.promise, RECORD_CLOSE_MS);
    } finally {
      closed.unlink();
    }
    this.#check();
    return true;
  }

  #whenRecorded(file: string): { promise: Promise<void>; unlink: () => void } {
    let unlink: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => {
      unlink = this.#options.host.onRecorded((channelUuid, path) => {
        if (channelUuid === this.uuid && path === file) resolve();
      });
    });
    return { promise, unlink };
  }

  /** The caller hears themselves, until the leg is released. @throws LegGone then */
  async echo(): Promise<void> {
    this.#check();
    await this.#execute(commands.echo());
    this.#check();
  }

  async #playAll(prompts: readonly Prompt[], stop: AbortSignal, evenIfBusy = false): Promise<'done' | 'stopped'> {
    if (this.#playing && !evenIfBusy) throw new Error('Two players on one leg');
    this.#playing = true;
    try {
      for (const file of this.#options.filesOf(prompts, this.language)) {
        if (stop.aborted) return 'stopped';
        if ((await this.#playFile(file, stop)) === 'stopped') return 'stopped';
      }
      return 'done';
    } finally {
      this.#playing = false;
    }
  }

  async #playFile(file: string, stop: AbortSignal): Promise<'done' | 'stopped'> {
    const started = new Promise<void>((resolve) => (this.#onPlaybackStart = resolve));
    const played = this.#execute(commands.playback(file));
    const broken = whenAborted(stop);
    const first = await Promise.race([played, broken.promise.then(() => 'break' as const)]);
    broken.unlink();
    if (first !== 'break') {
      if (first?.getHeader('Application-Response') === 'FILE NOT FOUND') {
        this.#options.logger.error({ file }, 'the media server does not find a prompt');
      }
      return 'done';
    }
    if (!this.#gone) await this.#breakPlayback(started, played);
    return 'stopped';
  }

  /**
   * The break travels over another socket than the playback: one that comes first is lost, and the prompt would be heard
   * to its end.
   */
  async #breakPlayback(started: Promise<void>, played: Promise<unknown>): Promise<void> {
    const playing = Promise.race([started.then(() => true), played.then(() => false)]);
    const isPlaying = await withDeadline(playing, START_DEADLINE_MS, 'beginning to play').catch(() => true);
    if (!isPlaying || this.#gone) return;
    const ended = this.#options.host.send(commands.breakPlayback(this.uuid)).then(() => played);
    if (!(await settled(ended, BREAK_DEADLINE_MS))) {
      this.#options.logger.warn({ channel: this.uuid }, 'a prompt could not be stopped in time');
    }
  }

  /**
   * Enters a room and resolves with FreeSWITCH's member number.
   * @param room.speak, room.hear from the first frame on
   * @throws LegGone, or DeadlineError when the media server does not confirm
   */
  async join(room: { name: string; speak: boolean; hear: boolean }): Promise<number> {
    this.#check();
    const flags: MemberFlag[] = ['mute-detect'];
    if (!room.speak) flags.push('mute');
    if (!room.hear) flags.push('deaf');
    const profile = this.#options.conferenceProfile;
    // Should this process die, FreeSWITCH itself puts the caller back into the room.
    await this.#set('resume_conference', `${room.name}@${profile}`);
    const entered = this.#whenMember(room.name);
    const left = this.#execute(commands.joinConference(room.name, profile, flags));
    void left.then(() => this.#onLeft()).catch(() => undefined);
    try {
      const memberId = await withDeadline(entered.promise, JOIN_DEADLINE_MS, 'entering the room');
      this.#sit({ room: room.name, memberId }, left);
      return memberId;
    } finally {
      entered.unlink();
    }
  }

  #sit(place: { room: string; memberId: number }, left: Promise<unknown>): void {
    const voice = new MemberVoice(this.#options.host, place, this.#options.logger);
    const unlisten = this.#options.host.onChannelEvent(this.uuid, (event) => {
      if (event.type === 'play-file-member-done') voice.onFileDone();
    });
    this.#seat = { ...place, voice, unlisten, left };
  }

  /** Last words are said outside: nobody else is heard over them, and the caller by nobody. */
  async #leaveRoom(): Promise<void> {
    const seat = this.#seat;
    if (!seat) return;
    // It may be out already, and the answer be an error: only that it leaves is of interest.
    void this.#options.host.send(commands.member(seat.room, 'kick', seat.memberId)).catch(() => undefined);
    if (!(await settled(seat.left, LEAVE_DEADLINE_MS))) {
      this.#options.logger.warn({ channel: this.uuid }, 'a leg did not leave its room in time');
    }
  }

  #stand(): void {
    this.#seat?.voice.close();
    this.#seat?.unlisten();
    this.#seat = undefined;
  }

  async #onLeft(): Promise<void> {
    this.#stand();
    // A hang-up ends the application, too, and is told in another message: it is the better reason.
    await this.#options.clock.sleep(HANGUP_TELLS_MS, this.signal);
    if (!this.#gone) this.events.emit('left-conference');
  }

  #whenMember(room: string): { promise: Promise<number>; unlink: () => void } {
    let unlink: () => void = () => undefined;
    const promise = new Promise<number>((resolve, reject) => {
      const unlisten = this.#options.host.onChannelEvent(this.uuid, (event) => {
        if (event.type === 'add-member' && event.room === room) resolve(event.memberId);
      });
      const onAbort = () => reject(new LegGone('The leg is gone'));
      this.signal.addEventListener('abort', onAbort, { once: true });
      unlink = () => {
        unlisten();
        this.signal.removeEventListener('abort', onAbort);
      };
    });
    return { promise, unlink };
  }

  /** A new offer inside the call: passed to the media server. @returns its answer */
  async renegotiate(offer: string): Promise<string> {
    const dialog = this.#endpoint.dialog;
    if (this.#gone || !dialog) throw new PartylineError('media/leg-gone');
    return withDeadline(dialog.modify(likelyCandidatesFirst(offer)), JOIN_DEADLINE_MS, 'renegotiating');
  }

  /** Ends the channel. Idempotent; never throws, never takes longer than a few seconds. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    if (this.#gone) return;
    const { dialog } = this.#endpoint;
    this.#markGone();
    // What ends now would be told in four long events.
    this.#endpoint.conn?.sendRecv(commands.tellNothing().text);
    if (await settled(this.#endpoint.destroy(), RELEASE_DEADLINE_MS)) return;
    // fsmrf waits for a BYE that may never come; the channel's end is asked for in the two other ways there are.
    await settled(this.#options.host.send(commands.killChannel(this.uuid)), RELEASE_DEADLINE_MS);
    if (dialog?.connected === true) await settled(dialog.destroy(), RELEASE_DEADLINE_MS);
  }

  #onDestroy(cause: string | undefined): void {
    if (this.#gone) return;
    this.#options.logger.debug({ channel: this.uuid, cause }, 'the channel is gone');
    this.#markGone();
    this.events.emit('lost', cause);
    this.events.removeAll();
  }

  #markGone(): void {
    this.#gone = true;
    for (const settle of [...this.#executing]) settle();
    this.#stand();
    this.#onReleased?.();
    this.#onReleased = undefined;
  }

  /** Sets a channel variable, if the channel is still there. @throws DeadlineError */
  async #set(name: VariableName, value: string): Promise<void> {
    // Not with the application `set`: that is told in an event of some 7 kB.
    const asked = this.#options.host.send(commands.setVariable(this.uuid, name, value));
    await withDeadline(asked, SET_DEADLINE_MS, `setting ${name}`);
  }

  /** Resolves with undefined when the channel went away, or was let go, before the application ended. */
  #execute(command: ChannelCommand): Promise<EslEvent | undefined> {
    if (this.#gone) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (event?: EslEvent) => {
        this.#executing.delete(settle);
        resolve(event);
      };
      this.#executing.add(settle);
      this.#endpoint.execute(command.application, command.argument).then(settle, () => settle());
    });
  }

  #check(): void {
    if (this.signal.aborted || this.#gone) throw new LegGone('The leg is gone');
  }
}

function whenAborted(signal: AbortSignal): { promise: Promise<void>; unlink: () => void } {
  let unlink: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const onAbort = () => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    unlink = () => signal.removeEventListener('abort', onAbort);
  });
  return { promise, unlink };
}
