/**
 * `tone_stream://` in FreeSWITCH's tone language: `%(on,off,hz,…)` and keys, separated by `;`, with `v=` (dB), `d=` and `w=`
 * (default on and off, ms), `l=` (times each tone), `L=` (times the whole), `>=`, `<=` and `+=` (fade), `loops=` (times in all, −1 for ever).
 */
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../audio.ts';
import type { AudioSource } from './audio-source.ts';

export interface ToneSegment {
  /** Samples of tone, then samples of silence. */
  readonly on: number;
  readonly off: number;
  readonly frequencies: readonly number[];
  /** dB, 0 … −63. */
  readonly volume: number;
  readonly times: number;
  /** Every `step` samples the level changes by `decibels`. */
  readonly fade?: { readonly step: number; readonly decibels: number };
}

export interface ToneProgram {
  readonly segments: readonly ToneSegment[];
  /** How often all is played again after the first time; Infinity = for ever. */
  readonly repeats: number;
}

const MAX_SEGMENTS = 256;
const MAX_FREQUENCIES = 18;
const MAX_TEXT = 4096;
const MAX_SEGMENT_MS = 3_600_000;
const DEFAULT_VOLUME = -7;

/** ITU-T Q.23. */
export const DTMF_FREQUENCIES: Readonly<Record<string, readonly [number, number]>> = {
  '1': [697, 1209],
  '2': [697, 1336],
  '3': [697, 1477],
  A: [697, 1633],
  '4': [770, 1209],
  '5': [770, 1336],
  '6': [770, 1477],
  B: [770, 1633],
  '7': [852, 1209],
  '8': [852, 1336],
  '9': [852, 1477],
  C: [852, 1633],
  '*': [941, 1209],
  '0': [941, 1336],
  '#': [941, 1477],
  D: [941, 1633],
};

interface ParserState {
  duration: number;
  wait: number;
  volume: number;
  times: number;
  fadeDirection: -1 | 0 | 1;
  fadeStep: number;
  fadeDecibels: number;
  whole: number;
}

/** @returns undefined when nothing in the text is a tone */
export function parseToneProgram(text: string): ToneProgram | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const loopsAt = text.toLowerCase().indexOf(';loops=');
  const loops = loopsAt < 0 ? 0 : integer(text.slice(loopsAt + 7));
  const state: ParserState = {
    duration: 2000,
    wait: 500,
    volume: DEFAULT_VOLUME,
    times: 1,
    fadeDirection: 0,
    fadeStep: 0,
    fadeDecibels: 1,
    whole: 1,
  };
  const segments: ToneSegment[] = [];
  for (const part of (loopsAt < 0 ? text : text.slice(0, loopsAt)).split(';')) {
    const trimmed = part.trim();
    if (trimmed[1] === '=') applySetting(state, trimmed[0]!, trimmed.slice(2));
    else segments.push(...readTones(state, trimmed));
    if (segments.length > MAX_SEGMENTS) return undefined;
  }
  if (segments.length === 0) return undefined;
  return { segments, repeats: loops < 0 ? Infinity : Math.max(1, loops) * state.whole - 1 };
}

function applySetting(state: ParserState, name: string, value: string): void {
  switch (name) {
    case 'd':
      state.duration = milliseconds(value);
      break;
    case 'w':
      state.wait = milliseconds(value);
      break;
    case 'v': {
      const volume = Number.parseFloat(value);
      if (volume <= 0 && volume >= -63) state.volume = volume;
      break;
    }
    case 'l':
      state.times = integer(value) < 0 ? Infinity : Math.max(1, integer(value));
      break;
    case 'L':
      state.whole = Math.max(1, integer(value));
      break;
    case '>':
    case '<':
      state.fadeDirection = name === '>' ? -1 : 1;
      state.fadeStep = milliseconds(value);
      break;
    case '+':
      state.fadeDecibels = Number.parseFloat(value) || 0;
      break;
    default: // c= and r= (channels, rate) are the engine's own affair
  }
}

function readTones(state: ParserState, text: string): ToneSegment[] {
  const segments: ToneSegment[] = [];
  for (let at = 0; at < text.length && segments.length <= MAX_SEGMENTS; at++) {
    const key = text[at]!.toUpperCase();
    let numbers: string[] = [];
    if (text[at + 1] === '(') {
      const close = text.indexOf(')', at);
      numbers = text.slice(at + 2, close < 0 ? text.length : close).split(',');
      at = close < 0 ? text.length : close;
    }
    const given = numbers.slice(2).map((value) => Number.parseFloat(value));
    const frequencies = key === '%' ? given.slice(0, MAX_FREQUENCIES) : (DTMF_FREQUENCIES[key] ?? []);
    const audible = frequencies.filter((hz) => hz > 0 && hz < SAMPLE_RATE / 2);
    const on = numbers[0] === undefined ? state.duration : milliseconds(numbers[0]);
    const off = numbers[1] === undefined ? state.wait : milliseconds(numbers[1]);
    if (audible.length === 0 || on + off === 0) continue;
    segments.push({
      on,
      off,
      frequencies: audible,
      volume: state.volume,
      times: state.times,
      ...(state.fadeDirection !== 0 &&
        state.fadeStep > 0 && {
          fade: { step: state.fadeStep, decibels: state.fadeDirection * state.fadeDecibels },
        }),
    });
  }
  return segments;
}

function integer(text: string): number {
  return Number.parseInt(text, 10) || 0;
}

/** Text in milliseconds to samples. */
function milliseconds(text: string): number {
  return Math.min(MAX_SEGMENT_MS, Math.max(0, integer(text))) * SAMPLES_PER_MS;
}

/** Peak of a sine at `volume` dB: 0 dBm0 lies 3.14 dB below a full-scale sine on the telephone network. */
export function tonePeak(volume: number): number {
  return Math.min(32_767, 32_767 * Math.SQRT2 * 10 ** ((volume - 6.16) / 20));
}

const SINE_STEPS = 4096;
const SINE = Float64Array.from({ length: SINE_STEPS }, (_, index) => Math.sin((2 * Math.PI * index) / SINE_STEPS));

/** A bank of sines that run on from frame to frame. */
export class ToneBank {
  readonly #steps: readonly number[];
  readonly #phases: Float64Array;

  constructor(frequencies: readonly number[]) {
    this.#steps = frequencies.map((hz) => (hz * SINE_STEPS) / SAMPLE_RATE);
    this.#phases = new Float64Array(frequencies.length);
  }

  /** −1 … 1, all tones equally loud together. */
  next(): number {
    let sum = 0;
    for (let tone = 0; tone < this.#steps.length; tone++) {
      const phase = this.#phases[tone]!;
      sum += SINE[phase & (SINE_STEPS - 1)]!;
      const following = phase + this.#steps[tone]!;
      this.#phases[tone] = following >= SINE_STEPS ? following - SINE_STEPS : following;
    }
    return sum / this.#steps.length;
  }
}

/** Samples of one round; Infinity when one of its tones never ends. */
function lengthOf({ segments }: ToneProgram): number {
  return segments.reduce((sum, { on, off, times }) => sum + times * (on + off), 0);
}

export class ToneSource implements AudioSource {
  offset = 0;
  readonly #program: ToneProgram;
  #repeatsLeft: number;
  #segment = 0;
  #timesLeft: number;
  #position = 0;
  #bank: ToneBank;
  #volume: number;

  constructor(program: ToneProgram) {
    this.#program = program;
    this.#repeatsLeft = program.repeats;
    const first = program.segments[0]!;
    this.#timesLeft = first.times;
    this.#bank = new ToneBank(first.frequencies);
    this.#volume = first.volume;
  }

  #rewind(): void {
    const first = this.#program.segments[0]!;
    this.#repeatsLeft = this.#program.repeats;
    this.#segment = 0;
    this.#position = 0;
    this.#timesLeft = first.times;
    this.#bank = new ToneBank(first.frequencies);
    this.#volume = first.volume;
  }

  /** Where in its swing a tone is then does not matter. */
  seek(samples: number): void {
    this.#rewind();
    const round = lengthOf(this.#program);
    const rounds = Math.min(this.#program.repeats, Math.floor(samples / round));
    this.#repeatsLeft -= rounds;
    let left = samples - (rounds === 0 ? 0 : rounds * round);
    for (let segment = this.#program.segments[0]; segment && left > 0;) {
      const step = Math.min(left, segment.on + segment.off - this.#position);
      left -= step;
      this.#position += step;
      if (this.#position >= segment.on + segment.off) segment = this.#advance();
    }
    this.offset = samples - left;
  }

  read(frame: Int16Array): number {
    let written = 0;
    let segment = this.#program.segments[this.#segment];
    while (segment && written < frame.length) {
      if (this.#position >= segment.on + segment.off) {
        segment = this.#advance();
        continue;
      }
      frame[written++] = this.#position < segment.on ? this.#sample(segment) : 0;
      this.#position++;
    }
    this.offset += written;
    return written;
  }

  #sample(segment: ToneSegment): number {
    if (segment.fade && this.#position > 0 && this.#position % segment.fade.step === 0) {
      const volume = this.#volume + segment.fade.decibels;
      if (volume <= 0 && volume >= -63) this.#volume = volume;
    }
    return Math.round(this.#bank.next() * tonePeak(this.#volume));
  }

  #advance(): ToneSegment | undefined {
    this.#position = 0;
    if (--this.#timesLeft <= 0) {
      this.#segment++;
      if (this.#segment >= this.#program.segments.length) {
        if (this.#repeatsLeft-- <= 0) return undefined;
        this.#segment = 0;
      }
      this.#timesLeft = this.#program.segments[this.#segment]!.times;
    }
    const segment = this.#program.segments[this.#segment]!;
    this.#bank = new ToneBank(segment.frequencies);
    this.#volume = segment.volume;
    return segment;
  }
}
