/** The keys of one leg: one queue, one consumer. */
import type { Digit } from '../../ivr/index.ts';
import type { Clock } from '../support/clock.ts';
import { linkSignals } from '../support/signals.ts';

/** Keys kept while nobody asks; more are dropped (a stuck key, or an attack). */
const MAX_WAITING = 64;

export function isDigit(text: string): text is Digit {
  return /^[0-9*#A-D]$/.test(text);
}

export class DigitQueue {
  readonly #clock: Clock;
  readonly #waiting: Digit[] = [];
  #consumer: ((digit: Digit) => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param key anything that is no key is ignored */
  push(key: string): void {
    if (!isDigit(key)) return;
    if (this.#consumer) this.#consumer(key);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(key);
  }

  flush(): void {
    this.#waiting.length = 0;
  }

  /**
   * @returns null after `timeoutMs`, or once one of `signals` is aborted
   * @throws Error when somebody else is waiting already
   */
  async next(timeoutMs: number, signals: readonly AbortSignal[]): Promise<Digit | null> {
    if (this.#consumer) throw new Error('Two consumers of one leg’s keys');
    if (signals.some((signal) => signal.aborted)) return null;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined || timeoutMs <= 0) return waiting ?? null;
    const wait = linkSignals(signals);
    let found: Digit | null = null;
    this.#consumer = (digit) => {
      found = digit;
      this.#consumer = undefined;
      wait.abort();
    };
    await this.#clock.sleep(timeoutMs, wait.signal);
    wait.unlink();
    this.#consumer = undefined;
    return found;
  }
}
