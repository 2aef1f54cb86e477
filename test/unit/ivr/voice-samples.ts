/** Every prompt there is; those with a number in them with enough numbers to need every phrase. */
import {
  actions,
  countedMeanings,
  plainMeanings,
  type CountedPrompt,
  type SpelledPrompt,
} from '../../../ivr/prompts.ts';
import type { SpokenPrompt } from '../../../ivr/voice/language.ts';

export const NUMBERS = [
  ...Array.from({ length: 1_200 }, (_, index) => index),
  ...[2_000, 21_021, 31_000, 100_000, 101_101, 121_000, 200_200, 999_999],
];

/** @param value from 0; prompts that cannot be said with it are left out */
export function promptsWith(value: number): CountedPrompt[] {
  const always: CountedPrompt[] = [
    { meaning: 'number', value },
    { meaning: 'person-number', value },
    { meaning: 'people-waiting', count: value },
    { meaning: 'people-admitted', count: value },
  ];
  if (value === 0) return always;
  return [
    ...always,
    ...countedMeanings.map((meaning): CountedPrompt => ({ meaning, count: value })),
    { meaning: 'place-in-queue', position: value },
    { meaning: 'hand-place', position: value },
    { meaning: 'ends-in-minutes', minutes: value },
    { meaning: 'ends-in-seconds', seconds: value },
  ];
}

export function spelledPrompts(): SpelledPrompt[] {
  return [
    { meaning: 'caller-ending', digits: '01234567' },
    { meaning: 'caller-ending', digits: '7890' },
    ...['*1', '#2', '**', '##', '0*', '1#'].map((keys): SpelledPrompt => ({ meaning: 'keys', keys })),
    ...actions.map((action): SpelledPrompt => ({ meaning: 'action', action, keys: '*6' })),
  ];
}

export function everyPrompt(): SpokenPrompt[] {
  return [...plainMeanings, ...NUMBERS.flatMap(promptsWith), ...spelledPrompts()];
}
