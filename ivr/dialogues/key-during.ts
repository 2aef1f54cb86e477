import type { DialogueLeg, Digit } from '../leg.ts';
import type { Prompt } from '../prompts.ts';

/** Longest time a prompt may run with somebody listening for a key: far beyond any prompt, far below a timer's limit. */
const LONGEST_PROMPT_MS = 600_000;

/**
 * Plays, and listens for a key: whichever comes first ends the other. Both are waited for, so that a key at the very
 * end of the prompt is not lost and nothing is left pending.
 * @returns null when the prompts were heard to their end
 * @throws LegGone
 */
export async function keyDuring(leg: DialogueLeg, prompts: readonly Prompt[]): Promise<Digit | null> {
  // With no reason, an abort would make an exception with a stack for nobody.
  const stop = (what: AbortController) => () => what.abort('over');
  const stopPlaying = new AbortController();
  const stopListening = new AbortController();
  const [played, heard] = await Promise.allSettled([
    leg.play(prompts, { signal: stopPlaying.signal }).finally(stop(stopListening)),
    leg.nextDigit({ timeoutMs: LONGEST_PROMPT_MS, signal: stopListening.signal }).finally(stop(stopPlaying)),
  ]);
  if (played.status === 'rejected') throw played.reason;
  if (heard.status === 'rejected') throw heard.reason;
  return heard.value;
}
