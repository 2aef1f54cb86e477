/** Italian numbers, 0 to 999,999. To ninety-nine each is one sound, because the words melt together: ventuno, ventotto. */
import { range } from '../grammar.ts';
import type { Phrase, Phrases } from '../language.ts';

/** Of the voice's stretch: a word alone is drawn out otherwise. */
export const wordStretch = { leading: 0.9, last: 0.95 } as const;

export const BELOW_TWENTY = [
  'zero',
  'uno',
  'due',
  'tre',
  'quattro',
  'cinque',
  'sei',
  'sette',
  'otto',
  'nove',
  'dieci',
  'undici',
  'dodici',
  'tredici',
  'quattordici',
  'quindici',
  'sedici',
  'diciassette',
  'diciotto',
  'diciannove',
] as const;
const TENS = ['venti', 'trenta', 'quaranta', 'cinquanta', 'sessanta', 'settanta', 'ottanta', 'novanta'] as const;

/** 0 to 99 in words. */
export function smallNumberInWords(value: number): string {
  const low = BELOW_TWENTY[value];
  if (low !== undefined) return low;
  const tens = TENS[Math.floor(value / 10) - 2];
  if (tens === undefined) throw new RangeError(`${value} is not from 0 to 99.`);
  const ones = value % 10;
  if (ones === 0) return tens;
  // Before a vowel the tens lose theirs, and three at the end takes an accent.
  const stem = ones === 1 || ones === 8 ? tens.slice(0, -1) : tens;
  return stem + (ones === 3 ? 'tré' : BELOW_TWENTY[ones]!);
}

const HUNDREDS = ['cento', ...BELOW_TWENTY.slice(2, 10).map((word) => `${word}cento`)];

export const numberPhrases: Phrases = Object.fromEntries<Phrase>([
  ...range(0, 99).map(ending),
  ...HUNDREDS.map((word, index) => leading(`number-${index + 1}00`, word)),
  leading('number-mille', 'mille'),
  leading('number-mila', 'mila'),
]);

function ending(value: number): [string, Phrase] {
  const words = smallNumberInWords(value);
  // The voice would read sei and sette with a soft s after the tens.
  const spoken = words.replace(/(ta)(sei|sette)$/, '$1 $2');
  const phrase = { text: `${words}.`, stretch: wordStretch.last };
  return [`number-${value}`, spoken === words ? phrase : { ...phrase, spoken: `${spoken}.` }];
}

function leading(name: string, word: string): [string, Phrase] {
  return [name, { text: word, joins: true, stretch: wordStretch.leading }];
}

/** @param value 0 to 999,999 */
export function sayNumber(value: number): string[] {
  if (value >= 1_000) {
    const [thousands, rest] = [Math.floor(value / 1_000), value % 1_000];
    const head = thousands === 1 ? ['number-mille'] : [...sayNumber(thousands).map(unfinished), 'number-mila'];
    return [...head, ...(rest === 0 ? [] : sayNumber(rest))];
  }
  const rest = value % 100;
  if (value < 100) return [`number-${value}`];
  return [`number-${value - rest}`, ...(rest === 0 ? [] : sayNumber(rest))];
}

/** Two to nine as more follows; larger ones have only a falling voice. */
function unfinished(name: string): string {
  return name.replace(/^number-([2-9])$/, 'key-$1');
}
