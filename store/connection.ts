/**
 * The store's one way to Redis. Every command is answered or rejected within a deadline, whatever happens to Redis; a
 * heartbeat notices a server that is connected but does not answer, and replaces the connection.
 */
import type { Logger } from '../config/index.ts';
import { StoreUnavailable, translateRedisError } from './errors.ts';
import { createLink, reconnectDelay, type Link, type LinkEvents, type LinkOptions } from './links.ts';
import type { Script } from './script.ts';

export interface Connection {
  readonly available: boolean;
  onAvailability(listener: (available: boolean) => void): () => void;
  /** @param key decides the node of a Cluster */
  send(key: string, args: readonly string[]): Promise<unknown>;
  /** All keys must carry the same hash tag. */
  run(script: Script, keys: readonly [string, ...string[]], args: readonly string[]): Promise<unknown>;
  ping(): Promise<void>;
  /** Idempotent. What is pending is rejected with StoreUnavailable. */
  close(): Promise<void>;
}

export interface ConnectionTimes {
  /** A command that has no answer after this is rejected. */
  readonly commandMs: number;
  /** While Redis answers; while it does not, the delay of reconnecting. */
  readonly heartbeatMs: number;
  /** How long `openConnection` tries. */
  readonly openMs: number;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly cluster: boolean;
  readonly logger: Logger;
  readonly times?: Partial<ConnectionTimes>;
  /** For tests. */
  readonly createLink?: (options: LinkOptions, events: LinkEvents) => Link;
}

const TIMES: ConnectionTimes = { commandMs: 900, heartbeatMs: 1_000, openMs: 5_000 };
/** Unanswered heartbeats in a row after which the connection is taken for dead, although TCP has not noticed. */
const SILENCES_UNTIL_REPLACED = 3;

class NoAnswer extends StoreUnavailable {
  constructor() {
    super({ detail: 'No answer in time.' });
  }
}

/** @throws StoreUnavailable when Redis cannot be reached in time */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const connection = new RedisConnection(options);
  await connection.open();
  return connection;
}

class RedisConnection implements Connection {
  readonly #options: ConnectionOptions;
  readonly #times: ConnectionTimes;
  readonly #listeners = new Set<(available: boolean) => void>();
  /** Rejectors of everything pending, so that close() leaves nobody waiting. */
  readonly #pending = new Set<(error: Error) => void>();
  #link: Link;
  #available = false;
  #closed = false;
  #misses = 0;
  #silences = 0;
  #connectFailed = false;
  #beating = false;
  #heartbeatTimer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#link = this.#makeLink();
  }

  get available(): boolean {
    return this.#available;
  }

  async open(): Promise<void> {
    try {
      await this.#within(this.#times.openMs, () => this.#link.connect());
      await this.ping();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#setAvailable(true);
    this.#planHeartbeat();
  }

  onAvailability(listener: (available: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(key: string, args: readonly string[]): Promise<unknown> {
    return this.#within(this.#times.commandMs, () => this.#link.send(key, args));
  }

  run(script: Script, keys: readonly [string, ...string[]], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    return this.#within(this.#times.commandMs, async () => {
      try {
        return await this.#link.send(keys[0], ['EVALSHA', script.sha1, ...rest]);
      } catch (error) {
        // Redis forgets scripts when it restarts; nothing has run yet, so the text can be sent.
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await this.#link.send(keys[0], ['EVAL', script.lua, ...rest]);
      }
    });
  }

  async ping(): Promise<void> {
    await this.#within(this.#times.commandMs, () => this.#link.ping());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#heartbeatTimer);
    this.#setAvailable(false);
    this.#listeners.clear();
    for (const reject of [...this.#pending]) reject(new StoreUnavailable({ detail: 'The store was closed.' }));
    this.#link.destroy();
  }

  /** Settles in time, in our words, and never later than close(). */
  async #within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailable({ detail: 'The store was closed.' });
    return new Promise<T>((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(deadline);
        this.#pending.delete(fail);
        act();
      };
      const fail = (error: unknown) => settle(() => reject(translateRedisError(error)));
      const deadline = setTimeout(() => fail(new NoAnswer()), milliseconds);
      this.#pending.add(fail);
      work().then((value) => settle(() => resolve(value)), fail);
    });
  }

  #makeLink(): Link {
    const make = this.#options.createLink ?? createLink;
    return make(
      { url: this.#options.url, cluster: this.#options.cluster, connectTimeoutMs: this.#times.commandMs },
      { onChange: () => this.#beatSoon(), onError: (error) => this.#linkFailed(error) },
    );
  }

  #linkFailed(error: unknown): void {
    if (this.#closed) return;
    this.#options.logger.debug({ err: error }, 'redis connection trouble');
    this.#beatSoon();
  }

  #setAvailable(available: boolean): void {
    if (this.#available === available) return;
    this.#available = available;
    if (!this.#closed) {
      if (available) this.#options.logger.info('redis is reachable');
      else this.#options.logger.error('redis cannot be reached');
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener(available);
      } catch (error) {
        this.#options.logger.error({ err: error }, 'a listener for the availability of redis failed');
      }
    }
  }

  #planHeartbeat(): void {
    clearTimeout(this.#heartbeatTimer);
    if (this.#closed) return;
    const delay = this.#available ? this.#times.heartbeatMs : reconnectDelay(this.#misses);
    this.#heartbeatTimer = setTimeout(() => void this.#beat(), delay);
  }

  /** The first heartbeat belongs to open(). */
  #beatSoon(): void {
    if (this.#heartbeatTimer !== undefined) void this.#beat();
  }

  async #beat(): Promise<void> {
    if (this.#beating || this.#closed) return;
    this.#beating = true;
    try {
      await this.ping();
      this.#misses = 0;
      this.#silences = 0;
      this.#setAvailable(true);
    } catch (error) {
      this.#misses += 1;
      this.#silences = error instanceof NoAnswer ? this.#silences + 1 : 0;
      this.#setAvailable(false);
      if (this.#connectFailed || this.#silences >= SILENCES_UNTIL_REPLACED) this.#replaceLink(error);
    } finally {
      this.#beating = false;
      this.#planHeartbeat();
    }
  }

  /** A server that hangs, or a network that swallows everything, gives no error to reconnect on. */
  #replaceLink(cause: unknown): void {
    if (this.#closed) return;
    this.#options.logger.debug({ err: cause }, 'redis connection is made anew');
    this.#link.destroy();
    const link = this.#makeLink();
    this.#link = link;
    this.#silences = 0;
    this.#connectFailed = false;
    link.connect().then(
      () => this.#beatSoon(),
      () => {
        // A Cluster none of whose nodes answers gives up by itself: the next heartbeat makes another.
        if (this.#link === link) this.#connectFailed = true;
      },
    );
  }
}
