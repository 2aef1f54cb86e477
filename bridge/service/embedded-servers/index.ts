/**
 * The embedded servers in a thread of their own, as the main thread sees them. Calls meet the servers over loopback; over
 * this line go the start, the end, log lines and figures.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Logger, Settings } from '../../../config/index.ts';
import { fromPlainError, ThreadLine } from '../../../embedded/threads/index.ts';
import { StartError } from '../start-error.ts';
import { writeLine } from './log-lines.ts';
import type { Addresses, Failure, Figures, Requests, ServersData, ThreadEvent, ThreadMemory } from './messages.ts';

export type { Addresses, Figures, ThreadMemory } from './messages.ts';

const SECRET_BYTES = 32;
/** The servers' own deadlines, one after the other. */
export const STOP_DEADLINE_MS = 5_000;

export interface EmbeddedServersOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /** The file for those who wait. */
  readonly music: string;
  /** Something in the thread was caught by nobody, or the thread is gone: the service cannot go on. */
  readonly onFault: (error: Error) => void;
}

export class EmbeddedServers {
  /** Of both control ports. */
  readonly secret = randomBytes(SECRET_BYTES).toString('base64url');
  readonly #options: EmbeddedServersOptions;
  readonly #line: ThreadLine<Requests, ThreadEvent, Failure>;
  readonly #addresses: Promise<Addresses>;
  #figures: Figures | undefined;
  #started = false;
  #dead = false;

  /** Starts the thread and the servers in it; `ready` tells what becomes of it. */
  constructor(options: EmbeddedServersOptions) {
    this.#options = options;
    this.#line = new ThreadLine(
      startThread({
        settings: options.settings,
        secret: this.secret,
        music: options.music,
        logLevel: options.logger.level,
      }),
      { onEvent: (event) => this.#receive(event), onEnd: (error) => this.#ended(error) },
      {
        told: ({ error }) => startErrorOf(fromPlainError(error)),
        died: (error) => new Error(DIED, { cause: error }),
        stopped: () => new Error('the embedded servers have stopped'),
      },
    );
    this.#addresses = this.#line.request('start', {});
    this.#addresses.then(
      () => (this.#started = true),
      // Whoever starts something else meanwhile asks later, or never.
      () => undefined,
    );
  }

  /** @throws StartError, or what keeps one of the servers from starting; nothing stays open then */
  ready(): Promise<Addresses> {
    return this.#addresses;
  }

  /** A tenth of a second old, at most, while the thread keeps up. Once they run, and also afterwards. */
  get figures(): Figures {
    if (!this.#figures) throw new Error('the embedded servers do not run yet');
    return this.#figures;
  }

  /** The thread is gone, and nobody has asked it to. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Of the servers' thread. @param collect garbage first, where node was started with --expose-gc */
  memory(collect: boolean): Promise<ThreadMemory> {
    return this.#line.request('memory', { collect });
  }

  /** Idempotent. @throws when they did not stop in order, or in time; they are gone all the same */
  async stop(): Promise<void> {
    if (!(await this.#line.stop(STOP_DEADLINE_MS))) throw new Error('the embedded servers did not stop in order');
  }

  #receive(event: ThreadEvent): void {
    switch (event.kind) {
      case 'log':
        writeLine(this.#options.logger, event.line);
        break;
      case 'figures':
        this.#figures = event.figures;
        break;
      case 'fault':
        this.#options.onFault(fromPlainError(event.error));
    }
  }

  #ended(error: Error | undefined): void {
    if (!error) return;
    this.#dead = true;
    // Before that, whoever waits for the start is told.
    if (this.#started) this.#options.onFault(new Error(DIED, { cause: error }));
  }
}

const DIED = 'the thread of the embedded servers has died';

function startThread(data: ServersData): Worker {
  // The start file brings its own loader; nothing of how this process was started is passed on.
  return new Worker(new URL('./start.mjs', import.meta.url), { execArgv: [], name: 'servers', workerData: data });
}

function startErrorOf(error: Error): Error {
  return error.name === 'StartError' ? new StartError(error.message, { cause: error.cause }) : error;
}
