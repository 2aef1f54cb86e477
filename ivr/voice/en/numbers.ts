/** English numbers, 0 to 999,999, in the American way: "one hundred twenty-three". */
import type { Phrase, Phrases } from '../language.ts';

/** Of the voice's stretch: a word alone is drawn out otherwise. */
export const wordStretch = { leading: 0.8, last: 0.95 } as const;

export const BELOW_TWENTY = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
] as const;
const TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'] as const;

/** 0 to 99 in words. */
export function smallNumberInWords(value: number): string {
  const low = BELOW_TWENTY[value];
  if (low !== undefined) return low;
  const tens = TENS[Math.floor(value / 10) - 2];
  if (tens === undefined) throw new RangeError(`${value} is not from 0 to 99.`);
  return value % 10 === 0 ? tens : `${tens}-${BELOW_TWENTY[value % 10]!}`;
}

/**
 * Numbers to twenty and the tens as a sentence ends with them; tens, hundreds and the thousand as more follows. A number
 * that stops at a hundred is heard as unfinished for a moment: that is the price of few sounds.
 */
export const numberPhrases: Phrases = Object.fromEntries<Phrase>([
  ...BELOW_TWENTY.map((word, value) => ending(`number-${value}`, word)),
  ...TENS.flatMap((word, index) => [ending(`number-${index + 2}0`, word), leading(`number-${index + 2}0-and`, word)]),
  ...BELOW_TWENTY.slice(1, 10).map((word, index) => leading(`number-${index + 1}00`, `${word} hundred`)),
  leading('number-thousand', 'thousand'),
]);

function ending(name: string, word: string): [string, Phrase] {
  return [name, { text: `${word}.`, stretch: wordStretch.last }];
}

function leading(name: string, word: string): [string, Phrase] {
  return [name, { text: word, joins: true, stretch: wordStretch.leading }];
}

/** @param value 0 to 999,999 */
export function sayNumber(value: number): string[] {
  if (value >= 1_000) {
    const rest = value % 1_000;
    const head = [...sayNumber(Math.floor(value / 1_000)).map(unfinished), 'number-thousand'];
    return [...head, ...(rest === 0 ? [] : sayNumber(rest))];
  }
  const rest = value % 100;
  if (value >= 100) return [`number-${value - rest}`, ...(rest === 0 ? [] : sayNumber(rest))];
  if (value < 20 || value % 10 === 0) return [`number-${value}`];
  return [`number-${value - (value % 10)}-and`, `number-${value % 10}`];
}

/** One to nine and the tens as more follows; ten to nineteen have only a falling voice. */
function unfinished(name: string): string {
  return name.replace(/^number-([1-9])$/, 'key-$1').replace(/^(number-[2-9]0)$/, '$1-and');
}
