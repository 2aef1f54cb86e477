/** Runs the machine: keeps the state, does what it says, and reports back. Knows nothing of SIP; `dial` does. */
import type { TicketResponse } from '../../../../config/contract/index.ts';
import {
  advance,
  IDLE,
  PHONE_TIMES,
  type EndReason,
  type Failure,
  type PhoneEffect,
  type PhoneInput,
  type PhoneState,
  type PhoneTimes,
} from './machine.ts';

/** What a call reports, each at most once; `onBroke`, `onHungUp` and `onReplaced` end it. */
export interface CallListener {
  onSocketOpened(): void;
  onRang(): void;
  onAccepted(): void;
  onMediaCame(): void;
  onBroke(failure: Failure): void;
  onHungUp(): void;
  /** Hung up on, because another line of the same person has taken over. */
  onReplaced(): void;
}

/** A MediaStreamTrack: it is only handed on here, so that the softphone can be tested where there are none. */
export type Microphone = object;

export interface Call {
  /** From now on it is the one that is heard. */
  hear(): void;
  /** @returns false when digits cannot be sent */
  sendDigit(digit: string): boolean;
  /** Another microphone, or silence. */
  changeMicrophone(track: Microphone): Promise<void>;
  setMicrophoneOn(on: boolean): void;
  /** Hangs up and lets everything go. Idempotent; nothing is reported afterwards. */
  drop(): void;
}

export interface SoftphonePorts {
  /** @throws TicketRefused */
  fetchTicket(signal: AbortSignal): Promise<TicketResponse>;
  dial(ticket: TicketResponse, listener: CallListener): Call;
  readonly clock: {
    now(): number;
    setTimeout(work: () => void, milliseconds: number): unknown;
    clearTimeout(timer: unknown): void;
  };
  readonly times?: PhoneTimes;
}

export class TicketRefused extends Error {
  override readonly name = 'TicketRefused';
  readonly failure: Failure;

  constructor(failure: Omit<Failure, 'step'>) {
    super(`no ticket: ${failure.code ?? failure.status ?? 'no answer'}`);
    this.failure = { step: 'ticket', ...failure };
  }
}

export class Softphone {
  readonly #ports: SoftphonePorts;
  readonly #times: PhoneTimes;
  readonly #listeners = new Set<() => void>();
  readonly #calls = new Map<number, Call>();
  readonly #requests = new Map<number, AbortController>();
  #state: PhoneState = IDLE;
  #heard: number | null = null;
  #microphoneOn = true;
  #deadline: unknown;
  #retry: unknown;

  constructor(ports: SoftphonePorts) {
    this.#ports = ports;
    this.#times = ports.times ?? PHONE_TIMES;
  }

  get state(): PhoneState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  start(): void {
    this.#take({ type: 'start' });
  }

  hangUp(reason: EndReason = 'left'): void {
    this.#take({ type: 'hang-up', reason });
  }

  /** The machine woke up, or has another network. */
  networkChanged(): void {
    this.#take({ type: 'network-changed' });
  }

  /** The room shows the sound on another line of this person: nothing is dialled until `start`. */
  standAside(): void {
    this.#take({ type: 'sound-elsewhere' });
  }

  /** @returns false when nobody hears it now */
  sendDigit(digit: string): boolean {
    return this.#heardCall?.sendDigit(digit) ?? false;
  }

  /** Nothing leaves this machine while it is off, whatever the server thinks. */
  setMicrophoneOn(on: boolean): void {
    this.#microphoneOn = on;
    for (const call of this.#calls.values()) call.setMicrophoneOn(on);
  }

  async changeMicrophone(track: Microphone): Promise<void> {
    await Promise.all(Array.from(this.#calls.values(), (call) => call.changeMicrophone(track)));
  }

  get #heardCall(): Call | undefined {
    return this.#heard === null ? undefined : this.#calls.get(this.#heard);
  }

  /** The only place where the state changes. */
  #take(input: PhoneInput): void {
    const { state, effects } = advance(this.#state, input, this.#ports.clock.now(), this.#times);
    const changed = state !== this.#state;
    this.#state = state;
    for (const effect of effects) this.#do(effect);
    if (changed) for (const listener of [...this.#listeners]) listener();
  }

  #do(effect: PhoneEffect): void {
    const { clock } = this.#ports;
    switch (effect.type) {
      case 'dial':
        void this.#dial(effect.call);
        return;
      case 'hear':
        this.#hear(effect.call);
        return;
      case 'drop':
        this.#drop(effect.call);
        return;
      case 'drop-all':
        clock.clearTimeout(this.#retry);
        for (const call of [...this.#requests.keys(), ...this.#calls.keys()]) this.#drop(call);
        return;
      case 'set-deadline':
        clock.clearTimeout(this.#deadline);
        this.#deadline = clock.setTimeout(
          () => this.#take({ type: 'too-late', call: effect.call }),
          effect.milliseconds,
        );
        return;
      case 'clear-deadline':
        clock.clearTimeout(this.#deadline);
        return;
      case 'retry-after':
        clock.clearTimeout(this.#retry);
        this.#retry = clock.setTimeout(() => this.#take({ type: 'retry-due' }), effect.milliseconds);
    }
  }

  async #dial(call: number): Promise<void> {
    this.#ports.clock.clearTimeout(this.#retry);
    const request = new AbortController();
    this.#requests.set(call, request);
    let ticket: TicketResponse;
    try {
      ticket = await this.#ports.fetchTicket(request.signal);
    } catch (error) {
      if (request.signal.aborted) return;
      this.#requests.delete(call);
      const failure: Failure = error instanceof TicketRefused ? error.failure : { step: 'ticket' };
      this.#take({ type: 'broke', call, failure });
      return;
    }
    if (request.signal.aborted) return;
    this.#requests.delete(call);
    this.#take({ type: 'ticket-came', call });
    const made = this.#ports.dial(ticket, this.#listenTo(call));
    made.setMicrophoneOn(this.#microphoneOn);
    this.#calls.set(call, made);
  }

  #listenTo(call: number): CallListener {
    return {
      onSocketOpened: () => this.#take({ type: 'socket-opened', call }),
      onRang: () => this.#take({ type: 'rang', call }),
      onAccepted: () => this.#take({ type: 'accepted', call }),
      onMediaCame: () => this.#take({ type: 'media-came', call }),
      onBroke: (failure) => this.#take({ type: 'broke', call, failure }),
      onHungUp: () => this.#take({ type: 'hung-up', call }),
      onReplaced: () => this.#take({ type: 'replaced', call }),
    };
  }

  #hear(call: number): void {
    this.#heard = call;
    this.#calls.get(call)?.hear();
    for (const other of [...this.#calls.keys()]) if (other !== call) this.#drop(other);
  }

  #drop(call: number): void {
    this.#requests.get(call)?.abort();
    this.#requests.delete(call);
    this.#calls.get(call)?.drop();
    this.#calls.delete(call);
    if (this.#heard === call) this.#heard = null;
  }
}
