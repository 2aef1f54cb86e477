/** What has been keyed so far, and when it is complete. Pure: no time, no leg. */
import type { Digit } from '../leg.ts';

export interface EntryRules {
  /** Most digits of a good entry. */
  readonly maxDigits: number;
  /** Ends the entry; with null it ends at `maxDigits`. */
  readonly terminator: Digit | null;
  /** Forgets what was keyed; with null there is no such key. */
  readonly restart: Digit | null;
}

export type Collected =
  | { readonly outcome: 'digits'; readonly digits: string; readonly endedBy: 'terminator' | 'length' | 'timeout' }
  /** Silence, or the terminator alone. */
  | { readonly outcome: 'none'; readonly endedBy: 'terminator' | 'timeout' }
  /** More digits than allowed; they are read to their end, so that none is left for the next question. */
  | { readonly outcome: 'too-long' };

/** A phone that never stops sending keys is not listened to for ever. */
export const MAX_KEYS = 64;

export class DigitEntry {
  readonly #rules: EntryRules;
  #digits = '';
  #overflowed = false;
  #keys = 0;

  constructor(rules: EntryRules) {
    this.#rules = rules;
  }

  /** Nothing keyed, or all forgotten. */
  get empty(): boolean {
    return this.#digits === '';
  }

  /** @returns the result once the key completes the entry */
  press(key: Digit): Collected | null {
    this.#keys += 1;
    if (key === this.#rules.terminator) return this.#finish('terminator');
    if (key === this.#rules.restart) this.#forget();
    else if (key >= '0' && key <= '9') this.#append(key);
    if (this.#rules.terminator === null && this.#digits.length === this.#rules.maxDigits) return this.#finish('length');
    return this.#keys >= MAX_KEYS ? { outcome: 'too-long' } : null;
  }

  timeOut(): Collected {
    return this.#finish('timeout');
  }

  #append(digit: string): void {
    if (this.#digits.length < this.#rules.maxDigits) this.#digits += digit;
    else this.#overflowed = true;
  }

  #forget(): void {
    this.#digits = '';
    this.#overflowed = false;
  }

  #finish(endedBy: 'terminator' | 'length' | 'timeout'): Collected {
    if (this.#overflowed) return { outcome: 'too-long' };
    if (this.#digits !== '') return { outcome: 'digits', digits: this.#digits, endedBy };
    return { outcome: 'none', endedBy: endedBy === 'terminator' ? 'terminator' : 'timeout' };
  }
}
