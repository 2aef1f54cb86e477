/** Time as the layers above see it, so that a test can move it by hand. */

export interface Timer {
  /** Idempotent; without effect once it has fired. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number;
  /** @param name what it is for: shown by tests and in traces */
  startTimer(name: string, milliseconds: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  startTimer(_name, milliseconds, action) {
    const handle = setTimeout(action, milliseconds);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Timers of one owner, by name: starting one again replaces it. */
export class NamedTimers {
  readonly #clock: Clock;
  readonly #running = new Map<string, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#running.size;
  }

  has(name: string): boolean {
    return this.#running.has(name);
  }

  start(name: string, milliseconds: number, action: () => void): void {
    this.stop(name);
    const fire = () => {
      this.#running.delete(name);
      action();
    };
    this.#running.set(name, this.#clock.startTimer(name, milliseconds, fire));
  }

  stop(name: string): void {
    this.#running.get(name)?.cancel();
    this.#running.delete(name);
  }

  stopAll(): void {
    for (const timer of this.#running.values()) timer.cancel();
    this.#running.clear();
  }
}
