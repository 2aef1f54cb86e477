/**
 * Faint noise for a room in which nobody talks, so that the line does not seem dead (mod_conference's `comfort-noise`): white,
 * its peak full scale divided by the level. A second of it is made and encoded once, and goes round.
 */
import { FRAME_SAMPLES } from './audio.ts';
import { SharedFrame } from './shared-frame.ts';

/** What `comfort-noise` set to `true` means. */
export const COMFORT_NOISE_LEVEL = 1400;
const FRAMES = 50;
const made = new Map<number, ComfortNoise>();

/** One for all rooms: nobody hears two of them. */
export function comfortNoise(level: number): ComfortNoise {
  const noise = made.get(level) ?? new ComfortNoise(level);
  made.set(level, noise);
  return noise;
}

export class ComfortNoise {
  readonly #frames: readonly SharedFrame[];
  #next = 0;

  /** @param level divides full scale: the bigger, the fainter */
  constructor(level: number) {
    const noise = whiteNoise(32_767 / level);
    this.#frames = Array.from({ length: FRAMES }, () => {
      const frame = new SharedFrame();
      for (let index = 0; index < FRAME_SAMPLES; index++) frame.samples[index] = noise();
      return frame;
    });
  }

  /** The next 20 ms. */
  frame(): SharedFrame {
    const frame = this.#frames[this.#next]!;
    this.#next = (this.#next + 1) % FRAMES;
    return frame;
  }
}

/** Numerical Recipes' generator: the same noise in every run. @param peak of it */
export function whiteNoise(peak: number): () => number {
  let seed = 0x2545f491;
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return Math.trunc((seed / 0x8000_0000) * peak);
  };
}
