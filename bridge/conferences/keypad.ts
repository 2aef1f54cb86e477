/** Turns single keys into what they stand for, and says which keys help whom. */
import type { KeypadAction, KeypadMap } from '../../config/contract/index.ts';
import type { Digit, Prompt } from '../../ivr/index.ts';

export type { KeypadAction, KeypadMap };

export class KeypadReader {
  readonly #actions: ReadonlyMap<string, KeypadAction>;
  #typed = '';

  /** @param map prefix-free, so that no key waits for another */
  constructor(map: KeypadMap) {
    this.#actions = new Map(Object.entries(map).map(([action, keys]) => [keys, action as KeypadAction]));
  }

  /** Whether a command has begun: then the next key is waited for only so long. */
  get begun(): boolean {
    return this.#typed !== '';
  }

  /**
   * @returns the action this key completes, or null when it does not; `nothing` when a command that had begun is none.
   *   Keys that fit nothing are forgotten, and may begin something anew.
   */
  press(digit: Digit): KeypadAction | 'nothing' | null {
    const typed = this.#typed + digit;
    const action = this.#actions.get(typed);
    if (action !== undefined) {
      this.#typed = '';
      return action;
    }
    if (this.#isPrefix(typed)) {
      this.#typed = typed;
      return null;
    }
    const anew = typed.length > 1 && this.#isPrefix(digit);
    this.#typed = anew ? digit : '';
    return typed.length > 1 && !anew ? 'nothing' : null;
  }

  /** Nobody pressed for too long. */
  forget(): void {
    this.#typed = '';
  }

  #isPrefix(typed: string): boolean {
    return [...this.#actions.keys()].some((sequence) => sequence.startsWith(typed));
  }
}

export type HelpFor = 'guest' | 'host' | 'waiting';

const EVERYBODY = ['toggle-mute', 'toggle-hand', 'roll', 'louder', 'quieter', 'ask-for-help'] as const;

/** What each is told by the help key, in this order: only what they can do. */
export const helpFor: Readonly<Record<HelpFor, readonly KeypadAction[]>> = {
  guest: [...EVERYBODY, 'help'],
  host: [...EVERYBODY, 'admit-next', 'toggle-recording', 'next-mode', 'toggle-lock', 'menu', 'help'],
  waiting: ['ask-for-help', 'help'],
};

/** "To mute or unmute yourself, press star six." */
export function keysFor(action: KeypadAction | 'unmute', map: KeypadMap): Prompt {
  return { meaning: 'action', action, keys: map[action === 'unmute' ? 'toggle-mute' : action] };
}

export function helpPrompts(whom: HelpFor, map: KeypadMap): readonly Prompt[] {
  return helpFor[whom].map((action) => keysFor(action, map));
}
