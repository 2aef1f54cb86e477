/**
 * Music on hold of our own: a slow round of eight chords as soft, slightly detuned tones, a broken chord above them, and an
 * echo. Made by arithmetic, so it belongs to nobody else. Inside the telephone band, about −22 dBFS (speech is at −20), and
 * it ends where it begins.
 */
import { MULAW, encodeG711 } from '../../wire/g711.ts';
import { serializeWavHeader } from '../../wire/wav.ts';
import { SAMPLE_RATE } from '../audio.ts';

const BAR_SAMPLES = 4 * SAMPLE_RATE;
const NOTES_PER_BAR = 8;
/** MIDI numbers of each bar, lowest first: C, e minor, a minor, F, C over E, d minor, G suspended, G. */
const BARS: readonly (readonly number[])[] = [
  [60, 64, 67, 71],
  [59, 64, 67, 71],
  [60, 64, 69, 72],
  [60, 65, 69, 72],
  [64, 67, 72, 76],
  [62, 65, 69, 74],
  [62, 67, 72, 74],
  [62, 67, 71, 74],
];
/** Which note of the chord each step of the broken chord is. */
const PATTERN = [0, 2, 1, 3, 2, 1, 3, 2] as const;
const TARGET_RMS = 2603;
const ECHO_SAMPLES = Math.round(0.375 * SAMPLE_RATE);
const ECHO_LEVEL = 0.35;
const ECHOES = 3;
/** A quarter of a hertz apart: each pair swells and fades once in four seconds. */
const DETUNE_HZ = 0.25;

interface Note {
  readonly from: number;
  readonly samples: number;
  readonly hz: number;
  readonly loudness: number;
  readonly attackSeconds: number;
  /** Loudness of each harmonic, the first one first. */
  readonly harmonics: readonly number[];
}

function hertz(midi: number): number {
  return 440 * 2 ** ((midi - 69) / 12);
}

/** @param breathe awaited after each note, so that nobody is held up */
export async function composeMusic(breathe: () => Promise<void>): Promise<Int16Array> {
  const mix = new Float32Array(BARS.length * BAR_SAMPLES);
  for (const [bar, chord] of BARS.entries()) {
    for (const note of [...padOf(bar, chord), ...brokenChordOf(bar, chord)]) {
      addNote(mix, note);
      await breathe();
    }
  }
  return level(mix, breathe);
}

/** The same as a WAVE file of G.711 µ-law, for servers that play files. */
export async function composeMusicFile(breathe: () => Promise<void>): Promise<Buffer> {
  const samples = await composeMusic(breathe);
  const codes = new Uint8Array(samples.length);
  encodeG711(MULAW, samples, codes);
  const header = serializeWavHeader({ encoding: 'mulaw', channels: 1, sampleRate: SAMPLE_RATE }, codes.length);
  return Buffer.concat([header, codes]);
}

function padOf(bar: number, chord: readonly number[]): Note[] {
  const at = { from: bar * BAR_SAMPLES, samples: Math.round(1.4 * BAR_SAMPLES) };
  const sound = { attackSeconds: 1.2, harmonics: [1, 0.3, 0.1] };
  return chord.flatMap((midi) => [
    { ...at, ...sound, hz: hertz(midi), loudness: 0.7 },
    { ...at, ...sound, hz: hertz(midi) + DETUNE_HZ, loudness: 0.25 },
  ]);
}

/** Each note with the echoes of it. */
function brokenChordOf(bar: number, chord: readonly number[]): Note[] {
  const notes: Note[] = [];
  for (const [step, which] of PATTERN.entries()) {
    const from = bar * BAR_SAMPLES + Math.round((step * BAR_SAMPLES) / NOTES_PER_BAR);
    for (let echo = 0; echo <= ECHOES; echo++) {
      notes.push({
        from: from + echo * ECHO_SAMPLES,
        samples: Math.round(1.5 * SAMPLE_RATE),
        hz: hertz(chord[which]! + 12),
        loudness: 0.4 * ECHO_LEVEL ** echo,
        attackSeconds: 0.02,
        harmonics: [1, 0.2],
      });
    }
  }
  return notes;
}

function addNote(mix: Float32Array, { hz, loudness, harmonics, ...note }: Note): void {
  for (const [index, strength] of harmonics.entries()) addSine(mix, note, hz * (index + 1), loudness * strength);
}

/** What reaches over the end goes on at the beginning, so that the loop has no seam. */
function addSine(
  mix: Float32Array,
  { from, samples, attackSeconds }: Pick<Note, 'from' | 'samples' | 'attackSeconds'>,
  hz: number,
  loudness: number,
): void {
  const attack = attackSeconds * SAMPLE_RATE;
  // A pointer that turns by the same angle each sample: no sine has to be worked out but the first.
  const [turnX, turnY] = [Math.cos((2 * Math.PI * hz) / SAMPLE_RATE), Math.sin((2 * Math.PI * hz) / SAMPLE_RATE)];
  let [x, y] = [1, 0];
  let at = from % mix.length;
  for (let index = 0; index < samples; index++) {
    const rise = index < attack ? (index / attack) * (2 - index / attack) : 1;
    const fall = 1 - index / samples;
    mix[at] = mix[at]! + loudness * rise * fall * fall * y;
    const nextX = x * turnX - y * turnY;
    y = x * turnY + y * turnX;
    x = nextX;
    if (++at === mix.length) at = 0;
  }
}

async function level(mix: Float32Array, breathe: () => Promise<void>): Promise<Int16Array> {
  let squares = 0;
  for (const value of mix) squares += value * value;
  const gain = TARGET_RMS / Math.sqrt(squares / mix.length);
  const samples = new Int16Array(mix.length);
  for (let from = 0; from < mix.length; from += SAMPLE_RATE) {
    for (let index = from; index < from + SAMPLE_RATE; index++) samples[index] = Math.round(mix[index]! * gain);
    await breathe();
  }
  return samples;
}
