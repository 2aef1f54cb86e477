/** Asks for a name to be spoken, plays it back, and has it confirmed. */
import type { DialogueLeg } from '../leg.ts';
import { keyDuring } from './key-during.ts';
import type { Prompt } from '../prompts.ts';

/** A leg whose voice can be recorded. */
export interface RecordableLeg extends DialogueLeg {
  /**
   * Records what the caller says, until `signal` or for so long.
   * @returns whether there is a file
   * @throws LegGone
   */
  record(file: string, options: { longestMs: number; signal: AbortSignal }): Promise<boolean>;
}

export interface AskNameOptions {
  /** `say-your-name`, or whose else it is. */
  readonly prompts: readonly Prompt[];
  /** Absolute; the media server writes it. */
  readonly file: string;
  /** Whether something can be heard in the file. */
  readonly holdsVoice: () => Promise<boolean>;
  readonly longestMs: number;
  /** For the answer to "keep it?"; then it is kept. */
  readonly confirmTimeoutMs: number;
  /** Names that were not heard, or to be said again; together. Default 3. */
  readonly tries?: number;
}

/**
 * @returns whether the file holds a name
 * @throws LegGone
 */
export async function askName(leg: RecordableLeg, options: AskNameOptions): Promise<boolean> {
  const { tries = 3 } = options;
  let prompts = options.prompts;
  for (let count = 1; count <= tries; count += 1) {
    await leg.play(prompts);
    leg.flushDigits();
    await leg.play(['record-tone']);
    if (!(await recordUntilKey(leg, options))) {
      prompts = ['name-not-heard', ...options.prompts];
      continue;
    }
    if ((await confirm(leg, options)) === 'keep') return true;
    prompts = options.prompts;
  }
  return false;
}

/** Any key ends the recording. */
async function recordUntilKey(leg: RecordableLeg, options: AskNameOptions): Promise<boolean> {
  const stop = new AbortController();
  const recorded = leg.record(options.file, { longestMs: options.longestMs, signal: stop.signal });
  const [made] = await Promise.allSettled([
    recorded.finally(() => stop.abort()),
    leg.nextDigit({ timeoutMs: options.longestMs, signal: stop.signal }).finally(() => stop.abort()),
  ]);
  if (made.status === 'rejected') throw made.reason;
  return made.value && (await options.holdsVoice());
}

/** Whatever is not "again" keeps it: a name is no reason to keep anybody waiting. */
async function confirm(leg: RecordableLeg, { file, confirmTimeoutMs }: AskNameOptions): Promise<'keep' | 'again'> {
  const during = await keyDuring(leg, ['you-said', { meaning: 'recorded', file }, 'keep-name-or-again']);
  const key = during ?? (await leg.nextDigit({ timeoutMs: confirmTimeoutMs }));
  return key === '*' ? 'again' : 'keep';
}
