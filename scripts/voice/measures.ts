/** How loud a sound is while somebody speaks, and how long nobody does. Decibels relative to full scale. */
import type { Sound } from './wav.ts';

const FRAME_MS = 20;
const HOP_MS = 10;
/** Frames this far below the loud ones are pauses and do not count for the level. */
const SPEECH_RANGE_DB = 20;
/** What is this far below the speech is silence. */
const SILENCE_BELOW_DB = 35;

export interface Measures {
  readonly milliseconds: number;
  /** Root mean square of the frames in which there is speech. */
  readonly levelDb: number;
  readonly peakDb: number;
  readonly leadingSilenceMs: number;
  readonly trailingSilenceMs: number;
}

export function measure(sound: Sound): Measures {
  const levelDb = speechLevel(sound);
  const perMs = sound.rate / 1_000;
  const loud = (from: number) =>
    decibels(rms(sound.samples.subarray(from, from + 5 * perMs))) > levelDb - SILENCE_BELOW_DB;
  let first = 0;
  while (first < sound.samples.length && !loud(first)) first += perMs;
  let last = sound.samples.length - 5 * perMs;
  while (last > first && !loud(last)) last -= perMs;
  return {
    milliseconds: sound.samples.length / perMs,
    levelDb,
    peakDb: decibels(sound.samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)),
    leadingSilenceMs: first / perMs,
    trailingSilenceMs: (sound.samples.length - (last + 5 * perMs)) / perMs,
  };
}

/** As ITU-T P.56 means it: speech only, pauses left out. */
function speechLevel({ rate, samples }: Sound): number {
  const [frame, hop] = [(rate * FRAME_MS) / 1_000, (rate * HOP_MS) / 1_000];
  const powers: number[] = [];
  for (let at = 0; at + frame <= samples.length; at += hop) powers.push(rms(samples.subarray(at, at + frame)) ** 2);
  const loudest = [...powers].sort((a, b) => a - b)[Math.floor(powers.length * 0.95)] ?? 0;
  const speech = powers.filter((power) => power >= loudest / 10 ** (SPEECH_RANGE_DB / 10));
  return decibels(Math.sqrt(speech.reduce((sum, power) => sum + power, 0) / Math.max(1, speech.length)));
}

export function rms(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

export function decibels(amplitude: number): number {
  return 20 * Math.log10(Math.max(amplitude, 1e-6));
}
