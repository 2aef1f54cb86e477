/**
 * Runs applications on one channel as FreeSWITCH's channel thread does: one at a time, but an application that waits
 * (plays, collects, parks, sits in a conference) lets messages in, and what they execute runs on top of it; it goes on
 * when that is done. Digits go to the one on top. Hang-up ends all of them, `break` the one on top.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../config/index.ts';
import type { EventOrigin } from '../core/event.ts';
import { channelData } from './channel-data.ts';
import type { Channel } from './channel.ts';
import type { Digit, DigitConsumer } from './digit-queue.ts';

export type Interruption = 'hangup' | 'transfer' | 'break';
export type Waited<T> = { readonly value: T } | { readonly interrupted: Interruption };

/** How an application waits. `cleanup` is called once, however the wait ends. */
export interface Wait<T> {
  readonly begin: (finish: (value: T) => void) => (() => void) | undefined;
  /** Takes digits; without it they wait for the next one who does. */
  readonly onDigit?: (digit: Digit) => void;
  /** Takes digits one in so many milliseconds. Default: at once. */
  readonly digitEveryMs?: number;
  /** A conference is left alone by `break`. Default true. */
  readonly breakable?: boolean;
  /** Another application waits on top of this one (true), or no more. */
  readonly onCovered?: (covered: boolean) => void;
}

/** What an application has in its hands. */
export interface ApplicationContext {
  readonly channel: Channel;
  wait<T>(wait: Wait<T>): Promise<Waited<T>>;
  /** Told in CHANNEL_EXECUTE_COMPLETE. */
  respond(response: string): void;
}

export type Application = (context: ApplicationContext, argument: string) => Promise<void> | void;

export interface ExecuteMessage {
  readonly application: string;
  readonly argument: string;
  /** Told as Application-UUID; made up when missing. */
  readonly uuid?: string;
  /** Lets no other message in until this one is done. */
  readonly eventLock?: boolean;
  readonly loops?: number;
}

interface Frame {
  readonly application: string;
  interrupt: ((kind: Interruption) => void) | undefined;
  digits: DigitConsumer | undefined;
  breakable: boolean;
  onCovered: ((covered: boolean) => void) | undefined;
  covered: boolean;
  /** Resolved when this frame is on top again. */
  resume: (() => void) | undefined;
}

export interface RunnerOptions {
  readonly channel: Channel;
  readonly find: (application: string) => Application | undefined;
  readonly logger: Logger;
}

const EXECUTE: EventOrigin = ['switch_core_session.c', 'switch_core_session_exec', 2949];
const COMPLETE: EventOrigin = ['switch_core_session.c', 'switch_core_session_exec', 2972];
const MAX_MESSAGES = 1_000;
const MAX_DEPTH = 32;

export class ApplicationRunner {
  readonly #channel: Channel;
  readonly #options: RunnerOptions;
  readonly #stack: Frame[] = [];
  readonly #messages: ExecuteMessage[] = [];
  #locks = 0;
  #running = false;
  #transferring = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#channel = options.channel;
    this.#channel.gone.addEventListener('abort', () => this.#interruptAll('hangup'), { once: true });
  }

  /** What runs now, outermost first. */
  get applications(): readonly string[] {
    return this.#stack.map((frame) => frame.application);
  }

  /** A message of an event socket: executed as soon as the channel lets it in. False when too many wait. */
  deliver(message: ExecuteMessage): boolean {
    if (this.#messages.length >= MAX_MESSAGES) return false;
    this.#messages.push(message);
    this.#pump();
    return true;
  }

  flushMessages(): void {
    this.#messages.length = 0;
  }

  /** Ends what the application on top waits for. */
  break(): void {
    const top = this.#stack.at(-1);
    if (top?.breakable) top.interrupt?.('break');
  }

  /** Ends everything that runs now; the dialplan goes on. */
  endAll(): void {
    this.#interruptAll('transfer');
  }

  /** Ends everything that runs; the dialplan goes on elsewhere. Cleared when the stack is empty. */
  transfer(): void {
    this.#transferring = this.#stack.length > 0;
    this.#interruptAll('transfer');
  }

  /** One application with its two events. Resolves when it has returned. */
  async execute(message: ExecuteMessage): Promise<void> {
    const application = this.#options.find(message.application);
    if (!application) {
      this.#channel.hangup('DESTINATION_OUT_OF_ORDER');
      return;
    }
    if (this.#channel.gone.aborted || this.#stack.length >= MAX_DEPTH) return;
    const frame: Frame = {
      application: message.application,
      interrupt: undefined,
      digits: undefined,
      breakable: true,
      onCovered: undefined,
      covered: false,
      resume: undefined,
    };
    this.#stack.push(frame);
    this.#channel.digits.setConsumer(undefined);
    try {
      await this.#perform(frame, application, message);
    } finally {
      this.#pop(frame);
    }
  }

  async #perform(frame: Frame, application: Application, message: ExecuteMessage): Promise<void> {
    const { variables } = this.#channel;
    const uuid = message.uuid ?? randomUUID();
    const argument = variables.expand(message.argument);
    const headers = (): [string, string | undefined][] => [
      ['Application', message.application],
      ['Application-Data', argument === '' ? undefined : argument],
    ];
    variables.set('current_application_data', argument);
    variables.set('current_application_response', undefined);
    variables.set('current_application', message.application);
    this.#channel.fire('CHANNEL_EXECUTE', EXECUTE, () => [
      ...channelData(this.#channel),
      ...headers(),
      ['Application-UUID', uuid],
    ]);
    const context: ApplicationContext = {
      channel: this.#channel,
      wait: (wait) => this.#wait(frame, wait),
      respond: (text) => variables.set('current_application_response', text),
    };
    try {
      await application(context, argument);
    } catch (error) {
      this.#options.logger.error({ err: error, application: message.application }, 'an application failed');
    }
    this.#channel.fire('CHANNEL_EXECUTE_COMPLETE', COMPLETE, () => [
      ...channelData(this.#channel),
      ...headers(),
      ['Application-Response', variables.get('current_application_response') ?? '_none_'],
      ['Application-UUID', uuid],
    ]);
  }

  async #wait<T>(frame: Frame, wait: Wait<T>): Promise<Waited<T>> {
    if (this.#hungUp()) return { interrupted: 'hangup' };
    if (this.#transferring) return { interrupted: 'transfer' };
    const result = await this.#untilSettled(frame, wait);
    if (this.#stack.at(-1) !== frame) await new Promise<void>((resolve) => (frame.resume = resolve));
    return this.#hungUp() ? { interrupted: 'hangup' } : result;
  }

  #hungUp(): boolean {
    return this.#channel.gone.aborted;
  }

  #untilSettled<T>(frame: Frame, wait: Wait<T>): Promise<Waited<T>> {
    return new Promise((resolve) => {
      const state: { settled: boolean; cleanup?: () => void } = { settled: false };
      const settle = (result: Waited<T>): void => {
        if (state.settled) return;
        state.settled = true;
        frame.interrupt = undefined;
        frame.digits = undefined;
        if (this.#stack.at(-1) === frame) this.#channel.digits.setConsumer(undefined);
        state.cleanup?.();
        resolve(result);
      };
      frame.breakable = wait.breakable ?? true;
      frame.onCovered = wait.onCovered;
      this.#cover(frame);
      frame.interrupt = (kind) => settle({ interrupted: kind });
      frame.digits = wait.onDigit && {
        take: wait.onDigit,
        ...(wait.digitEveryMs !== undefined && { everyMs: wait.digitEveryMs }),
      };
      const cleanup = wait.begin((value) => settle({ value }));
      if (state.settled) {
        cleanup?.();
        return;
      }
      if (cleanup) state.cleanup = cleanup;
      this.#channel.digits.setConsumer(frame.digits);
      this.#pump();
    });
  }

  /** Who waits below learns that somebody else has the channel now. */
  #cover(by: Frame): void {
    for (const frame of this.#stack) {
      if (frame === by) return;
      if (!frame.covered) {
        frame.covered = true;
        frame.onCovered?.(true);
      }
    }
  }

  /** Messages are let in while the application on top waits. */
  #pump(): void {
    const open = !this.#running && this.#locks === 0 && this.#stack.at(-1)?.interrupt !== undefined;
    const message = open && !this.#channel.gone.aborted ? this.#messages.shift() : undefined;
    if (!message) return;
    this.#running = true;
    // The reply to the message goes out before its first event.
    setImmediate(() => {
      this.#running = false;
      void this.#run(message);
    });
  }

  async #run(message: ExecuteMessage): Promise<void> {
    if (message.eventLock) this.#locks++;
    const { variables } = this.#channel;
    const loops = message.loops ?? 1;
    for (let loop = 1; loop <= loops && !this.#channel.gone.aborted; loop++) {
      variables.set('current_loop', String(loop));
      variables.set('total_loops', String(loops));
      await this.execute(message);
    }
    variables.set('current_loop', undefined);
    variables.set('total_loops', undefined);
    if (message.eventLock) this.#locks--;
    this.#pump();
  }

  #pop(frame: Frame): void {
    this.#stack.splice(this.#stack.lastIndexOf(frame), 1);
    const top = this.#stack.at(-1);
    if (!top) {
      this.#transferring = false;
      return;
    }
    if (top.covered) {
      top.covered = false;
      top.onCovered?.(false);
    }
    top.resume?.();
    top.resume = undefined;
    this.#channel.digits.setConsumer(top.digits);
    this.#pump();
  }

  #interruptAll(kind: Interruption): void {
    for (const frame of this.#stack.toReversed()) frame.interrupt?.(kind);
  }
}
