/** Digits of one channel, in order. One consumer at a time takes them; what nobody takes waits here. */
export interface Digit {
  readonly digit: string;
  /** In timestamp units, 8,000 a second. */
  readonly duration: number;
  readonly source: 'RTP' | 'INFO' | 'APP';
}

const MAX_WAITING = 100;

export class DigitQueue {
  readonly #waiting: Digit[] = [];
  #consumer: ((digit: Digit) => void) | undefined;
  readonly #taken: (digit: Digit) => void;

  /** @param taken told of every digit as it is consumed: this is when the DTMF event is due */
  constructor(taken: (digit: Digit) => void) {
    this.#taken = taken;
  }

  push(digit: Digit): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push(digit);
    this.#drain();
  }

  /** Undefined: nobody takes digits now. The consumer may change itself while it is called. */
  setConsumer(consumer: ((digit: Digit) => void) | undefined): void {
    this.#consumer = consumer;
    this.#drain();
  }

  flush(): void {
    this.#waiting.length = 0;
  }

  #drain(): void {
    while (this.#consumer && this.#waiting.length > 0) {
      const digit = this.#waiting.shift()!;
      const consumer = this.#consumer;
      this.#taken(digit);
      consumer(digit);
    }
  }
}
