/** A piece of memory that OpenSSL and we both read and write. One thread's; what is in it is good until the next call. */
import type { OpenSsl } from './openssl.ts';

export class NativeMemory {
  readonly bytes: Buffer;
  readonly address: number;
  readonly #view: DataView;

  constructor(openssl: OpenSsl, length: number) {
    const buffer = new ArrayBuffer(length);
    this.bytes = Buffer.from(buffer);
    this.address = openssl.addressOf(buffer);
    this.#view = new DataView(buffer);
  }

  /** A number that OpenSSL wrote: 32 bits in the machine's own order, which is little-endian wherever Node runs. */
  int(at: number): number {
    return this.#view.getInt32(at, true);
  }
}
