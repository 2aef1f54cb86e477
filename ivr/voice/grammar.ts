/**
 * What the languages have in common: a sentence with a small number is one sound, because a number put into a sentence has the
 * wrong melody; with a larger one the number comes last, where a falling voice belongs. So do keys and digits. A language
 * brings the words, and how its numbers are made.
 */
import type { Action, CountedPrompt, PlainMeaning } from '../prompts.ts';
import type { CompleteLanguage, Phrase, Phrases, SpokenPrompt, VoiceSettings } from './language.ts';

export const LARGEST_NUMBER = 999_999;

/** `number` itself is the language's own. */
export type NumberedMeaning = Exclude<CountedPrompt['meaning'], 'number'>;

/** One sentence with a number in it. */
export interface NumberedSentence<Form extends string> {
  /** By number: the whole sentence, one sound each. */
  readonly whole: Readonly<Record<number, string>>;
  /** The words before any other number: "The number of people waiting is". */
  readonly lead: string;
  /** How the number agrees with what is counted. */
  readonly form: Form;
}

/** What a language brings. */
export interface Words<Form extends string> {
  readonly language: string;
  readonly voice: VoiceSettings;
  readonly sentences: Readonly<Record<PlainMeaning, Phrase>>;
  readonly numbered: Readonly<Record<NumberedMeaning, NumberedSentence<Form>>>;
  /** "To mute or unmute yourself, press": the keys follow. */
  readonly actions: Readonly<Record<Action, string>>;
  /** "the caller whose number ends in" */
  readonly callerEnding: string;
  /** The words of the keys, digits in their order. */
  readonly keys: { readonly star: string; readonly pound: string; readonly digits: readonly string[] };
  /** Times the voice's stretch, for a word that more follows, and for the last. */
  readonly wordStretch: { readonly leading: number; readonly last: number };
  /** Among them `number-0` to `number-9`, which are also the last key or digit of a sentence. */
  readonly numberPhrases: Phrases;
  /** @param value a whole number from 0 to LARGEST_NUMBER */
  readonly sayNumber: (value: number, form: Form) => readonly string[];
  readonly countingForm: Form;
}

/** Said in other words: "There are no people waiting" is `nobody-waits`. */
const otherWords: Readonly<Partial<Record<NumberedMeaning, Readonly<Record<number, PlainMeaning>>>>> = {
  'people-in-conference': { 1: 'only-you-are-here' },
  'people-waiting': { 0: 'nobody-waits' },
  'people-admitted': { 0: 'nobody-waits' },
  'people-joined': { 1: 'somebody-joined' },
  'people-left': { 1: 'somebody-left' },
};

export function createLanguage<Form extends string>(words: Words<Form>): CompleteLanguage {
  const { language, voice, sayNumber, countingForm } = words;

  function say(prompt: SpokenPrompt): readonly string[] {
    if (typeof prompt === 'string') return [prompt];
    switch (prompt.meaning) {
      case 'number':
        return sayNumber(checkNumber(prompt.value, 0), countingForm);
      case 'keys':
        return spell(prompt.keys, KEYS);
      case 'action':
        return [`to-${prompt.action}`, ...spell(prompt.keys, KEYS)];
      case 'caller-ending':
        return ['caller-ending', ...spell(prompt.digits, DIGITS)];
      default:
        return sayNumbered(prompt.meaning, numberIn(prompt));
    }
  }

  function sayNumbered(meaning: NumberedMeaning, value: number): readonly string[] {
    const plain = otherWords[meaning]?.[value];
    if (plain !== undefined) return [plain];
    const { whole, form } = words.numbered[meaning];
    checkNumber(value, meaning === 'person-number' ? 0 : 1);
    return Object.hasOwn(whole, value) ? [`${meaning}-${value}`] : [`${meaning}-many`, ...sayNumber(value, form)];
  }

  return { language, voice, phrases: phrasesOf(words), say };
}

function phrasesOf<Form extends string>(words: Words<Form>): Phrases {
  const numbered = Object.entries(words.numbered).flatMap(([meaning, { whole, lead }]) => [
    ...Object.entries(whole).map(([value, text]) => [`${meaning}-${value}`, { text }] as const),
    [`${meaning}-many`, { text: lead, joins: true }] as const,
  ]);
  const actions = Object.entries(words.actions).map(
    ([action, text]) => [`to-${action}`, { text, joins: true }] as const,
  );
  return {
    ...words.sentences,
    ...Object.fromEntries<Phrase>(numbered),
    ...Object.fromEntries<Phrase>(actions),
    'caller-ending': { text: words.callerEnding, joins: true },
    ...keyPhrases(words),
    ...words.numberPhrases,
  };
}

const KEYS = /^[0-9*#]{1,8}$/;
const DIGITS = /^[0-9]{1,8}$/;
const KEY_NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'pound' };

function keyPhrases<Form extends string>({ keys, wordStretch }: Words<Form>): Phrases {
  const { star, pound, digits } = keys;
  const leading = (text: string): Phrase => ({ text, joins: true, stretch: wordStretch.leading });
  const last = (text: string): Phrase => ({ text: `${text}.`, stretch: wordStretch.last });
  return {
    'key-star': leading(star),
    'key-star-last': last(star),
    'key-pound': leading(pound),
    'key-pound-last': last(pound),
    ...Object.fromEntries(digits.map((word, digit) => [`key-${digit}`, leading(word)])),
  };
}

function spell(keys: string, allowed: RegExp): string[] {
  if (!allowed.test(keys)) throw new RangeError(`"${keys.slice(0, 20)}" cannot be spelled: 1 to 8 keys.`);
  return keys.split('').map((key, index) => keyPhrase(key, index === keys.length - 1));
}

function keyPhrase(key: string, last: boolean): string {
  const name = KEY_NAMES[key];
  if (!last) return `key-${name ?? key}`;
  return name === undefined ? `number-${key}` : `key-${name}-last`;
}

function numberIn(prompt: Exclude<CountedPrompt, { meaning: 'number' }>): number {
  if ('count' in prompt) return prompt.count;
  if ('position' in prompt) return prompt.position;
  if ('minutes' in prompt) return prompt.minutes;
  if ('seconds' in prompt) return prompt.seconds;
  return prompt.value;
}

/** @throws RangeError when it cannot be said */
function checkNumber(value: number, least: number): number {
  if (!Number.isInteger(value) || value < least || value > LARGEST_NUMBER) {
    throw new RangeError(`${value} is not a whole number from ${least} to ${LARGEST_NUMBER}.`);
  }
  return value;
}

/** `{ 2: text(2), 3: text(3), … }` */
export function sentencesFor(numbers: readonly number[], text: (value: number) => string): Record<number, string> {
  return Object.fromEntries(numbers.map((value) => [value, text(value)]));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
