/**
 * What a dialogue needs of a leg. The bridge provides it; a test writes it in ten lines. No SIP, no FreeSWITCH here.
 */
import type { Prompt } from './prompts.ts';

export type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '*' | '#' | 'A' | 'B' | 'C' | 'D';

/** Thrown when the leg is gone or the dialogue was cancelled: it ends every dialogue at once. */
export class LegGone extends Error {
  override readonly name = 'LegGone';
}

export interface DialogueLeg {
  /** BCP 47 language of the caller, e.g. `en`. */
  readonly language: string;
  /** Aborted on hang-up, CANCEL and shutdown. */
  readonly signal: AbortSignal;
  /**
   * Plays prompts one after the other. At most one call at a time.
   * @param options.signal stops the playing (barge-in); the promise then resolves with `'stopped'`, and nothing more is
   *   heard. Already aborted: nothing is played.
   * @throws LegGone when the leg's own signal is aborted
   */
  play(prompts: readonly Prompt[], options?: { signal?: AbortSignal }): Promise<'done' | 'stopped'>;
  /**
   * The next key from the leg's one queue; keys pressed before the call wait in it (type-ahead). At most one call at a time.
   * @param options.timeoutMs resolves with null when no key came in time; 0 takes only a key that waits already
   * @param options.signal resolves with null once aborted; a key is then either returned or still in the queue, never lost
   * @throws LegGone when the leg's own signal is aborted
   */
  nextDigit(options: { timeoutMs: number; signal?: AbortSignal }): Promise<Digit | null>;
  /** Drops keys that are waiting. */
  flushDigits(): void;
}
