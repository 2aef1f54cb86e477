/** One WebSocket connection (RFC 7118): a SIP message per WebSocket message, text or binary. */
import type { Duplex } from 'node:stream';
import { WebSocket, type RawData } from 'ws';
import { NamedTimers } from './clock.ts';
import { MAX_UNSENT_BYTES, PONG, type SipConnection, type SipConnectionOptions } from './sip-connection.ts';

export interface WebSocketConnectionOptions extends SipConnectionOptions {
  readonly socket: WebSocket;
  /** Below it, where it is known: its bytes show that a message has begun. */
  readonly stream?: Duplex | undefined;
}

/** Shorter ones are keep-alives or nothing at all. */
const LEAST_MESSAGE_BYTES = 16;
const MAX_WAITING = 64;
const PING_MS = 25_000;

interface Waiting {
  readonly bytes: Buffer;
  readonly onError: (error: Error) => void;
}

export class WebSocketConnection implements SipConnection {
  readonly #options: WebSocketConnectionOptions;
  readonly #timers: NamedTimers;
  readonly closed: Promise<void>;
  readonly opened: Promise<boolean>;
  /** Until the handshake of a connection of ours is over. */
  #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor(options: WebSocketConnectionOptions) {
    this.#options = options;
    this.#timers = new NamedTimers(options.clock);
    const connected = new Promise<boolean>((resolve) => {
      if (options.socket.readyState === WebSocket.CONNECTING) options.socket.once('open', () => resolve(true));
      else resolve(true);
    });
    this.closed = this.#watch();
    this.opened = Promise.race([connected, this.closed.then(() => false)]);
    this.#startIdleTimer();
  }

  send(bytes: Buffer, onError: (error: Error) => void): void {
    const { socket } = this.#options;
    const failed = () => void this.closed.then(() => onError(this.#failure ?? new Error('the connection is closed')));
    if (socket.bufferedAmount > MAX_UNSENT_BYTES || this.#waiting.length >= MAX_WAITING) {
      this.close('the peer does not read');
    } else this.#startIdleTimer();
    if (socket.readyState === WebSocket.CONNECTING) this.#waiting.push({ bytes, onError });
    else if (socket.readyState !== WebSocket.OPEN) failed();
    else {
      // Text where it is text: browsers hand it over without conversion (RFC 7118 section 4.2).
      socket.send(bytes, { binary: !isText(bytes) }, (error) => {
        if (error) failed();
      });
    }
  }

  close(reason: string): void {
    const { socket, logger, peer } = this.#options;
    if (socket.readyState === WebSocket.CLOSED) return;
    logger.debug({ peer, reason }, 'SIP connection closed by us');
    socket.terminate();
  }

  #watch(): Promise<void> {
    const { socket, stream, logger, peer, messageDeadlineMs } = this.#options;
    socket.on('open', () => {
      this.#flush();
      this.#startPinging();
    });
    if (socket.readyState === WebSocket.OPEN) this.#startPinging();
    socket.on('message', (data) => this.#onMessage(data));
    socket.on('ping', () => this.#onWhole());
    socket.on('pong', () => this.#onPong());
    socket.on('error', (error) => {
      this.#failure = error;
      logger.debug({ err: error, peer }, 'SIP connection failed');
    });
    // Before the library looks at the bytes: a message that they end must find the timer running.
    stream?.prependListener('data', () => {
      if (this.#timers.has('message') || socket.readyState !== WebSocket.OPEN) return;
      this.#timers.start('message', messageDeadlineMs, () => this.close('a message took too long'));
    });
    return new Promise((resolve) => {
      socket.once('close', () => {
        this.#onClose();
        resolve();
      });
    });
  }

  #onClose(): void {
    this.#timers.stopAll();
    this.#options.onClosed();
    const lost = this.#waiting.splice(0);
    for (const { onError } of lost) onError(this.#failure ?? new Error('the connection is closed'));
  }

  #flush(): void {
    for (const { bytes, onError } of this.#waiting.splice(0)) this.send(bytes, onError);
  }

  /** A whole message or control frame is there. */
  #onWhole(): void {
    this.#timers.stop('message');
    this.#startIdleTimer();
  }

  /** Reverse proxies close a WebSocket that is silent for a minute or so; browsers cannot ping by themselves. */
  #startPinging(): void {
    this.#timers.start('ping', PING_MS, () => {
      this.#options.socket.ping();
      this.#timers.start('pong', PING_MS, () => this.close('no answer to a ping'));
    });
  }

  /** It lives, which is no reason yet to keep the connection. */
  #onPong(): void {
    this.#timers.stop('message');
    this.#timers.stop('pong');
    this.#startPinging();
  }

  #onMessage(data: RawData): void {
    this.#onWhole();
    const { socket, onMessage, peer } = this.#options;
    const bytes = bytesOf(data);
    if (bytes.length >= LEAST_MESSAGE_BYTES) onMessage(bytes, peer);
    else if (bytes.toString('latin1') === '\r\n\r\n' && socket.readyState === WebSocket.OPEN)
      socket.send(PONG.toString());
  }

  #startIdleTimer(): void {
    const { socket, idleMs, isNeeded } = this.#options;
    if (socket.readyState > WebSocket.OPEN) return;
    this.#timers.start('idle', idleMs, () => {
      if (isNeeded()) this.#startIdleTimer();
      else this.close('idle');
    });
  }
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes);
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
