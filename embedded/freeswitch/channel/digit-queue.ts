/** Digits of one channel, in order. One consumer at a time takes them; what nobody takes waits here. */
import type { Clock, Timer } from '../clock.ts';

export interface Digit {
  readonly digit: string;
  /** In timestamp units, 8,000 a second. */
  readonly duration: number;
  readonly source: 'RTP' | 'INFO' | 'APP';
}

/** Who takes digits. */
export interface DigitConsumer {
  readonly take: (digit: Digit) => void;
  /** Takes one in so many milliseconds, the first after as many: who comes in between finds the rest. Default: at once. */
  readonly everyMs?: number;
}

const MAX_WAITING = 100;

export class DigitQueue {
  readonly #waiting: Digit[] = [];
  readonly #clock: Clock;
  #consumer: DigitConsumer | undefined;
  #timer: Timer | undefined;
  readonly #taken: (digit: Digit) => void;

  /** @param taken told of every digit as it is consumed: this is when the DTMF event is due */
  constructor(clock: Clock, taken: (digit: Digit) => void) {
    this.#clock = clock;
    this.#taken = taken;
  }

  push(digit: Digit): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push(digit);
    this.#drain();
  }

  /** Undefined: nobody takes digits now. The consumer may change itself while it is called. */
  setConsumer(consumer: DigitConsumer | undefined): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#consumer = consumer;
    this.#drain();
  }

  flush(): void {
    this.#waiting.length = 0;
  }

  #drain(): void {
    while (this.#consumer && this.#waiting.length > 0) {
      if (this.#consumer.everyMs !== undefined) {
        this.#takeLater(this.#consumer.everyMs);
        return;
      }
      this.#takeOne(this.#consumer);
    }
  }

  #takeLater(milliseconds: number): void {
    this.#timer ??= this.#clock.startTimer('digit nobody waits for', milliseconds, () => {
      this.#timer = undefined;
      if (this.#consumer && this.#waiting.length > 0) this.#takeOne(this.#consumer);
      this.#drain();
    });
  }

  #takeOne({ take }: DigitConsumer): void {
    const digit = this.#waiting.shift()!;
    this.#taken(digit);
    take(digit);
  }
}
