/** Asks somebody who has come in with the guest code for their personal code: required, or for those who have one. */
import type { DialogueLeg } from '../leg.ts';
import { askCode, type AskCodeDeps, type AskCodeOptions, type CodeResult } from './ask-code.ts';

export interface AskPersonalCodeOptions extends AskCodeOptions {
  /** Whoever has none cannot go on. */
  readonly required: boolean;
}

/**
 * The caller has heard goodbye when the outcome is neither `found` nor `skipped`.
 * @throws LegGone on hang-up; whatever `lookUp` throws passes through
 */
export function askPersonalCode<Found>(
  leg: DialogueLeg,
  deps: AskCodeDeps<Found>,
  { required, ...options }: AskPersonalCodeOptions,
): Promise<CodeResult<Found>> {
  const ask = required ? 'enter-personal-code' : 'enter-personal-code-or-pound';
  return askCode(
    leg,
    deps,
    {
      first: [ask],
      silent: ['no-input', ask],
      // Without a code of one's own, one has to hear again how to go on.
      wrong: ['personal-code-not-recognised', required ? 'try-again' : ask],
      optional: !required,
    },
    options,
  );
}
