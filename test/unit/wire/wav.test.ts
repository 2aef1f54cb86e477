import { expect } from 'chai';
import fc from 'fast-check';
import {
  WavError,
  bytesPerSample,
  parseWavHeader,
  serializeWavHeader,
  type WavEncoding,
} from '../../../embedded/wire/wav.ts';

const PCM = { encoding: 'pcm16', channels: 1, sampleRate: 8000 } as const;
const file = (dataBytes: number, present = dataBytes): Buffer =>
  Buffer.concat([serializeWavHeader(PCM, dataBytes), Buffer.alloc(present)]);

describe('WAV header', () => {
  it('reads back what it printed', () => {
    const format = fc.record({
      encoding: fc.constantFrom<WavEncoding>('pcm16', 'pcm8', 'mulaw', 'alaw'),
      channels: fc.integer({ min: 1, max: 8 }),
      sampleRate: fc.constantFrom(8000, 16_000, 32_000, 44_100, 48_000),
    });
    fc.assert(
      fc.property(format, fc.integer({ min: 0, max: 500 }), (wav, frames) => {
        const dataBytes = frames * bytesPerSample(wav.encoding) * wav.channels;
        const bytes = Buffer.concat([serializeWavHeader(wav, dataBytes), Buffer.alloc(dataBytes)]);
        expect(parseWavHeader(bytes)).to.deep.equal({ ...wav, dataOffset: 44, dataBytes });
      }),
    );
  });

  it('finds the data behind other chunks, odd ones padded', () => {
    const plain = file(4);
    const list = Buffer.concat([Buffer.from('LIST'), Buffer.of(3, 0, 0, 0), Buffer.from('abc\0')]);
    const bytes = Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36)]);
    expect(parseWavHeader(bytes)).to.include({ dataOffset: 56, dataBytes: 4 });
  });

  it('reads the extensible format', () => {
    const format = Buffer.alloc(40);
    format.writeUInt16LE(0xfffe, 0);
    format.writeUInt16LE(2, 2);
    format.writeUInt32LE(48_000, 4);
    format.writeUInt16LE(16, 14);
    format.writeUInt16LE(1, 24);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(40);
    const bytes = Buffer.concat([
      Buffer.from('RIFF\0\0\0\0WAVEfmt '),
      size,
      format,
      Buffer.from('data\x08\0\0\0'),
      Buffer.alloc(8),
    ]);
    expect(parseWavHeader(bytes)).to.include({ encoding: 'pcm16', channels: 2, sampleRate: 48_000, dataBytes: 8 });
  });

  it('believes the file more than a header that lies', () => {
    expect(parseWavHeader(file(1_000_000, 10)).dataBytes).to.equal(10);
    expect(parseWavHeader(file(0xffffffff, 7)).dataBytes).to.equal(6);
    // A recorder that was killed before it could write the length.
    expect(parseWavHeader(file(0, 12)).dataBytes).to.equal(12);
  });

  it('takes the length of the whole file when given only its beginning', () => {
    expect(parseWavHeader(file(1000, 0), 1044).dataBytes).to.equal(1000);
  });

  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['an MP3', Buffer.from('ID3\x03'.padEnd(64, '\0'), 'latin1')],
    ['no data chunk', file(4).subarray(0, 36)],
    ['data before the format', Buffer.from('RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd', 'latin1')],
    ['a format chunk that is too short', Buffer.from('RIFF\0\0\0\0WAVEfmt \x04\0\0\0\x01\0\x01\0', 'latin1')],
    ['24 bits', patched(34, 24)],
    ['no channel', patched(22, 0)],
    ['a thousand channels', patched(22, 1000)],
    ['a rate of 7 samples', patched(24, 7)],
    ['MP3 inside WAVE', patched(20, 0x55)],
  ] as const) {
    it(`refuses ${what}`, () => expect(() => parseWavHeader(bytes)).to.throw(WavError));
  }

  it('throws nothing but WavError, whatever bytes come', () => {
    const start = [...Buffer.from('RIFF\0\0\0\0WAVEfmt ', 'latin1')];
    const nearly = fc.uint8Array({ maxLength: 80 }).map((rest) => Uint8Array.of(...start, ...rest));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 120 }), nearly), (bytes) => {
        try {
          parseWavHeader(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(WavError);
        }
      }),
    );
  });
});

function patched(offset: number, value: number): Buffer {
  const bytes = file(4);
  bytes.writeUInt16LE(value, offset);
  return bytes;
}
