/** Sound as tests use it: mono, 16 bits, any rate. */
import { readFile, writeFile } from 'node:fs/promises';

export interface Sound {
  /** Samples a second. */
  readonly rate: number;
  readonly samples: Int16Array;
}

const HEADER_BYTES = 44;

export async function writeWav(file: string, sound: Sound): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  const bytes = sound.samples.length * 2;
  header.write('RIFF', 0);
  header.writeUInt32LE(HEADER_BYTES - 8 + bytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(sound.rate, 24);
  header.writeUInt32LE(sound.rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  await writeFile(file, Buffer.concat([header, bytesOf(sound.samples)]));
}

/**
 * Reads a file that may still be written to: the sizes in its header are not trusted, the data chunk goes on to the end.
 * @throws when it is no mono WAV of 16-bit PCM or, as our prompts are, µ-law
 */
export async function readWav(file: string): Promise<Sound> {
  const content = await readFile(file);
  if (content.toString('latin1', 0, 4) !== 'RIFF') throw new Error(`${file} is no WAV file`);
  let rate = 0;
  let read = samplesOf;
  for (let at = 12; at + 8 <= content.length;) {
    const id = content.toString('latin1', at, at + 4);
    const size = content.readUInt32LE(at + 4);
    if (id === 'fmt ') {
      const [format, channels, bits] = [
        content.readUInt16LE(at + 8),
        content.readUInt16LE(at + 10),
        content.readUInt16LE(at + 22),
      ];
      const mulaw = format === 7 && bits === 8;
      if (channels !== 1 || (bits !== 16 && !mulaw))
        throw new Error(`${file}: format ${format}, ${channels} channels, ${bits} bits`);
      rate = content.readUInt32LE(at + 12);
      if (mulaw) read = samplesOfMulaw;
    }
    if (id === 'data') return { rate, samples: read(content.subarray(at + 8)) };
    at += 8 + size + (size % 2);
  }
  throw new Error(`${file} holds no sound`);
}

function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

function samplesOf(bytes: Buffer): Int16Array {
  const samples = new Int16Array(Math.floor(bytes.length / 2));
  for (let index = 0; index < samples.length; index++) samples[index] = bytes.readInt16LE(index * 2);
  return samples;
}

/** ITU-T G.711: sign, segment and step, inverted. */
function samplesOfMulaw(bytes: Buffer): Int16Array {
  return Int16Array.from(bytes, (code) => {
    const inverted = ~code & 0xff;
    const magnitude = (((inverted & 0x0f) * 8 + 132) << ((inverted >> 4) & 7)) - 132;
    return (inverted & 0x80) === 0 ? magnitude : -magnitude;
  });
}
