/** The keys of one leg: one queue, one consumer. */
import type { Digit } from '../../ivr/index.ts';
import type { Clock } from '../support/clock.ts';
import { linkSignals } from '../support/signals.ts';

/** Keys kept while nobody asks; more are dropped (a stuck key, or an attack). */
const MAX_WAITING = 64;

export function isDigit(text: string): text is Digit {
  return /^[0-9*#A-D]$/.test(text);
}

/** In the sound (telephone-event), or in the signalling (SIP INFO). */
export type KeySource = 'media' | 'info';

/** Some phones send each key both ways: the two are one, when they come within this time. */
const SAME_KEY_MS = 1_000;

export class DigitQueue {
  readonly #clock: Clock;
  /** Keys that came one way and not yet the other. */
  #unpaired: { readonly key: string; readonly source: KeySource; readonly at: number }[] = [];
  readonly #waiting: Digit[] = [];
  #consumer: ((digit: Digit) => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param key anything that is no key is ignored */
  push(key: string, source: KeySource = 'media'): void {
    if (!isDigit(key) || this.#cameAlready(key, source)) return;
    if (this.#consumer) this.#consumer(key);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(key);
  }

  #cameAlready(key: string, source: KeySource): boolean {
    const now = this.#clock.now();
    this.#unpaired = this.#unpaired.filter(({ at }) => now - at < SAME_KEY_MS);
    const twin = this.#unpaired.findIndex((other) => other.key === key && other.source !== source);
    if (twin >= 0) this.#unpaired.splice(twin, 1);
    else this.#unpaired.push({ key, source, at: now });
    return twin >= 0;
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
