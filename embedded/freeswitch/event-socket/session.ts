/**
 * One event socket connection, whoever opened it: reads commands, answers them in order, sends events. Limits on size,
 * time and backlog hold for every peer; a bad frame closes the connection.
 */
import type { Socket } from 'node:net';
import type { Logger } from '../../../config/index.ts';
import {
  EslCommandReader,
  EslFrameError,
  serializeEslEventFrame,
  serializeEslFrame,
  type EslCommand,
  type EslLimits,
} from '../../wire/esl-frame.ts';
import type { Clock, Timer } from '../clock.ts';
import type { EventBus, EventListener } from '../core/event-bus.ts';
import type { ServerEvent } from '../core/event.ts';
import { Subscription } from './subscription.ts';

/** Milliseconds from the first byte of a command to its last. */
const COMMAND_DEADLINE_MS = 10_000;
/** Bytes a client may leave unread before it is cut off. */
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
/** Commands waiting for their turn. */
const MAX_WAITING_COMMANDS = 1_000;
const ASCII = /^[\x00-\x7f]*$/;

export type Reply = { readonly kind: 'reply'; readonly text: string; readonly more?: readonly [string, string][] };

export interface EventSocketSessionOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: EslLimits;
  /** Answers one command; the next one waits until it has resolved. */
  readonly handle: (command: EslCommand, session: EventSocketSession) => Promise<void> | void;
  /** The connection is gone, by either side. */
  readonly closed: () => void;
}

export class EventSocketSession implements EventListener {
  readonly subscription = new Subscription();
  /** It asked for log lines, of which there are none. */
  logs = false;
  readonly #options: EventSocketSessionOptions;
  readonly #socket: Socket;
  readonly #reader: EslCommandReader;
  readonly #waiting: EslCommand[] = [];
  #outgoing = '';
  #handling = false;
  #deadline: Timer | undefined;
  #ended = false;

  constructor(options: EventSocketSessionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#reader = new EslCommandReader(options.limits);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    this.#socket.on('error', (error) => options.logger.debug({ err: error }, 'an event socket connection failed'));
    this.#socket.on('close', () => {
      this.#ended = true;
      this.#deadline?.cancel();
      options.closed();
    });
  }

  /** More is allowed once the peer is known. */
  set limits(limits: EslLimits) {
    this.#reader.limits = limits;
  }

  /** @returns the end of it */
  listenTo(bus: EventBus): () => void {
    const place = bus.subscribe(this);
    this.subscription.onConfined = (channels) => place.confine(channels);
    return () => {
      this.subscription.onConfined = undefined;
      place.leave();
    };
  }

  wants(name: string, subclass: string | undefined, channel: string | null | undefined): boolean {
    return !this.#ended && this.subscription.wants(name, subclass, channel);
  }

  deliver(event: ServerEvent): void {
    if (!this.subscription.accepts(event)) return;
    const { format } = this.subscription;
    this.send(serializeEslEventFrame(format, format === 'json' ? event.json() : event.plain()));
  }

  reply(text: string, more: readonly [string, string][] = []): void {
    this.send(serializeEslFrame([['Content-Type', 'command/reply'], ['Reply-Text', text], ...more]));
  }

  sendApiResponse(body: string): void {
    const text = body === '' ? '-ERR no reply\n' : body;
    this.send(serializeEslFrame([['Content-Type', 'api/response']], text));
  }

  /** What is sent in one turn leaves in one piece. */
  send(text: string): void {
    if (this.#ended || this.#socket.destroyed) return;
    if (this.#outgoing === '') process.nextTick(() => this.#flush());
    this.#outgoing += text;
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text === '' || this.#socket.destroyed) return;
    // Nearly all is ASCII, which is written in half the time.
    this.#socket.write(text, ASCII.test(text) ? 'latin1' : 'utf8');
    if (this.#socket.writableLength <= MAX_BACKLOG_BYTES) return;
    this.#options.logger.warn('an event socket client does not read: it is cut off');
    this.#socket.destroy();
  }

  /** Sends the farewell and closes. Idempotent. */
  disconnect(controlledUuid?: string): void {
    if (this.#ended) return;
    const notice: [string, string][] = [['Content-Type', 'text/disconnect-notice']];
    if (controlledUuid !== undefined) {
      notice.push(['Controlled-Session-UUID', controlledUuid], ['Content-Disposition', 'disconnect']);
    }
    const farewell = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
    this.send(serializeEslFrame(notice, farewell));
    this.#flush();
    this.#ended = true;
    this.#socket.end();
    // A peer that never closes its side would keep the socket for ever.
    const timer = this.#options.clock.startTimer('event socket close', 1_000, () => this.#socket.destroy());
    this.#socket.once('close', () => timer.cancel());
    this.#socket.resume();
  }

  destroy(): void {
    this.#flush();
    this.#ended = true;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      this.#reader.append(bytes);
      for (let command = this.#reader.next(); command; command = this.#reader.next()) this.#waiting.push(command);
    } catch (error) {
      if (!(error instanceof EslFrameError)) throw error;
      this.#options.logger.warn({ problem: error.problem }, 'a bad event socket frame: the connection is closed');
      this.destroy();
      return;
    }
    if (this.#waiting.length > MAX_WAITING_COMMANDS) {
      this.destroy();
      return;
    }
    this.#watchDeadline();
    void this.#work();
  }

  #watchDeadline(): void {
    if (!this.#reader.midFrame) {
      this.#deadline?.cancel();
      this.#deadline = undefined;
      return;
    }
    this.#deadline ??= this.#options.clock.startTimer('event socket command', COMMAND_DEADLINE_MS, () => {
      this.#options.logger.warn('an event socket command took too long: the connection is closed');
      this.destroy();
    });
  }

  /** One command at a time, so that answers come in the order of their questions. */
  async #work(): Promise<void> {
    if (this.#handling) return;
    this.#handling = true;
    for (let command = this.#waiting.shift(); command && !this.#ended; command = this.#waiting.shift()) {
      try {
        await this.#options.handle(command, this);
      } catch (error) {
        this.#options.logger.error({ err: error }, 'an event socket command failed');
        this.reply('-ERR command failed');
      }
    }
    this.#handling = false;
  }
}
