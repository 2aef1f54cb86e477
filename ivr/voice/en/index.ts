import { createLanguage } from '../grammar.ts';
import { actions, callerEnding, numbered } from './parts.ts';
import { BELOW_TWENTY, numberPhrases, sayNumber, wordStretch } from './numbers.ts';
import { sentences } from './sentences.ts';

export const english = createLanguage({
  language: 'en',
  // Why this voice: docs/decisions/006-voice.md.
  voice: { engine: 'flite', voice: 'rms', stretch: 1.08 },
  sentences,
  numbered,
  actions,
  callerEnding,
  keys: { star: 'star', pound: 'pound', digits: BELOW_TWENTY.slice(0, 10) },
  wordStretch,
  numberPhrases,
  sayNumber,
  countingForm: 'any',
});
