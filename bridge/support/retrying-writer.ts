/**
 * Writes that must not be lost while Redis is away: kept in order per lane, tried again until they succeed, and bounded.
 * What happens in a live call never waits for them.
 */
import { PartylineError } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import type { Clock } from './clock.ts';

/** The part of the store that says whether writing makes sense. */
export interface Availability {
  readonly available: boolean;
  onAvailability(listener: (available: boolean) => void): () => void;
}

export interface RetryingWriterOptions {
  readonly availability: Availability;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Writes kept at most; beyond it new ones are lost, and logged as lost. */
  readonly limit: number;
}

interface Task {
  readonly what: string;
  readonly write: () => Promise<unknown>;
  /** A later task of this name in the same lane takes its place while it waits. */
  readonly replaces: string | undefined;
}

const RETRY_MS = 500;
/** While the store says itself that it is away; its return is told. */
const AWAY_RETRY_MS = 5_000;
const MAX_CONTENTION_TRIES = 50;

export class RetryingWriter {
  readonly #options: RetryingWriterOptions;
  readonly #lanes = new Map<string, Task[]>();
  readonly #stopping = new AbortController();
  #pending = 0;
  readonly #idle: (() => void)[] = [];
  readonly #wake = new Set<() => void>();
  readonly #unlisten: () => void;

  constructor(options: RetryingWriterOptions) {
    this.#options = options;
    this.#unlisten = options.availability.onAvailability((available) => {
      if (available) this.#wakeAll();
    });
  }

  /** Writes that wait or are under way. */
  get pending(): number {
    return this.#pending;
  }

  /** @returns false when there was no room left: the write is lost */
  enqueue(lane: string, what: string, write: () => Promise<unknown>, options: { replaces?: string } = {}): boolean {
    const tasks = this.#lanes.get(lane) ?? [];
    const task: Task = { what, write, replaces: options.replaces };
    // The first of a lane may be under way already: it is never replaced.
    const index = tasks.findIndex(({ replaces }, at) => at > 0 && replaces !== undefined && replaces === task.replaces);
    if (index > 0) {
      tasks[index] = task;
      return true;
    }
    if (this.#pending >= this.#options.limit || this.#stopping.signal.aborted) {
      this.#options.logger.error({ lane, what }, 'a write was lost: too many are waiting for the store');
      return false;
    }
    this.#pending += 1;
    tasks.push(task);
    if (tasks.length === 1) {
      this.#lanes.set(lane, tasks);
      void this.#work(lane, tasks);
    }
    return true;
  }

  /** Resolves with true once everything is written, with false after the deadline. */
  async drain(deadlineMs: number): Promise<boolean> {
    if (this.#pending === 0) return true;
    const over = new AbortController();
    this.#idle.push(() => over.abort());
    await this.#options.clock.sleep(deadlineMs, over.signal);
    return this.#pending === 0;
  }

  /** What still waits is given up, and logged. Idempotent. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#unlisten();
    this.#stopping.abort();
    this.#wakeAll();
    if (this.#pending > 0) this.#options.logger.error({ pending: this.#pending }, 'writes were lost at the end');
  }

  async #work(lane: string, tasks: Task[]): Promise<void> {
    for (let task = tasks[0]; task !== undefined; task = tasks[0]) {
      await this.#write(lane, task);
      tasks.shift();
      this.#pending -= 1;
    }
    this.#lanes.delete(lane);
    if (this.#pending > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #write(lane: string, task: Task): Promise<void> {
    for (let tries = 1; !this.#stopping.signal.aborted; tries += 1) {
      try {
        await task.write();
        return;
      } catch (error) {
        if (!isPassing(error, tries)) {
          this.#options.logger.error({ err: error, lane, what: task.what }, 'a write failed for good');
          return;
        }
        if (tries === 1) this.#options.logger.warn({ lane, what: task.what }, 'a write waits for the store');
        await this.#pause();
      }
    }
  }

  /** Until the store is back, or a while. */
  async #pause(): Promise<void> {
    const over = new AbortController();
    const wake = () => over.abort();
    this.#wake.add(wake);
    await this.#options.clock.sleep(this.#options.availability.available ? RETRY_MS : AWAY_RETRY_MS, over.signal);
    this.#wake.delete(wake);
  }

  #wakeAll(): void {
    for (const wake of this.#wake) wake();
  }
}

function isPassing(error: unknown, tries: number): boolean {
  if (!(error instanceof PartylineError)) return false;
  return error.code === 'store/unavailable' || (error.code === 'room/contention' && tries < MAX_CONTENTION_TRIES);
}
