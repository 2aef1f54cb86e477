/** One call as FreeSWITCH sees it: its states, variables, digits and media. What it does is the runner's business. */
import type { MediaPort, SoundSetting } from '../../media/index.ts';
import { microseconds, type Clock } from '../clock.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { EventHeaders, EventOrigin } from '../core/event.ts';
import { basicChannelData, channelData } from './channel-data.ts';
import { ChannelVariables } from './channel-variables.ts';
import { DigitQueue, type Digit } from './digit-queue.ts';
import type { HangupCause } from './hangup-causes.ts';

/** In the order of FreeSWITCH's own numbers. */
const STATES = [
  'CS_NEW',
  'CS_INIT',
  'CS_ROUTING',
  'CS_SOFT_EXECUTE',
  'CS_EXECUTE',
  'CS_EXCHANGE_MEDIA',
  'CS_PARK',
  'CS_CONSUME_MEDIA',
  'CS_HIBERNATE',
  'CS_RESET',
  'CS_HANGUP',
  'CS_REPORTING',
  'CS_DESTROY',
] as const;
export type ChannelState = (typeof STATES)[number];

const CALL_STATES = ['DOWN', 'DIALING', 'RINGING', 'EARLY', 'ACTIVE', 'HELD', 'RING_WAIT', 'HANGUP'] as const;
export type CallState = (typeof CALL_STATES)[number];

export interface Codec {
  readonly name: string;
  readonly rate: number;
  readonly bitRate: number;
}

/** What the caller's INVITE said, as told in Caller-* headers. */
export interface CallerProfile {
  readonly callerIdName: string;
  readonly callerIdNumber: string;
  readonly networkAddress: string;
  readonly destinationNumber: string;
  readonly context: string;
}

/** In microseconds since 1970; '0' when it has not happened. */
export interface ChannelTimes {
  readonly created: string;
  answered: string;
  progressMedia: string;
  hangup: string;
}

export interface ChannelOptions {
  readonly uuid: string;
  readonly sessionId: number;
  readonly name: string;
  readonly profile: CallerProfile;
  readonly bus: EventBus;
  readonly clock: Clock;
}

const CHANNEL_STATE: EventOrigin = ['switch_channel.c', 'switch_channel_perform_set_running_state', 2409];
const CALL_STATE: EventOrigin = ['switch_channel.c', 'switch_channel_perform_set_callstate', 302];
const HANGUP: EventOrigin = ['switch_channel.c', 'switch_channel_perform_hangup', 3447];
const DTMF: EventOrigin = ['switch_channel.c', 'switch_channel_dequeue_dtmf', 678];
const ANSWER: EventOrigin = ['switch_channel.c', 'switch_channel_perform_mark_answered', 3848];
const PROGRESS_MEDIA: EventOrigin = ['switch_channel.c', 'switch_channel_perform_mark_pre_answered', 3578];

export class Channel {
  readonly uuid: string;
  readonly sessionId: number;
  readonly name: string;
  readonly profile: CallerProfile;
  readonly variables = new ChannelVariables();
  readonly digits: DigitQueue;
  readonly times: ChannelTimes;
  readonly #options: ChannelOptions;
  readonly #gone = new AbortController();
  #runningState: ChannelState = 'CS_NEW';
  #state: ChannelState = 'CS_NEW';
  #callState: CallState = 'DOWN';
  #answered = false;
  #hangupCause: HangupCause | undefined;
  readonly #sound: { read: SoundSetting; write: SoundSetting } = { read: {}, write: {} };
  port: MediaPort | undefined;
  readCodec: Codec | undefined;
  writeCodec: Codec | undefined;
  /** Kept when a caller leaves a conference and comes back, as FreeSWITCH does. */
  conferenceMemberId: number | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.uuid = options.uuid;
    this.sessionId = options.sessionId;
    this.name = options.name;
    this.profile = options.profile;
    this.times = { created: microseconds(options.clock), answered: '0', progressMedia: '0', hangup: '0' };
    this.digits = new DigitQueue(options.clock, (digit) => this.#announceDigit(digit));
  }

  /** Aborts when the channel is hung up, by whomever. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get answered(): boolean {
    return this.#answered;
  }

  get hangupCause(): HangupCause | undefined {
    return this.#hangupCause;
  }

  get callState(): CallState {
    return this.#callState;
  }

  get runningState(): ChannelState {
    return this.#runningState;
  }

  get stateNumber(): number {
    return STATES.indexOf(this.#state);
  }

  get answerState(): string {
    if (this.#hangupCause !== undefined) return 'hangup';
    if (this.#answered) return 'answered';
    return this.#callState === 'EARLY' ? 'early' : 'ringing';
  }

  /** @param next state the channel is about to enter: its number is told, one step ahead of the name */
  enterState(state: ChannelState, next: ChannelState = state): void {
    this.#runningState = state;
    this.#state = next;
    this.fire('CHANNEL_STATE', CHANNEL_STATE, () => basicChannelData(this));
  }

  /** The number alone, as FreeSWITCH sets it before the next state is run. */
  prepareState(next: ChannelState): void {
    this.#state = next;
  }

  setCallState(state: CallState): void {
    if (this.#callState === state) return;
    const original = this.#callState;
    this.#callState = state;
    this.fire('CHANNEL_CALLSTATE', CALL_STATE, () => [
      ['Original-Channel-Call-State', original],
      ['Channel-Call-State-Number', String(CALL_STATES.indexOf(state))],
      ...basicChannelData(this),
    ]);
  }

  /** Early media flows (or could): told once, before the answer. */
  markProgressMedia(): void {
    if (this.times.progressMedia !== '0') return;
    this.times.progressMedia = microseconds(this.#options.clock);
    this.setCallState('EARLY');
    this.fire('CHANNEL_PROGRESS_MEDIA', PROGRESS_MEDIA, () => channelData(this));
  }

  markAnswered(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.times.answered = microseconds(this.#options.clock);
    this.fire('CHANNEL_ANSWER', ANSWER, () => channelData(this));
    this.setCallState('ACTIVE');
  }

  /** Only the first cause counts. Everything that waits on the channel is woken. */
  hangup(cause: HangupCause): void {
    if (this.#hangupCause !== undefined) return;
    this.#hangupCause = cause;
    this.#state = 'CS_HANGUP';
    this.fire('CHANNEL_HANGUP', HANGUP, () => channelData(this));
    this.#gone.abort(cause);
  }

  /** Adds to what was set before for this direction; `{}` takes all of it back. */
  setSound(direction: 'read' | 'write', setting: SoundSetting): void {
    const empty = Object.keys(setting).length === 0;
    this.#sound[direction] = empty ? {} : { ...this.#sound[direction], ...setting };
    this.port?.setSound(direction, this.#sound[direction]);
  }

  fire(name: string, origin: EventOrigin, headers: () => EventHeaders): void {
    this.#options.bus.fire({ name, origin, channel: this.uuid, headers });
  }

  #announceDigit(digit: Digit): void {
    this.variables.set('digits_dialed', `${this.variables.get('digits_dialed') ?? ''}${digit.digit}`);
    this.fire('DTMF', DTMF, () => [
      ...basicChannelData(this),
      ['DTMF-Digit', digit.digit],
      ['DTMF-Duration', String(digit.duration)],
      ['DTMF-Source', digit.source],
    ]);
  }
}
