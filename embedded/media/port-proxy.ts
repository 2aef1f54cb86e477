/** A media port as the main thread sees it. */
import type { Logger } from '../../config/index.ts';
import type { PortEvent } from './messages.ts';
import type { Plays } from './plays.ts';
import { TypedEvents } from './typed-events.ts';
import type { Seat } from './seat.ts';
import type { MediaPort, MediaPortEvents, PlayHandle, PortStatistics, RemoteMedia } from './types.ts';

/** FreeSWITCH's own default: 2,000 timestamp units. */
const DEFAULT_DIGIT_MS = 250;

export interface PortProxyOptions {
  readonly id: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly ssrc: number;
  readonly seat: Seat;
  readonly plays: Plays;
  readonly logger: Logger;
  /** Called once, when the port is closed by whomever. */
  readonly onClosed: () => void;
}

export class PortProxy implements MediaPort {
  readonly id: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly ssrc: number;
  readonly seat: Seat;
  readonly #options: PortProxyOptions;
  readonly #events: TypedEvents<MediaPortEvents>;
  readonly #running = new Set<number>();
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: PortProxyOptions) {
    this.#options = options;
    this.id = options.id;
    this.seat = options.seat;
    this.localAddress = options.localAddress;
    this.localPort = options.localPort;
    this.ssrc = options.ssrc;
    this.#events = new TypedEvents(options.logger);
  }

  on<E extends keyof MediaPortEvents>(event: E, listener: (...args: MediaPortEvents[E]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  off<E extends keyof MediaPortEvents>(event: E, listener: (...args: MediaPortEvents[E]) => void): this {
    this.#events.off(event, listener);
    return this;
  }

  setRemote(remote: RemoteMedia): void {
    this.seat.order('set-remote', { portId: this.id, remote });
  }

  play(uri: string, { offset = 0 }: { offset?: number } = {}): PlayHandle {
    const { plays, seat } = this.#options;
    const { playId, handle } = plays.begin(
      (id) => seat.order('stop-port-play', { portId: this.id, playId: id }),
      (id) => this.#running.delete(id),
    );
    if (this.#closed || seat.ended) {
      plays.end(playId);
      return handle;
    }
    this.#running.add(playId);
    seat.order('play-to-port', { portId: this.id, playId, uri, offset });
    return handle;
  }

  sendDigits(digits: string, durationMs: number = DEFAULT_DIGIT_MS): void {
    this.seat.order('send-digits', { portId: this.id, digits, durationMs });
  }

  injectDigit(digit: string, durationMs: number): void {
    this.seat.order('inject-digit', { portId: this.id, digit, durationMs });
  }

  startRecording(path: string): Promise<void> {
    return this.seat.request('start-port-recording', { portId: this.id, path });
  }

  async stopRecording(path: string): Promise<void> {
    await this.seat.request('stop-port-recording', { portId: this.id, path });
  }

  setEcho(on: boolean): void {
    this.seat.order('set-echo', { portId: this.id, on });
  }

  statistics(): Promise<PortStatistics> {
    return this.seat.request('statistics', { portId: this.id });
  }

  close(): Promise<void> {
    // A worker that is gone has closed everything already.
    this.#closing ??= this.seat.request('close-port', { portId: this.id }).then(
      () => this.closed(),
      () => this.closed(),
    );
    return this.#closing;
  }

  /** From the worker. */
  receive(event: PortEvent): void {
    if (event.name === 'digit') this.#events.emit('digit', event.digit);
    else if (event.name === 'secure-failed') this.#events.emit('secure-failed', event.reason);
    else this.#events.emit(event.name);
  }

  /** It is over, whoever ended it. Idempotent. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const playId of [...this.#running]) this.#options.plays.end(playId);
    this.#options.onClosed();
    this.#events.emit('closed');
  }
}
