import { createLanguage } from '../grammar.ts';
import { BELOW_TWENTY, numberPhrases, sayNumber, wordStretch } from './numbers.ts';
import { actions, callerEnding, numbered } from './parts.ts';
import { sentences } from './sentences.ts';

export const italian = createLanguage({
  language: 'it',
  // Why this voice: docs/decisions/006-voice.md.
  voice: {
    engine: 'festival',
    voice: 'pc_diphone',
    package: 'festvox-itapc16k',
    charset: 'latin1',
    stretch: 1,
    brighterDb: 6,
  },
  sentences,
  numbered,
  actions,
  callerEnding,
  keys: { star: 'asterisco', pound: 'cancelletto', digits: BELOW_TWENTY.slice(0, 10) },
  wordStretch,
  numberPhrases,
  sayNumber,
  countingForm: 'any',
});
