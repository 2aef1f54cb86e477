/** Keys pressed in the room. The map is data, per tenant later; it must be prefix-free, so that no key waits for another. */
import type { Digit } from '../../ivr/index.ts';

export type KeypadAction = 'toggle-mute';

export type KeypadMap = ReadonlyMap<string, KeypadAction>;

export const DEFAULT_KEYPAD: KeypadMap = new Map([['*6', 'toggle-mute']]);

/** @throws Error naming two entries of which one begins with the other, or an entry that is no keys */
export function checkKeypad(map: KeypadMap): KeypadMap {
  const sequences = [...map.keys()];
  for (const sequence of sequences) {
    if (!/^[0-9*#A-D]{1,8}$/.test(sequence)) throw new Error(`“${sequence}” are no keys`);
    const longer = sequences.find((other) => other !== sequence && other.startsWith(sequence));
    if (longer !== undefined) throw new Error(`Keys ${sequence} and ${longer}: one begins with the other`);
  }
  return map;
}

/** Turns single keys into actions. */
export class KeypadReader {
  readonly #map: KeypadMap;
  #typed = '';

  constructor(map: KeypadMap = DEFAULT_KEYPAD) {
    this.#map = checkKeypad(map);
  }

  /** Whether a command has begun: then the next key is waited for only so long. */
  get begun(): boolean {
    return this.#typed !== '';
  }

  /** @returns the action this key completes; keys that fit nothing are forgotten, and may begin something anew */
  press(digit: Digit): KeypadAction | null {
    const typed = this.#typed + digit;
    const action = this.#map.get(typed);
    if (action !== undefined) {
      this.#typed = '';
      return action;
    }
    if (this.#isPrefix(typed)) this.#typed = typed;
    else this.#typed = typed.length > 1 && this.#isPrefix(digit) ? digit : '';
    return null;
  }

  /** Nobody pressed for too long. */
  forget(): void {
    this.#typed = '';
  }

  #isPrefix(typed: string): boolean {
    return [...this.#map.keys()].some((sequence) => sequence.startsWith(typed));
  }
}
