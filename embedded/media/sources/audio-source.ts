import { whiteNoise } from '../comfort-noise.ts';

/** Something that can be played: gives 8 kHz samples until it ends. */
export interface AudioSource {
  /**
   * Writes the next samples at the start of `frame`.
   * @returns how many were written; fewer than the frame holds means that this was the end
   */
  read(frame: Int16Array): number;
  /** Position in samples: in the file, or since the start of a generated source. */
  readonly offset: number;
  /** Goes to a position, from the start; beyond the end there is nothing to read. */
  seek(samples: number): void;
}

/** Plays samples that are already in memory; shared, never written to. */
export class SampleSource implements AudioSource {
  offset = 0;
  readonly #samples: Int16Array;
  readonly #loop: boolean;

  constructor(samples: Int16Array, options: { loop?: boolean } = {}) {
    this.#samples = samples;
    this.#loop = options.loop === true && samples.length > 0;
  }

  seek(samples: number): void {
    const { length } = this.#samples;
    this.offset = this.#loop ? samples % length : Math.min(samples, length);
  }

  read(frame: Int16Array): number {
    let written = 0;
    while (written < frame.length) {
      const part = this.#samples.subarray(this.offset, this.offset + frame.length - written);
      frame.set(part, written);
      written += part.length;
      this.offset += part.length;
      if (this.offset < this.#samples.length) continue;
      if (!this.#loop) break;
      this.offset = 0;
    }
    return written;
  }
}

/** `silence_stream://ms[,noise]`: nothing, or faint noise, for a time or for ever. */
export class SilenceSource implements AudioSource {
  offset = 0;
  readonly #length: number;
  readonly #noise: (() => number) | undefined;

  /** @param length samples; Infinity = until stopped. @param noiseLevel peak of the noise, 0 = digital silence */
  constructor(length: number, noiseLevel = 0) {
    this.#length = length;
    this.#noise = noiseLevel === 0 ? undefined : whiteNoise(noiseLevel);
  }

  seek(samples: number): void {
    this.offset = Math.min(samples, this.#length);
  }

  read(frame: Int16Array): number {
    const count = Math.min(frame.length, this.#length - this.offset);
    for (let index = 0; index < count; index++) frame[index] = this.#noise ? this.#noise() : 0;
    this.offset += count;
    return count;
  }
}
