/** What is heard: tones by the Goertzel algorithm, levels, gaps and clipping. Levels are dBFS: a sine of full scale is 0. */
import type { Sound } from './wav.ts';

/** Far enough apart, and from the service's own signal tones, to be told from each other in 100 ms. */
export const TONES = [440, 620, 830, 1_070, 1_330, 1_610, 1_930] as const;
export const SILENCE_DB = -100;
/** A phone's tone is sent at −12 dBFS; what is 28 dB below is not heard any more. */
export const HEARD_DB = -40;
const FULL_SCALE = 32_768;

export function makeTone(frequency: number, milliseconds: number, options: { rate?: number; db?: number } = {}): Sound {
  const rate = options.rate ?? 8_000;
  const amplitude = FULL_SCALE * 10 ** ((options.db ?? -12) / 20);
  const samples = new Int16Array(Math.round((rate * milliseconds) / 1_000));
  for (let index = 0; index < samples.length; index++) {
    const value = amplitude * Math.sin((2 * Math.PI * frequency * index) / rate);
    samples[index] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(value)));
  }
  return { rate, samples };
}

export const makeSilence = (milliseconds: number, rate = 8_000): Sound => ({
  rate,
  samples: new Int16Array(Math.round((rate * milliseconds) / 1_000)),
});

export const lengthMs = (sound: Sound): number => (sound.samples.length * 1_000) / sound.rate;

/** The part from `fromMs` (counted from the end when negative) to `toMs`. */
export function cut(sound: Sound, fromMs: number, toMs = lengthMs(sound)): Sound {
  const at = (milliseconds: number) =>
    Math.round(((milliseconds < 0 ? lengthMs(sound) + milliseconds : milliseconds) * sound.rate) / 1_000);
  return { rate: sound.rate, samples: sound.samples.subarray(Math.max(0, at(fromMs)), at(toMs)) };
}

/** Level of one frequency. A Hann window keeps other tones from leaking in. */
export function toneLevel(sound: Sound, frequency: number): number {
  const { samples, rate } = sound;
  const count = samples.length;
  if (count < 2) return SILENCE_DB;
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let [before, last] = [0, 0];
  for (let index = 0; index < count; index++) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / (count - 1));
    [before, last] = [last, (samples[index] ?? 0) * window + coefficient * last - before];
  }
  const power = last * last + before * before - coefficient * last * before;
  // A sine of amplitude A gives A·N/2, and the window's mean is a half.
  return decibels((4 * Math.sqrt(Math.max(0, power))) / count / FULL_SCALE);
}

/**
 * The level in most of the time: the median of blocks of 50 ms. A packet that a busy machine lost, or a jump of phase where
 * the player caught up, does not move it; a wrong gain does.
 */
export function usualLevel(sound: Sound, frequency: number, blockMs = 50): number {
  const blocks: number[] = [];
  for (let atMs = 0; atMs + blockMs <= lengthMs(sound); atMs += blockMs) {
    blocks.push(toneLevel(cut(sound, atMs, atMs + blockMs), frequency));
  }
  return blocks.toSorted((one, other) => one - other)[Math.floor(blocks.length / 2)] ?? SILENCE_DB;
}

/** Which of `candidates` are heard. */
export function tonesHeard(sound: Sound, candidates: readonly number[] = TONES, leastDb = HEARD_DB): number[] {
  return candidates.filter((frequency) => toneLevel(sound, frequency) >= leastDb);
}

/** Root mean square; a sine of full scale is 0 here too. */
export function level(sound: Sound): number {
  let sum = 0;
  for (const sample of sound.samples) sum += sample * sample;
  return sound.samples.length === 0
    ? SILENCE_DB
    : decibels((Math.sqrt(sum / sound.samples.length) * Math.SQRT2) / FULL_SCALE);
}

export interface Gap {
  readonly atMs: number;
  readonly lengthMs: number;
}

/** Where a tone is missing for a block or more; blocks are 20 ms, as RTP packets are. */
export function gaps(sound: Sound, frequency: number, leastDb = HEARD_DB, blockMs = 20): Gap[] {
  const found: { atMs: number; lengthMs: number }[] = [];
  for (let atMs = 0; atMs + blockMs <= lengthMs(sound); atMs += blockMs) {
    if (toneLevel(cut(sound, atMs, atMs + blockMs), frequency) >= leastDb) continue;
    const last = found.at(-1);
    if (last && last.atMs + last.lengthMs === atMs) last.lengthMs += blockMs;
    else found.push({ atMs, lengthMs: blockMs });
  }
  return found;
}

/** In milliseconds; a machine that is busy otherwise may cost a packet or two. */
export function longestGap(sound: Sound, frequency: number): number {
  return Math.max(0, ...gaps(sound, frequency).map((gap) => gap.lengthMs));
}

/** Number of samples at full scale. */
export function clippedSamples(sound: Sound): number {
  // The largest value of G.711 µ-law is 32,124, of A-law 32,256.
  return sound.samples.reduce((count, sample) => (Math.abs(sample) >= 32_124 ? count + 1 : count), 0);
}

function decibels(ratio: number): number {
  return ratio <= 0 ? SILENCE_DB : Math.max(SILENCE_DB, 20 * Math.log10(ratio));
}
