/** Greets a caller and asks for the access code, three times at most. */
import type { DialogueLeg } from '../leg.ts';
import type { Prompt } from '../prompts.ts';
import { askCode, type AskCodeDeps, type AskCodeOptions, type CodeAnswer, type CodeResult } from './ask-code.ts';

export type { RefusalReason } from './ask-code.ts';
export type AccessCodeLookup<Found> = CodeAnswer<Found>;
export type AccessCodeResult<Found> = Exclude<CodeResult<Found>, { outcome: 'skipped' }>;
export type AskAccessCodeDeps<Found> = AskCodeDeps<Found>;

export interface AskAccessCodeOptions extends AskCodeOptions {
  /** First words of the call; empty when the caller has heard them already. Default: `welcome`. */
  readonly greeting?: readonly Prompt[];
}

/**
 * The caller has heard goodbye when the outcome is not `found`.
 * @throws LegGone on hang-up; whatever `lookUp` throws passes through
 */
export async function askAccessCode<Found>(
  leg: DialogueLeg,
  deps: AskAccessCodeDeps<Found>,
  { greeting = ['welcome'], ...options }: AskAccessCodeOptions,
): Promise<AccessCodeResult<Found>> {
  const result = await askCode(
    leg,
    deps,
    {
      first: [...greeting, 'enter-access-code'],
      silent: ['no-input', 'enter-access-code'],
      wrong: ['code-not-recognised', 'try-again'],
      optional: false,
    },
    options,
  );
  if (result.outcome === 'skipped') throw new Error('an access code cannot be skipped');
  return result;
}
