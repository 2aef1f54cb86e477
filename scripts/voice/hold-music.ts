/**
 * Hold music, made by arithmetic, so that it belongs to nobody else: sixteen slow bars of a soft electric piano over a pad, with
 * a few bells in every other phrase. Between 300 and 2,800 Hz, as a telephone carries it; bass is left to the ear, which
 * completes it from its overtones.
 *
 * Everything is written round a ring: what sounds on at the end sounds on at the beginning, and the loop has no seam.
 */
import { decibels, rms } from './measures.ts';
import { levels } from './recipe.ts';
import type { Sound } from './wav.ts';

const RATE = 8_000;
/** 75 beats a minute: below a resting pulse hurries nobody. */
const BEAT = 0.8 * RATE;
const BAR = 4 * BEAT;

/** MIDI numbers, as written in C. The chord is broken over the bar. */
interface Bar {
  readonly bass: number;
  readonly chord: readonly [number, number, number, number];
}

const bars: readonly Bar[] = [
  { bass: 48, chord: [60, 64, 67, 71] }, // C major seventh
  { bass: 45, chord: [60, 64, 67, 69] }, // A minor seventh
  { bass: 41, chord: [60, 65, 69, 72] }, // F
  { bass: 43, chord: [59, 62, 67, 69] }, // G with its second
  { bass: 52, chord: [59, 64, 67, 74] }, // E minor seventh
  { bass: 45, chord: [60, 64, 69, 76] }, // A minor
  { bass: 50, chord: [60, 65, 69, 77] }, // D minor seventh
  { bass: 43, chord: [60, 62, 67, 74] }, // G, its third held back
  { bass: 48, chord: [60, 64, 67, 74] }, // C with its ninth
  { bass: 52, chord: [59, 62, 67, 71] }, // E minor seventh
  { bass: 41, chord: [60, 64, 69, 72] }, // F major seventh
  { bass: 43, chord: [59, 65, 67, 74] }, // G seventh
  { bass: 45, chord: [60, 64, 67, 72] }, // A minor seventh
  { bass: 53, chord: [60, 65, 67, 69] }, // F with its ninth
  { bass: 50, chord: [57, 62, 65, 72] }, // D minor seventh
  { bass: 43, chord: [60, 62, 65, 69] }, // G ninth, its third held back: leads round to the beginning
];

/** Which note of the chord sounds on each half beat; -1 is a rest. Four bars, or the ear would know it after one. */
const patterns: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 2, 1, 2, -1],
  [0, 2, 1, 3, -1, 2, 1, 2],
  [0, 1, 3, 2, 1, -1, 2, 3],
  [0, 2, 3, -1, 2, 1, -1, -1],
];

/** Bells: beat from the beginning, and note. Two phrases that answer each other, and long rests. */
const bells: readonly (readonly [number, number])[] = [
  [2, 79],
  [3.5, 76],
  [6, 74],
  [9, 72],
  [10.5, 74],
  [13, 71],
  [34, 79],
  [35, 83],
  [38, 79],
  [41, 76],
  [42.5, 72],
  [45, 74],
  [54, 77],
  [57, 76],
  [58.5, 74],
];

/** Sounds in F: the middle voices lie where a telephone is best. */
const TRANSPOSE = 5;

interface Instrument {
  /** Loudness of each partial, the fundamental first. */
  readonly partials: readonly number[];
  readonly attackSeconds: number;
  /** Until a partial has fallen to a third; higher ones fall faster. */
  readonly decaySeconds: number;
}

const piano: Instrument = { partials: [1, 0.36, 0.14, 0.07], attackSeconds: 0.012, decaySeconds: 0.9 };
const bell: Instrument = { partials: [1, 0.12, 0.05], attackSeconds: 0.02, decaySeconds: 1.3 };
/** Overtones mostly: the fundamental lies below the telephone. */
const bass: Instrument = { partials: [0.2, 0.8, 0.5, 0.25], attackSeconds: 0.04, decaySeconds: 1.6 };

/** What a telephone does not carry only costs level: softer below the first, nothing above the second. */
const LOWEST_HZ = 260;
const HIGHEST_HZ = 2_800;

/** @returns 51.2 s */
export function makeHoldMusic(): Sound {
  const ring = new Float64Array(bars.length * BAR);
  for (const [index, { bass: low, chord }] of bars.entries()) {
    const begin = index * BAR;
    strike(ring, begin, low, 0.4, bass);
    strike(ring, begin + 2.5 * BEAT, low, 0.2, bass);
    for (const note of chord) swell(ring, begin, note);
    for (const [step, which] of patterns[index % patterns.length]!.entries()) {
      // The first of a bar a little louder, as a hand plays.
      if (which >= 0) strike(ring, begin + (step * BEAT) / 2, chord[which]!, step === 0 ? 0.4 : 0.3, piano);
    }
  }
  for (const [beat, note] of bells) strike(ring, beat * BEAT, note, 0.16, bell);
  const samples = withRoom(ring);
  const gain = 10 ** ((levels.musicDb - decibels(rms(samples))) / 20);
  return { rate: RATE, samples: samples.map((sample) => sample * gain) };
}

function audible(frequency: number): number {
  return frequency > HIGHEST_HZ ? 0 : frequency ** 2 / (frequency ** 2 + LOWEST_HZ ** 2);
}

function hertz(note: number): number {
  return 440 * 2 ** ((note + TRANSPOSE - 69) / 12);
}

/** A note that is struck and dies away. */
function strike(ring: Float64Array, from: number, note: number, loudness: number, instrument: Instrument): void {
  const { partials, attackSeconds, decaySeconds } = instrument;
  const attack = attackSeconds * RATE;
  for (const [index, part] of partials.entries()) {
    const frequency = hertz(note) * (index + 1);
    const strength = loudness * part * audible(frequency);
    if (strength === 0) continue;
    const decay = (decaySeconds * RATE) / (1 + index * 0.6);
    const step = (2 * Math.PI * frequency) / RATE;
    // Ten decays are 87 dB: silence, also in 16 bits.
    for (let at = 0; at < decay * 10; at++) {
      const envelope = Math.sin((Math.PI / 2) * Math.min(1, at / attack)) ** 2 * Math.exp(-at / decay);
      ring[(from + at) % ring.length]! += strength * envelope * Math.sin(step * at);
    }
  }
}

const SWELL_LOUDNESS = 0.055;

/** The pad: two voices a little apart, so that it lives; it comes and goes with the bar, into the next. */
function swell(ring: Float64Array, from: number, note: number): void {
  const length = BAR * 1.5;
  for (const detune of [-0.6, 0.6]) {
    const frequency = hertz(note) + detune;
    const strength = SWELL_LOUDNESS * audible(frequency);
    const step = (2 * Math.PI * frequency) / RATE;
    for (let at = 0; at < length; at++) {
      const envelope = Math.sin((Math.PI * at) / length) ** 2;
      const wave = Math.sin(step * at) + 0.25 * Math.sin(2 * step * at);
      ring[(from + at) % ring.length]! += strength * envelope * wave;
    }
  }
}

/** Echoes: milliseconds and loudness. They lie between the half beats. */
const echoes = [
  [83, 0.22],
  [151, 0.16],
  [233, 0.12],
  [367, 0.08],
  [541, 0.05],
] as const;

function withRoom(ring: Float64Array): Float64Array {
  return ring.map((sample, at) =>
    echoes.reduce((sum, [milliseconds, loudness]) => {
      const earlier = (at - (milliseconds * RATE) / 1_000 + ring.length) % ring.length;
      return sum + loudness * ring[earlier]!;
    }, sample),
  );
}
