/** The tones of a room: somebody comes (two notes up), somebody goes (two notes down). */
import type { Tone } from '../../ivr/index.ts';
import { decibels, rms } from './measures.ts';
import { levels } from './recipe.ts';
import type { Sound } from './wav.ts';

const RATE = 8_000;
const NOTE_MS = 130;
const FADE_MS = 25;

/** C5 and E5, in hertz: pleasant together, and no frequency of a telephone key or of call progress. */
const [LOW, HIGH] = [523.25, 659.25];

export const toneNotes: Readonly<Record<Tone, readonly number[]>> = {
  'join-tone': [LOW, HIGH],
  'leave-tone': [HIGH, LOW],
};

export function makeTone(tone: Tone): Sound {
  const notes = toneNotes[tone].flatMap((frequency) => [...makeNote(frequency)]);
  const samples = Float64Array.from(notes);
  const gain = 10 ** ((levels.toneDb - decibels(rms(samples))) / 20);
  return { rate: RATE, samples: samples.map((sample) => sample * gain) };
}

/** Fades in and out, because a tone that begins at once is heard as a click. */
function makeNote(frequency: number): Float64Array {
  const length = (RATE * NOTE_MS) / 1_000;
  const fade = (RATE * FADE_MS) / 1_000;
  return Float64Array.from({ length }, (_, index) => {
    const edge = Math.min(1, index / fade, (length - 1 - index) / fade);
    return Math.sin((2 * Math.PI * frequency * index) / RATE) * Math.sin((Math.PI / 2) * edge) ** 2;
  });
}
