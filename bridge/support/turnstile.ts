/** Lets so many through at once, the others one after the other in the order in which they came. */
import type { Clock } from './clock.ts';
import { linkSignals } from './signals.ts';

export type Passage<T> = { readonly passed: true; readonly value: T } | { readonly passed: false };

interface Waiting {
  admitted: boolean;
  readonly wake: () => void;
}

export class Turnstile {
  readonly #places: number;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #inside = 0;

  constructor(places: number, clock: Clock) {
    this.#places = places;
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Does the work once there is a place for it.
   * @returns `passed: false` when none came free in time, or `signal` was aborted before
   * @throws whatever the work throws
   */
  async pass<T>(
    work: () => Promise<T>,
    { longestWaitMs, signal }: { readonly longestWaitMs: number; readonly signal: AbortSignal },
  ): Promise<Passage<T>> {
    if (this.#inside < this.#places) this.#inside += 1;
    else if (!(await this.#turnComes(longestWaitMs, signal))) return { passed: false };
    try {
      return { passed: true, value: await work() };
    } finally {
      this.#leave();
    }
  }

  /** Resolves with true when somebody has left their place to this one. */
  async #turnComes(longestWaitMs: number, signal: AbortSignal): Promise<boolean> {
    const over = linkSignals([signal]);
    const self: Waiting = { admitted: false, wake: () => over.abort() };
    this.#waiting.add(self);
    await this.#clock.sleep(longestWaitMs, over.signal);
    over.unlink();
    this.#waiting.delete(self);
    if (self.admitted && signal.aborted) this.#leave();
    return self.admitted && !signal.aborted;
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#inside -= 1;
      return;
    }
    this.#waiting.delete(next);
    next.admitted = true;
    next.wake();
  }
}
