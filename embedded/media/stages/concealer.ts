/** Fills holes in the audio: the last 20 ms again, fading to nothing within 60 ms. */
import { FRAME_SAMPLES } from '../audio.ts';

const FADE_SAMPLES = 480;

export class Concealer {
  readonly #last = new Int16Array(FRAME_SAMPLES);
  #concealed = FADE_SAMPLES;

  /** A frame with real audio went out. */
  heard(frame: Int16Array): void {
    this.#last.set(frame);
    this.#concealed = 0;
  }

  /** Real silence went out: nothing of it needs to fade. */
  heardSilence(): void {
    this.#concealed = FADE_SAMPLES;
  }

  /** Fills `frame` from `from` up to `to`. */
  fill(frame: Int16Array, from: number, to: number): void {
    for (let index = from; index < to; index++) {
      if (this.#concealed >= FADE_SAMPLES) {
        frame.fill(0, index, to);
        return;
      }
      const gain = 1 - this.#concealed / FADE_SAMPLES;
      frame[index] = Math.trunc(this.#last[this.#concealed % FRAME_SAMPLES]! * gain);
      this.#concealed++;
    }
  }

  reset(): void {
    this.#concealed = FADE_SAMPLES;
  }
}
