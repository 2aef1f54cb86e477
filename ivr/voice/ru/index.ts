import { createLanguage } from '../grammar.ts';
import { BELOW_TWENTY, numberPhrases, sayNumber, wordStretch } from './numbers.ts';
import { actions, callerEnding, numbered } from './parts.ts';
import { sentences } from './sentences.ts';
import { stresses } from './stresses.ts';

export const russian = createLanguage({
  language: 'ru',
  // Why this voice: docs/decisions/006-voice.md.
  voice: {
    engine: 'festival',
    voice: 'msu_ru_nsh_clunits',
    package: 'festvox-ru',
    charset: 'utf-8',
    stretch: 1,
    stresses,
  },
  sentences,
  numbered,
  actions,
  callerEnding,
  // As one presses them: нажмите звёздочку. Digits do not change.
  keys: { star: 'звёздочку', pound: 'решётку', digits: BELOW_TWENTY.slice(0, 10) },
  wordStretch,
  numberPhrases,
  sayNumber,
  countingForm: 'masculine',
});
