/** 16-bit PCM, one channel: the only sound files the voice is made of. */

export interface Sound {
  readonly rate: number;
  /** −1…1 */
  readonly samples: Float64Array;
}

const HEADER_BYTES = 44;

/** @throws Error when it is not 16-bit PCM with one channel */
export function readWav(file: Buffer): Sound {
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error('Not a WAV file.');
  }
  let rate = 0;
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, at + 8 + size);
    if (name === 'fmt ') rate = readFormat(body);
    if (name === 'data') return { rate, samples: readSamples(body) };
    at += 8 + size + (size % 2);
  }
  throw new Error('The WAV file holds no sound.');
}

function readFormat(body: Buffer): number {
  const [format, channels, bits] = [body.readUInt16LE(0), body.readUInt16LE(2), body.readUInt16LE(14)];
  if (format !== 1 || channels !== 1 || bits !== 16) {
    throw new Error(`Not 16-bit PCM with one channel: format ${format}, ${channels} channels, ${bits} bits.`);
  }
  return body.readUInt32LE(4);
}

function readSamples(body: Buffer): Float64Array {
  return Float64Array.from({ length: Math.floor(body.length / 2) }, (_, index) => body.readInt16LE(index * 2) / 32_768);
}

export function writeWav({ rate, samples }: Sound): Buffer {
  const file = Buffer.alloc(HEADER_BYTES + samples.length * 2);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, index) => {
    const value = Math.round(sample * 32_768);
    file.writeInt16LE(Math.max(-32_768, Math.min(32_767, value)), HEADER_BYTES + index * 2);
  });
  return file;
}
