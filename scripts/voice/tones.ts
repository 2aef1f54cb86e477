/** The tones of a room: what happens is heard without words. */
import type { Tone } from '../../ivr/index.ts';
import { decibels, rms } from './measures.ts';
import { levels } from './recipe.ts';
import type { Sound } from './wav.ts';

const RATE = 8_000;
const FADE_MS = 25;

/** In hertz: pleasant together, and no frequency of a telephone key or of call progress. */
const [E4, G4, C5, E5] = [329.63, 392, 523.25, 659.25];

export interface ToneRecipe {
  /** Hertz, one after the other. */
  readonly notes: readonly number[];
  readonly noteMs: number;
  /** What it tells, for the listing. */
  readonly tells: string;
}

export const toneRecipes: Readonly<Record<Tone, ToneRecipe>> = {
  'join-tone': { notes: [C5, E5], noteMs: 130, tells: 'somebody comes' },
  'leave-tone': { notes: [E5, C5], noteMs: 130, tells: 'somebody goes' },
  'record-tone': { notes: [E5], noteMs: 220, tells: 'speak now' },
  'hand-tone': { notes: [G4, C5, E5], noteMs: 90, tells: 'to hosts: a hand went up' },
  'wait-tone': { notes: [E5, E5], noteMs: 110, tells: 'to hosts: somebody waits' },
  'error-tone': { notes: [E4], noteMs: 180, tells: 'this key does nothing' },
};

export function makeTone(tone: Tone): Sound {
  const { notes, noteMs } = toneRecipes[tone];
  const samples = Float64Array.from(notes.flatMap((frequency) => [...makeNote(frequency, noteMs)]));
  const gain = 10 ** ((levels.toneDb - decibels(rms(samples))) / 20);
  return { rate: RATE, samples: samples.map((sample) => sample * gain) };
}

/** Fades in and out, because a tone that begins at once is heard as a click. */
function makeNote(frequency: number, milliseconds: number): Float64Array {
  const length = (RATE * milliseconds) / 1_000;
  const fade = (RATE * FADE_MS) / 1_000;
  return Float64Array.from({ length }, (_, index) => {
    const edge = Math.min(1, index / fade, (length - 1 - index) / fade);
    return Math.sin((2 * Math.PI * frequency * index) / RATE) * Math.sin((Math.PI / 2) * edge) ** 2;
  });
}
