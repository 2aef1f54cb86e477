/** 20 ms that several legs send: encoded once for each law, however many they are. */
import { encodeG711, type G711Law } from '../wire/g711.ts';
import { FRAME_SAMPLES } from './audio.ts';

export class SharedFrame {
  readonly samples: Int16Array = new Int16Array(FRAME_SAMPLES);
  readonly #codes = { 0: new Uint8Array(FRAME_SAMPLES), 8: new Uint8Array(FRAME_SAMPLES) } as const;
  readonly #encoded = { 0: false, 8: false };

  /** The samples are others now. */
  changed(): void {
    this.#encoded[0] = false;
    this.#encoded[8] = false;
  }

  codes(law: G711Law): Uint8Array {
    const codes = this.#codes[law.payloadType];
    if (!this.#encoded[law.payloadType]) {
      encodeG711(law, this.samples, codes);
      this.#encoded[law.payloadType] = true;
    }
    return codes;
  }
}
