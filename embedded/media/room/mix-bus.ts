/** The sum of all who speak, kept in 32 bits so that what one hears is that sum less their own voice, exactly. */
import { FRAME_SAMPLES, clampSample } from '../audio.ts';

export class MixBus {
  readonly #sum = new Int32Array(FRAME_SAMPLES);

  clear(): void {
    this.#sum.fill(0);
  }

  add(frame: Int16Array): void {
    const sum = this.#sum;
    for (let index = 0; index < FRAME_SAMPLES; index++) sum[index] = sum[index]! + frame[index]!;
  }

  /** Everything, saturated to 16 bits. */
  full(out: Int16Array): void {
    const sum = this.#sum;
    for (let index = 0; index < FRAME_SAMPLES; index++) out[index] = clampSample(sum[index]!);
  }

  /** Everything less `own`, saturated. */
  without(own: Int16Array, out: Int16Array): void {
    const sum = this.#sum;
    for (let index = 0; index < FRAME_SAMPLES; index++) out[index] = clampSample(sum[index]! - own[index]!);
  }

  /** Everything less several, saturated once at the end. */
  withoutAll(frames: readonly Int16Array[], out: Int16Array): void {
    const sum = this.#sum;
    for (let index = 0; index < FRAME_SAMPLES; index++) {
      let value = sum[index]!;
      for (const frame of frames) value -= frame[index]!;
      out[index] = clampSample(value);
    }
  }
}
