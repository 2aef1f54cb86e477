import type { Clock, Timer } from '../../embedded/sip/index.ts';

interface Entry {
  readonly name: string;
  readonly at: number;
  readonly action: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = 0;
  #entries: Entry[] = [];
  /** Names of timers that fired, with the time they did. */
  readonly fired: string[] = [];

  now(): number {
    return this.#now;
  }

  /** Names of the timers that run, sorted. */
  get running(): string[] {
    return this.#entries.map(({ name }) => name).sort();
  }

  startTimer(name: string, milliseconds: number, action: () => void): Timer {
    const entry = { name, at: this.#now + milliseconds, action };
    this.#entries.push(entry);
    return { cancel: () => void (this.#entries = this.#entries.filter((other) => other !== entry)) };
  }

  /** Moves on, firing each timer at its own time, also those started on the way. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = this.#entries.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (!due) break;
      this.#entries = this.#entries.filter((entry) => entry !== due);
      this.#now = due.at;
      this.fired.push(`${due.name}@${due.at}`);
      due.action();
    }
    this.#now = end;
  }
}
