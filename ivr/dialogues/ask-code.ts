/** Asks for a code, some times at most: what all questions for codes have in common. Digits go to the look-up port only. */
import type { Clock } from '../clock.ts';
import { LegGone, type DialogueLeg } from '../leg.ts';
import type { Prompt } from '../prompts.ts';
import { collectDigits } from './collect-digits.ts';
import { sayGoodbye } from './say.ts';

/** What the digits lead to. Unknown, closed and anything else a caller must not tell apart is `refused`. */
export type CodeAnswer<Found> =
  | { readonly outcome: 'found'; readonly found: Found }
  | { readonly outcome: 'refused' }
  /** Wrong codes are limited just now: heard as `refused`, reported as `too-many-tries`. */
  | { readonly outcome: 'limited' }
  | { readonly outcome: 'unavailable' };

export interface AskCodeDeps<Found> {
  /** @param options.signal aborted on hang-up, and when the answer is not waited for any longer */
  lookUp(digits: string, options: { tryNumber: number; signal: AbortSignal }): Promise<CodeAnswer<Found>>;
  readonly clock: Clock;
}

/** How the question is put. */
export interface CodeQuestion {
  readonly first: readonly Prompt[];
  /** After silence, and after the terminator alone where that is no answer. */
  readonly silent: readonly Prompt[];
  readonly wrong: readonly Prompt[];
  /** Whoever has no code may go on without one: by the terminator alone, by silence, or after the tries allowed. */
  readonly optional: boolean;
}

export interface AskCodeOptions {
  /** Wrong codes and silences together. Default 3. */
  readonly tries?: number;
  /** Longest code there is. Default 12. */
  readonly maxDigits?: number;
  readonly firstDigitTimeoutMs: number;
  readonly interDigitTimeoutMs: number;
  /** A refusal is told after this time, or a whole multiple of it: how long the store took shows nothing. Default 700. */
  readonly refusalTimeMs?: number;
  /** After this time the store counts as unavailable. Default 10,000. */
  readonly lookUpTimeoutMs?: number;
}

export type CodeResult<Found> =
  | { readonly outcome: 'found'; readonly found: Found; readonly tries: number }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly tries: number }
  | { readonly outcome: 'unavailable'; readonly reason: 'store-unavailable'; readonly tries: number }
  /** Only where the question is optional. */
  | { readonly outcome: 'skipped'; readonly tries: number };

/** As in the catalogue of terminations. */
export type RefusalReason = 'no-valid-code' | 'no-digits' | 'too-many-tries';

const defaults = {
  tries: 3,
  maxDigits: 12,
  refusalTimeMs: 700,
  lookUpTimeoutMs: 10_000,
} as const;

type Settled = Required<AskCodeOptions>;
type TryOutcome<Found> = CodeAnswer<Found> | { readonly outcome: 'silent' };

/**
 * The caller has heard goodbye when the outcome is neither `found` nor `skipped`.
 * @throws LegGone on hang-up; whatever `lookUp` throws passes through
 */
export async function askCode<Found>(
  leg: DialogueLeg,
  deps: AskCodeDeps<Found>,
  question: CodeQuestion,
  options: AskCodeOptions,
): Promise<CodeResult<Found>> {
  const settled: Settled = { ...defaults, ...options };
  const heard: TryOutcome<Found>['outcome'][] = [];
  let prompts = question.first;
  for (let tries = 1; tries <= settled.tries; tries++) {
    const answer = await oneTry(leg, deps, settled, { prompts, tryNumber: tries });
    if (answer.outcome === 'found') return { outcome: 'found', found: answer.found, tries };
    if (answer.outcome === 'unavailable') return await partUnavailable(leg, tries);
    heard.push(answer.outcome);
    if (answer.outcome === 'silent' && question.optional) break;
    prompts = answer.outcome === 'silent' ? question.silent : question.wrong;
  }
  if (question.optional) return { outcome: 'skipped', tries: heard.length };
  const reason = refusalReason(heard);
  await sayGoodbye(leg, heard.at(-1) === 'silent' ? 'no-digits' : 'no-valid-code');
  return { outcome: 'refused', reason, tries: heard.length };
}

async function oneTry<Found>(
  leg: DialogueLeg,
  deps: AskCodeDeps<Found>,
  options: Settled,
  { prompts, tryNumber }: { prompts: readonly Prompt[]; tryNumber: number },
): Promise<TryOutcome<Found>> {
  const entry = await collectDigits(leg, {
    prompts,
    maxDigits: options.maxDigits,
    firstDigitTimeoutMs: options.firstDigitTimeoutMs,
    interDigitTimeoutMs: options.interDigitTimeoutMs,
    skipWaitingTerminator: tryNumber > 1,
  });
  if (entry.outcome === 'none') return { outcome: 'silent' };
  const started = deps.clock.now();
  const answer: CodeAnswer<Found> =
    entry.outcome === 'too-long'
      ? { outcome: 'refused' }
      : await answerInTime(leg, deps, options, entry.digits, tryNumber);
  if (answer.outcome === 'refused' || answer.outcome === 'limited') {
    await evenOut(leg, deps.clock, started, options.refusalTimeMs);
  }
  throwIfGone(leg);
  return answer;
}

/** The look-up, unless the caller goes first or the store takes too long. */
async function answerInTime<Found>(
  leg: DialogueLeg,
  deps: AskCodeDeps<Found>,
  { lookUpTimeoutMs }: Settled,
  digits: string,
  tryNumber: number,
): Promise<CodeAnswer<Found>> {
  const over = new AbortController();
  const signal = AbortSignal.any([leg.signal, over.signal]);
  const tooLate = deps.clock.sleep(lookUpTimeoutMs, signal).then((): CodeAnswer<Found> => {
    throwIfGone(leg);
    return { outcome: 'unavailable' };
  });
  try {
    return await Promise.race([deps.lookUp(digits, { tryNumber, signal }), tooLate]);
  } finally {
    over.abort();
    await tooLate.catch(() => undefined);
  }
}

/** Unknown, closed, limited and too long take the same time, up to whole steps of `stepMs`. */
async function evenOut(leg: DialogueLeg, clock: Clock, started: number, stepMs: number): Promise<void> {
  if (stepMs <= 0) return;
  const passed = clock.now() - started;
  const steps = Math.max(1, Math.ceil(passed / stepMs));
  await clock.sleep(started + steps * stepMs - clock.now(), leg.signal);
}

async function partUnavailable(leg: DialogueLeg, tries: number): Promise<CodeResult<never>> {
  await sayGoodbye(leg, 'store-unavailable');
  return { outcome: 'unavailable', reason: 'store-unavailable', tries };
}

function refusalReason(heard: readonly string[]): RefusalReason {
  if (heard.includes('limited')) return 'too-many-tries';
  return heard.includes('refused') ? 'no-valid-code' : 'no-digits';
}

function throwIfGone(leg: DialogueLeg): void {
  if (leg.signal.aborted) throw new LegGone('The caller is gone.');
}
