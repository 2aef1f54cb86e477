/**
 * One inbound connection to FreeSWITCH's event socket: authenticated, without Nagle, without a life of its own (it does
 * not reconnect: its owner does), and with nothing left pending when it ends.
 */
import type { Logger } from '../../config/index.ts';
import { PartylineError } from '../../config/contract/index.ts';
import { withDeadline } from '../support/deadline.ts';
import type { ApiCommand } from './commands.ts';
import { EslConnectionClass, sendWhole, type EslConnection, type EslEvent } from './media-ports.ts';

const COMMAND_DEADLINE_MS = 5_000;

export interface EventSocketAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

export class EventSocket {
  /** For fsmrf, which shares the connection. */
  readonly connection: EslConnection;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #onEnd = new Set<() => void>();
  #ended = false;

  private constructor(connection: EslConnection) {
    this.connection = connection;
  }

  /** @throws Error naming what went wrong: refused, wrong password, not on the access list, no answer in time */
  static async connect(
    address: EventSocketAddress,
    options: { readonly deadlineMs: number; readonly logger: Logger; readonly signal?: AbortSignal },
  ): Promise<EventSocket> {
    const { deadlineMs, logger, signal } = options;
    const connection = new EslConnectionClass(address.host, address.port, address.secret, () => undefined);
    // modesl would try again for ever, every millisecond if it never was connected.
    connection.reconnectOpts.maxAttempts = 1;
    connection.reconnectVars.attempts = 1;
    connection.socket?.setNoDelay(true);
    sendWhole(connection);
    const socket = new EventSocket(connection);
    const where = `event socket at ${address.host}:${address.port}`;
    const giveUp = () => socket.close();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await withDeadline(socket.#authenticated(where), deadlineMs, `connecting to the ${where}`);
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    connection.on('error', (error) => logger.debug({ err: error }, 'event socket error'));
    return socket;
  }

  #authenticated(where: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => () => reject(new Error(`The ${where} ${why}`));
      this.connection.on('esl::ready', () => resolve());
      this.connection.on('esl::event::auth::fail', fail('refused the password'));
      this.connection.on('esl::event::raw::text/rude-rejection', fail('does not admit this address'));
      this.connection.on('error', (error) => reject(asError(error)));
      this.connection.on('esl::end', () => this.#end());
      this.#onEnd.add(fail('closed the connection'));
    });
  }

  get open(): boolean {
    return !this.#ended;
  }

  /** @param events FreeSWITCH's names; `CUSTOM` and its subclasses last */
  subscribe(events: readonly string[]): void {
    this.connection.subscribe([...events]);
  }

  /** @param name an event's name, e.g. `HEARTBEAT` or `CUSTOM` */
  onEvent(name: string, listener: (event: EslEvent) => void): void {
    this.connection.on(`esl::event::${name}::*`, listener);
  }

  onEnd(listener: () => void): void {
    this.#onEnd.add(listener);
  }

  /**
   * Sends a command and resolves with its answer as it is, `-ERR …` too.
   * @throws PartylineError media/unavailable when the connection is or goes away
   */
  async send(command: ApiCommand, deadlineMs = COMMAND_DEADLINE_MS): Promise<string> {
    if (this.#ended) throw new PartylineError('media/unavailable');
    let giveUp: (error: Error) => void = () => undefined;
    const answer = new Promise<string>((resolve, reject) => {
      giveUp = reject;
      this.#pending.add(reject);
      this.connection.api(command.text, (event) => resolve(event.getBody() ?? ''));
    });
    try {
      return await withDeadline(answer, deadlineMs, 'a command for the media server');
    } finally {
      this.#pending.delete(giveUp);
    }
  }

  /** Idempotent. */
  close(): void {
    this.connection.closing = true;
    const { retryTimer } = this.connection.reconnectVars;
    if (retryTimer) clearTimeout(retryTimer);
    this.connection.socket?.destroySoon();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reject of this.#pending) reject(new PartylineError('media/unavailable'));
    this.#pending.clear();
    for (const listener of this.#onEnd) listener();
    this.#onEnd.clear();
  }
}

/** modesl hands an Error to the listeners of `error`, and events to all others. */
function asError(thing: unknown): Error {
  return thing instanceof Error ? thing : new Error(String(thing));
}
