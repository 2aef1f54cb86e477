/**
 * Music on hold of our own: a slow round of four chords as soft tones with a quiet broken chord above. Made by arithmetic,
 * so it belongs to nobody else. About −20 dBFS, ends where it begins.
 */
import { SAMPLE_RATE } from '../audio.ts';

const BAR_SAMPLES = 3 * SAMPLE_RATE;
const NOTES_PER_BAR = 6;
/** MIDI numbers: C, a minor, F, G, twice, the second time higher. */
const BARS: readonly (readonly number[])[] = [
  [48, 55, 64, 67],
  [45, 52, 60, 64],
  [41, 53, 57, 60],
  [43, 50, 59, 62],
  [48, 55, 64, 72],
  [45, 57, 64, 69],
  [41, 57, 60, 65],
  [43, 55, 59, 67],
];
const TARGET_RMS = 3277;

function hertz(midi: number): number {
  return 440 * 2 ** ((midi - 69) / 12);
}

/** @param breathe awaited after each bar */
export async function composeMusic(breathe: () => Promise<void>): Promise<Int16Array> {
  const mix = new Float32Array(BARS.length * BAR_SAMPLES);
  for (const [bar, chord] of BARS.entries()) {
    for (const note of chord) {
      addNote(mix, bar * BAR_SAMPLES, hertz(note), 0.9, 0.5, 1.3 * BAR_SAMPLES);
      await breathe();
    }
    for (let step = 0; step < NOTES_PER_BAR; step++) {
      const note = chord[[1, 2, 3, 2, 3, 2][step]!]! + 12;
      addNote(
        mix,
        bar * BAR_SAMPLES + Math.floor((step * BAR_SAMPLES) / NOTES_PER_BAR),
        hertz(note),
        0.35,
        0.01,
        SAMPLE_RATE,
      );
    }
    await breathe();
  }
  return level(mix);
}

/** Two sines and a fade; what reaches over the end goes on at the beginning, so that the loop has no seam. */
function addNote(
  mix: Float32Array,
  from: number,
  hz: number,
  loudness: number,
  attackSeconds: number,
  samples: number,
): void {
  const attack = attackSeconds * SAMPLE_RATE;
  const step = (2 * Math.PI * hz) / SAMPLE_RATE;
  for (let index = 0; index < samples; index++) {
    const fall = (1 - index / samples) ** 2;
    const envelope = Math.min(1, index / attack) * fall * loudness;
    const at = (from + index) % mix.length;
    mix[at] = mix[at]! + envelope * (Math.sin(step * index) + 0.25 * Math.sin(2 * step * index));
  }
}

function level(mix: Float32Array): Int16Array {
  let squares = 0;
  for (const value of mix) squares += value * value;
  const gain = TARGET_RMS / Math.sqrt(squares / mix.length);
  // A soft knee instead of a hard edge for the few peaks above full scale.
  return Int16Array.from(mix, (value) => Math.round(32_000 * Math.tanh((value * gain) / 32_000)));
}
