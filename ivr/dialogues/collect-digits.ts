/** Collects what a caller keys: barge-in, type-ahead, terminator, timeouts, and a key to start over. */
import type { DialogueLeg, Digit } from '../leg.ts';
import type { Prompt } from '../prompts.ts';
import { DigitEntry, type Collected, type EntryRules } from './digit-entry.ts';
import { keyDuring } from './key-during.ts';

export interface CollectDigitsOptions extends Partial<EntryRules> {
  readonly prompts: readonly Prompt[];
  readonly maxDigits: number;
  /** From the end of the prompts (or from the key that stopped them, or from a restart) to the first digit. */
  readonly firstDigitTimeoutMs: number;
  /** Between two keys; after it the entry counts as complete. */
  readonly interDigitTimeoutMs: number;
  /** The first key stops the prompts; a key that waits already keeps them from starting. Default true. */
  readonly bargeIn?: boolean;
  /** One terminator that waits at the beginning is the echo of an earlier entry ("1234##"), not an answer. Default false. */
  readonly skipWaitingTerminator?: boolean;
}

/**
 * @returns what was keyed, in order; keys after the terminator stay in the leg's queue
 * @throws LegGone
 */
export async function collectDigits(leg: DialogueLeg, options: CollectDigitsOptions): Promise<Collected> {
  const { maxDigits, terminator = '#', restart = '*' } = options;
  const entry = new DigitEntry({ maxDigits, terminator, restart });
  let key = await firstKey(leg, options, terminator);
  for (;;) {
    const result = key === null ? entry.timeOut() : entry.press(key);
    if (result !== null) return result;
    const timeoutMs = entry.empty ? options.firstDigitTimeoutMs : options.interDigitTimeoutMs;
    key = await leg.nextDigit({ timeoutMs });
  }
}

async function firstKey(
  leg: DialogueLeg,
  options: CollectDigitsOptions,
  terminator: Digit | null,
): Promise<Digit | null> {
  const { prompts, bargeIn = true, firstDigitTimeoutMs, skipWaitingTerminator = false } = options;
  let waiting = await leg.nextDigit({ timeoutMs: 0 });
  if (waiting !== null && waiting === terminator && skipWaitingTerminator) {
    waiting = await leg.nextDigit({ timeoutMs: 0 });
  }
  if (!bargeIn) {
    await leg.play(prompts);
    return waiting ?? leg.nextDigit({ timeoutMs: firstDigitTimeoutMs });
  }
  if (waiting !== null) return waiting;
  const key = await keyDuring(leg, prompts);
  return key ?? leg.nextDigit({ timeoutMs: firstDigitTimeoutMs });
}
