/** Brings audio to 8,000 samples a second with a windowed-sinc filter, piece by piece. */
import { SAMPLE_RATE, clampSample } from '../audio.ts';

/** Zero crossings of the sinc on either side. */
const CROSSINGS = 16;
/** Part of the lower Nyquist frequency that is kept. */
const PASSBAND = 0.92;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

interface Polyphase {
  readonly up: number;
  readonly down: number;
  readonly taps: number;
  /** One row of taps for each of `up` phases. */
  readonly rows: readonly Float32Array[];
}

function designFilter(fromRate: number): Polyphase {
  const divisor = greatestCommonDivisor(fromRate, SAMPLE_RATE);
  const up = SAMPLE_RATE / divisor;
  const down = fromRate / divisor;
  // Cut-off as a part of the input's rate.
  const cutoff = (PASSBAND * Math.min(1, SAMPLE_RATE / fromRate)) / 2;
  const half = Math.ceil(CROSSINGS / (2 * cutoff));
  const rows = Array.from({ length: up }, (_, phase) => designRow(phase / up, half, cutoff));
  return { up, down, taps: 2 * half, rows };
}

function designRow(fraction: number, half: number, cutoff: number): Float32Array {
  const row = new Float32Array(2 * half);
  let sum = 0;
  for (let tap = 0; tap < row.length; tap++) {
    const x = tap - half + 1 - fraction;
    const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
    const window =
      Math.abs(x) >= half ? 0 : 0.42 + 0.5 * Math.cos((Math.PI * x) / half) + 0.08 * Math.cos((2 * Math.PI * x) / half);
    row[tap] = sinc * window;
    sum += row[tap]!;
  }
  return row.map((value) => value / sum);
}

export class Resampler {
  readonly #filter: Polyphase | undefined;
  readonly #input: Int16Array;
  #produced = 0;

  constructor(input: Int16Array, fromRate: number) {
    this.#input = input;
    this.#filter = fromRate === SAMPLE_RATE ? undefined : designFilter(fromRate);
  }

  /** Samples that all pieces have together. */
  get length(): number {
    if (!this.#filter) return this.#input.length;
    return Math.floor((this.#input.length * this.#filter.up) / this.#filter.down);
  }

  /** Writes up to `count` further samples into `output` where they belong. @returns false when all are written */
  produce(output: Int16Array, count: number): boolean {
    const end = Math.min(this.length, this.#produced + count);
    if (!this.#filter) output.set(this.#input.subarray(this.#produced, end), this.#produced);
    else for (let index = this.#produced; index < end; index++) output[index] = this.#sampleAt(index, this.#filter);
    this.#produced = end;
    return end < this.length;
  }

  #sampleAt(index: number, { up, down, taps, rows }: Polyphase): number {
    const position = index * down;
    const row = rows[position % up]!;
    const from = Math.floor(position / up) - taps / 2 + 1;
    const first = Math.max(0, -from);
    const last = Math.min(taps, this.#input.length - from);
    let sum = 0;
    for (let tap = first; tap < last; tap++) sum += this.#input[from + tap]! * row[tap]!;
    return clampSample(Math.round(sum));
  }
}
