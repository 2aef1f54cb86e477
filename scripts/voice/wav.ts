/** WAV files with one channel: G.711 µ-law for the voice, 16-bit PCM for tones, music and the synthesisers. */

export type Encoding = 'pcm16' | 'mulaw';

export interface Sound {
  readonly rate: number;
  /** −1…1 */
  readonly samples: Float64Array;
}

const HEADER_BYTES = 44;

/** Format numbers of the `fmt ` chunk, and bytes a sample. */
const formats = { pcm16: { tag: 1, bytes: 2 }, mulaw: { tag: 7, bytes: 1 } } as const;

/** @throws Error when it is neither of the two, or has more than one channel */
export function readWav(file: Buffer): Sound & { readonly encoding: Encoding } {
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error('Not a WAV file.');
  }
  let format: { rate: number; encoding: Encoding } = { rate: 0, encoding: 'pcm16' };
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, at + 8 + size);
    if (name === 'fmt ') format = readFormat(body);
    if (name === 'data') return { ...format, samples: readSamples(body, format.encoding) };
    at += 8 + size + (size % 2);
  }
  throw new Error('The WAV file holds no sound.');
}

function readFormat(body: Buffer): { rate: number; encoding: Encoding } {
  const [tag, channels, bits] = [body.readUInt16LE(0), body.readUInt16LE(2), body.readUInt16LE(14)];
  const names = Object.keys(formats) as Encoding[];
  const encoding = names.find((name) => formats[name].tag === tag && formats[name].bytes * 8 === bits);
  if (encoding === undefined || channels !== 1) {
    throw new Error(`Not 16-bit PCM or µ-law with one channel: format ${tag}, ${channels} channels, ${bits} bits.`);
  }
  return { rate: body.readUInt32LE(4), encoding };
}

function readSamples(body: Buffer, encoding: Encoding): Float64Array {
  if (encoding === 'mulaw') return Float64Array.from(body, (code) => fromMulaw(code) / 32_768);
  return Float64Array.from({ length: Math.floor(body.length / 2) }, (_, index) => body.readInt16LE(index * 2) / 32_768);
}

export function writeWav({ rate, samples }: Sound, encoding: Encoding): Buffer {
  const { tag, bytes } = formats[encoding];
  const size = samples.length * bytes;
  const file = Buffer.alloc(HEADER_BYTES + size + (size % 2));
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(tag, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * bytes, 28);
  file.writeUInt16LE(bytes, 32);
  file.writeUInt16LE(bytes * 8, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(size, 40);
  samples.forEach((sample, index) => {
    const value = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
    if (encoding === 'mulaw') file.writeUInt8(toMulaw(value), HEADER_BYTES + index);
    else file.writeInt16LE(value, HEADER_BYTES + index * 2);
  });
  return file;
}

/** ITU-T G.711, table 2a, in steps of 16 bits: 33 is the bias of the first segment, ×4. */
const MULAW_BIAS = 132;

function fromMulaw(code: number): number {
  const inverted = ~code & 0xff;
  const magnitude = (((inverted & 0x0f) * 8 + MULAW_BIAS) << ((inverted >> 4) & 7)) - MULAW_BIAS;
  return (inverted & 0x80) === 0 ? magnitude : -magnitude;
}

function toMulaw(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), 32_635) + MULAW_BIAS;
  const segment = 24 - Math.clz32(magnitude);
  const step = (magnitude >> (segment + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff;
}
