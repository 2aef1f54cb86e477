/** One stream connection: cuts messages, answers keep-alives, keeps to its limits in time and size. */
import type { Socket } from 'node:net';
import { SipParseError } from '../wire/sip-message.ts';
import { SipStreamFramer } from '../wire/sip-stream.ts';
import { NamedTimers } from './clock.ts';
import { MAX_UNSENT_BYTES, PONG, type SipConnection, type SipConnectionOptions } from './sip-connection.ts';

export interface StreamConnectionOptions extends SipConnectionOptions {
  /** TCP or TLS. */
  readonly socket: Socket;
}

export class StreamConnection implements SipConnection {
  readonly #options: StreamConnectionOptions;
  readonly #framer: SipStreamFramer;
  readonly #timers: NamedTimers;
  readonly closed: Promise<void>;
  readonly opened: Promise<boolean>;
  #failure: Error | undefined;

  constructor(options: StreamConnectionOptions) {
    this.#options = options;
    this.#framer = new SipStreamFramer(options.maxMessageBytes);
    this.#timers = new NamedTimers(options.clock);
    const { socket, logger, peer } = options;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('error', (error) => {
      this.#failure = error;
      logger.debug({ err: error, peer }, 'SIP connection failed');
    });
    const connected = new Promise<boolean>((resolve) => {
      if (socket.connecting) socket.once('connect', () => resolve(true));
      else resolve(true);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#timers.stopAll();
        options.onClosed();
        resolve();
      });
    });
    this.opened = Promise.race([connected, this.closed.then(() => false)]);
    this.#startIdleTimer();
  }

  send(bytes: Buffer, onError: (error: Error) => void): void {
    const { socket } = this.#options;
    if (socket.writableLength > MAX_UNSENT_BYTES) this.close('the peer does not read');
    else this.#startIdleTimer();
    socket.write(bytes, (error) => {
      // What is behind it, such as a refused connection, is known by the time it is closed.
      if (error) void this.closed.then(() => onError(this.#failure ?? error));
    });
  }

  /** Idempotent. */
  close(reason: string): void {
    const { socket, logger, peer } = this.#options;
    if (socket.destroyed) return;
    logger.debug({ peer, reason }, 'SIP connection closed by us');
    socket.destroy();
  }

  #onData(bytes: Buffer): void {
    this.#startIdleTimer();
    try {
      const { messages, pings, broken } = this.#framer.push(bytes);
      if (pings > 0) this.#options.socket.write(PONG);
      for (const message of messages) this.#options.onMessage(message, this.#options.peer);
      this.#watchMessage(messages.length > 0);
      if (broken) this.close('Content-Length cannot be trusted');
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error;
      this.close(error.message);
    }
  }

  /** @param anew the message that is under way now began with these bytes */
  #watchMessage(anew: boolean): void {
    if (!this.#framer.pending) this.#timers.stop('message');
    else if (anew || !this.#timers.has('message')) {
      this.#timers.start('message', this.#options.messageDeadlineMs, () => this.close('a message took too long'));
    }
  }

  #startIdleTimer(): void {
    if (this.#options.socket.destroyed) return;
    this.#timers.start('idle', this.#options.idleMs, () => {
      if (this.#options.isNeeded()) this.#startIdleTimer();
      else this.close('idle');
    });
  }
}
