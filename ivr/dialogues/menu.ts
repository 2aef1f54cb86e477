/** A menu: what can be pressed is said, and the key that is pressed is acted on, until somebody goes back or nothing is pressed. */
import type { DialogueLeg, Digit } from '../leg.ts';
import type { Prompt } from '../prompts.ts';
import { keyDuring } from './key-during.ts';

export interface MenuOptions {
  /** Said at the beginning; a key ends it. */
  readonly prompts: readonly Prompt[];
  /** Said when a key means nothing here. */
  readonly notUnderstood: readonly Prompt[];
  /** After so long without a key the menu is over. */
  readonly timeoutMs: number;
  /** @returns what is said next; null when the menu is over; undefined for a key that means nothing */
  readonly onKey: (key: Digit) => Promise<readonly Prompt[] | null | undefined>;
}

/** @throws LegGone; whatever `onKey` throws passes through */
export async function runMenu(leg: DialogueLeg, options: MenuOptions): Promise<'back' | 'timeout'> {
  let prompts: readonly Prompt[] = options.prompts;
  for (;;) {
    const waiting = await leg.nextDigit({ timeoutMs: 0 });
    const key = waiting ?? (await keyDuring(leg, prompts)) ?? (await leg.nextDigit({ timeoutMs: options.timeoutMs }));
    if (key === null) return 'timeout';
    const next = await options.onKey(key);
    if (next === null) return 'back';
    prompts = next ?? options.notUnderstood;
  }
}
