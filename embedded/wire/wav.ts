/** RIFF WAVE headers: enough to read what telephony keeps in them and to write what we record. */

export type WavEncoding = 'pcm16' | 'pcm8' | 'mulaw' | 'alaw';

export interface WavFormat {
  readonly encoding: WavEncoding;
  readonly channels: number;
  /** Samples a second of one channel. */
  readonly sampleRate: number;
}

export interface WavHeader extends WavFormat {
  /** Where the samples begin. */
  readonly dataOffset: number;
  /** What the header says, cut to what the file holds and to whole frames (all channels of one moment). */
  readonly dataBytes: number;
}

export class WavError extends Error {
  override readonly name = 'WavError';
}

export const WAV_HEADER_BYTES = 44;
const FORMAT_PCM = 1;
const FORMAT_ALAW = 6;
const FORMAT_MULAW = 7;
const FORMAT_EXTENSIBLE = 0xfffe;
const MAX_CHANNELS = 8;
const MAX_CHUNKS = 64;
const RATES: readonly number[] = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];

export function bytesPerSample(encoding: WavEncoding): number {
  return encoding === 'pcm16' ? 2 : 1;
}

/**
 * Reads the chunks up to `data`.
 * @param bytes the file, or at least its beginning up to the data chunk
 * @param fileBytes length of the whole file, when `bytes` is only its beginning
 * @throws WavError when this is no WAVE file we can play. Lengths that lie beyond the file are cut.
 */
export function parseWavHeader(bytes: Uint8Array, fileBytes: number = bytes.length): WavHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || fourCc(bytes, 0) !== 'RIFF' || fourCc(bytes, 8) !== 'WAVE')
    throw new WavError('no RIFF WAVE');
  let format: WavFormat | undefined;
  let offset = 12;
  for (let chunk = 0; chunk < MAX_CHUNKS && offset + 8 <= bytes.length; chunk++) {
    const id = fourCc(bytes, offset);
    const length = view.getUint32(offset + 4, true);
    const body = offset + 8;
    if (id === 'fmt ') format = readFormat(view, body, length);
    if (id === 'data') {
      if (!format) throw new WavError('data before format');
      return { ...format, dataOffset: body, dataBytes: usableBytes(format, length, fileBytes - body) };
    }
    offset = body + length + (length % 2);
  }
  throw new WavError('no data chunk');
}

/** A recorder that was killed leaves 0 or 0xffffffff behind: then the rest of the file is the data. */
function usableBytes(format: WavFormat, told: number, present: number): number {
  const bytes = told === 0 || told > present ? Math.max(0, present) : told;
  return bytes - (bytes % (bytesPerSample(format.encoding) * format.channels));
}

function readFormat(view: DataView, at: number, length: number): WavFormat {
  if (length < 16 || at + length > view.byteLength) throw new WavError('format chunk too short');
  let tag = view.getUint16(at, true);
  const bits = view.getUint16(at + 14, true);
  // The sub-format's first two bytes are the old tag (WAVEFORMATEXTENSIBLE).
  if (tag === FORMAT_EXTENSIBLE && length >= 26) tag = view.getUint16(at + 24, true);
  const encoding = encodingOf(tag, bits);
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  if (!encoding) throw new WavError(`encoding ${tag} with ${bits} bits is not played`);
  if (channels < 1 || channels > MAX_CHANNELS) throw new WavError(`${channels} channels are not played`);
  if (!RATES.includes(sampleRate)) throw new WavError(`${sampleRate} samples a second are not played`);
  return { encoding, channels, sampleRate };
}

function encodingOf(tag: number, bits: number): WavEncoding | undefined {
  if (tag === FORMAT_PCM) return bits === 16 ? 'pcm16' : bits === 8 ? 'pcm8' : undefined;
  if (bits !== 8) return undefined;
  return tag === FORMAT_MULAW ? 'mulaw' : tag === FORMAT_ALAW ? 'alaw' : undefined;
}

function fourCc(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
}

/** The 44 bytes before `dataBytes` of samples. */
export function serializeWavHeader(format: WavFormat, dataBytes: number): Buffer {
  const frameBytes = bytesPerSample(format.encoding) * format.channels;
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(Math.min(0xffffffff, WAV_HEADER_BYTES - 8 + dataBytes), 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  const tags = { pcm16: FORMAT_PCM, pcm8: FORMAT_PCM, mulaw: FORMAT_MULAW, alaw: FORMAT_ALAW };
  header.writeUInt16LE(tags[format.encoding], 20);
  header.writeUInt16LE(format.channels, 22);
  header.writeUInt32LE(format.sampleRate, 24);
  header.writeUInt32LE(format.sampleRate * frameBytes, 28);
  header.writeUInt16LE(frameBytes, 32);
  header.writeUInt16LE(8 * bytesPerSample(format.encoding), 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(Math.min(0xffffffff, dataBytes), 40);
  return header;
}
