/** Time that stands still until somebody waits for it: a minute of conversation is tested in a millisecond. */
import type { Clock } from '../../../ivr/clock.ts';

export class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }

  /** How many wait for time to pass: must be 0 when a dialogue is over. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { at: this.#now + Math.max(0, milliseconds), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  at(milliseconds: number, action: () => void): void {
    const sleeper = {
      at: milliseconds,
      wake: () => {
        this.#sleepers.delete(sleeper);
        action();
      },
    };
    this.#sleepers.add(sleeper);
  }

  /** Lets time pass until `work` is settled. @throws when it waits for something that never comes */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { settled: false };
    const watched = work.finally(() => (state.settled = true));
    watched.catch(() => undefined);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (state.settled) return watched;
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined) throw new Error('The dialogue waits for something that never comes.');
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }
}
