import type { CompleteLanguage, SpokenPrompt } from '../language.ts';
import { sayNumber } from './numbers.ts';
import { MOST_OTHERS_IN_ONE_SENTENCE, phrases } from './phrases.ts';

export const english: CompleteLanguage = {
  language: 'en',
  // Why this voice: docs/decisions/006-voice.md.
  voice: { engine: 'flite', voice: 'rms', stretch: 1.08 },
  phrases,
  say,
};

function say(prompt: SpokenPrompt): readonly string[] {
  if (typeof prompt === 'string') return [prompt];
  switch (prompt.meaning) {
    case 'number':
      return sayNumber(prompt.value);
    case 'others-in-conference':
      return sayOthers(prompt.count);
  }
}

function sayOthers(count: number): readonly string[] {
  const number = sayNumber(count);
  if (count === 0) throw new RangeError('No others cannot be told: with nobody there, say first-in-conference.');
  return count <= MOST_OTHERS_IN_ONE_SENTENCE ? [`others-${count}`] : ['others-many', ...number];
}
