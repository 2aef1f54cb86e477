/** Russian numbers, 0 to 999,999: one and two agree with what is counted, and so does what is counted with its number. */
import type { Phrase, Phrases } from '../language.ts';

/** What is counted: участник (masculine), минута (feminine). */
export type Gender = 'masculine' | 'feminine';

/** The voice speaks a word alone as it was recorded; it cannot be stretched. */
export const wordStretch = { leading: 1, last: 1 } as const;

export const BELOW_TWENTY = [
  'ноль',
  'один',
  'два',
  'три',
  'четыре',
  'пять',
  'шесть',
  'семь',
  'восемь',
  'девять',
  'десять',
  'одиннадцать',
  'двенадцать',
  'тринадцать',
  'четырнадцать',
  'пятнадцать',
  'шестнадцать',
  'семнадцать',
  'восемнадцать',
  'девятнадцать',
] as const;
const FEMININE: Readonly<Record<number, string>> = { 1: 'одна', 2: 'две' };
const TENS = [
  'двадцать',
  'тридцать',
  'сорок',
  'пятьдесят',
  'шестьдесят',
  'семьдесят',
  'восемьдесят',
  'девяносто',
] as const;
const HUNDREDS = [
  'сто',
  'двести',
  'триста',
  'четыреста',
  'пятьсот',
  'шестьсот',
  'семьсот',
  'восемьсот',
  'девятьсот',
] as const;

/** The three forms of a counted noun: один человек, два человека, пять человек. */
export type Counted = readonly [one: string, few: string, many: string];

/** @returns the form that goes with `value`: 21 as 1, 22 to 24 as 2, 11 to 14 as 5 */
export function agreeing<Form>(value: number, [one, few, many]: readonly [Form, Form, Form]): Form {
  const [ones, tens] = [value % 10, Math.floor(value / 10) % 10];
  if (tens === 1 || ones === 0 || ones >= 5) return many;
  return ones === 1 ? one : few;
}

/** 0 to 99 in words. */
export function smallNumberInWords(value: number, gender: Gender): string {
  const low = lowWord(value, gender);
  if (low !== undefined) return low;
  const tens = TENS[Math.floor(value / 10) - 2];
  if (tens === undefined) throw new RangeError(`${value} is not from 0 to 99.`);
  return value % 10 === 0 ? tens : `${tens} ${lowWord(value % 10, gender)!}`;
}

function lowWord(value: number, gender: Gender): string | undefined {
  return (gender === 'feminine' ? FEMININE[value] : undefined) ?? BELOW_TWENTY[value];
}

export const numberPhrases: Phrases = Object.fromEntries<Phrase>([
  ...BELOW_TWENTY.map((word, value) => ending(`number-${value}`, word)),
  ...Object.entries(FEMININE).flatMap(([value, word]) => [
    ending(`number-${value}-f`, word),
    leading(`number-${value}-f-and`, word),
  ]),
  ...TENS.flatMap((word, index) => [ending(`number-${index + 2}0`, word), leading(`number-${index + 2}0-and`, word)]),
  ...HUNDREDS.flatMap((word, index) => [
    ending(`number-${index + 1}00`, word),
    leading(`number-${index + 1}00-and`, word),
  ]),
  leading('number-thousand-1', 'тысяча'),
  leading('number-thousand-2', 'тысячи'),
  leading('number-thousand-5', 'тысяч'),
]);

function ending(name: string, word: string): [string, Phrase] {
  return [name, { text: `${word}.` }];
}

function leading(name: string, word: string): [string, Phrase] {
  return [name, { text: word, joins: true }];
}

/** @param value 0 to 999,999 */
export function sayNumber(value: number, gender: Gender): string[] {
  if (value < 1_000) return sayHundreds(value, gender, true);
  const [thousands, rest] = [Math.floor(value / 1_000), value % 1_000];
  // A thousand is feminine itself: одна тысяча, две тысячи, пять тысяч.
  const noun = `number-thousand-${agreeing(thousands, [1, 2, 5])}`;
  return [...sayHundreds(thousands, 'feminine', false), noun, ...(rest === 0 ? [] : sayNumber(rest, gender))];
}

/** @param last nothing follows: the voice falls */
function sayHundreds(value: number, gender: Gender, last: boolean): string[] {
  const ended = (name: string, end: boolean) => (end ? name : `${name}-and`);
  const [hundreds, rest] = [value - (value % 100), value % 100];
  const head = hundreds === 0 ? [] : [ended(`number-${hundreds}`, last && rest === 0)];
  if (rest === 0 && hundreds > 0) return head;
  const [tens, ones] = rest < 20 ? [0, rest] : [rest - (rest % 10), rest % 10];
  const middle = tens === 0 ? [] : [ended(`number-${tens}`, last && ones === 0)];
  if (ones === 0 && tens > 0) return [...head, ...middle];
  return [...head, ...middle, lowPhrase(ones, gender, last)];
}

function lowPhrase(value: number, gender: Gender, last: boolean): string {
  const feminine = gender === 'feminine' && Object.hasOwn(FEMININE, value);
  if (feminine) return last ? `number-${value}-f` : `number-${value}-f-and`;
  // As keys and digits are spoken; from ten on, only the one with a falling voice is there.
  return last || value >= 10 ? `number-${value}` : `key-${value}`;
}
