import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { ALAW, MULAW, decodeG711, encodeG711, type G711Law } from '../../../embedded/wire/g711.ts';

const sha256 = (table: Int16Array | Uint8Array): string =>
  createHash('sha256').update(new Uint8Array(table.buffer)).digest('hex');

/**
 * Digests of all 256 (16-bit little-endian) and 65,536 values. Both decodings and the A-law encoding were made with Python's
 * audioop. Its µ-law encoding cuts samples to 14 bits first and is another table; ours works on 16 bits, and its digest was
 * taken from this implementation: it tells of changes only. That it is right, the tests of values and errors say.
 */
const WHOLE_TABLES: readonly [G711Law, string, string][] = [
  [
    MULAW,
    '3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827',
    '2164b097996c76b0841ad9b358177cd565b75137044900f601afe9d7d5a1e3d9',
  ],
  [
    ALAW,
    'e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174',
    'f77c76aa923ee25617453f87514828a12896227f82ff383bf3bb53d6ac7c2a0f',
  ],
];

describe('G.711', () => {
  for (const [law, decoding, encoding] of WHOLE_TABLES) {
    describe(law.name, () => {
      it('decodes every code by the known table', () => expect(sha256(law.toLinear)).to.equal(decoding));
      it('encodes every sample by the known table', () => expect(sha256(law.toCode)).to.equal(encoding));

      it('gives every code back after a round trip', () => {
        for (let code = 0; code < 256; code++) {
          const back = law.toCode[law.toLinear[code]! & 0xffff];
          // µ-law has two zeros; the negative one becomes the positive.
          expect(back).to.equal(law === MULAW && code === 0x7f ? 0xff : code);
        }
      });

      it('keeps the error within half a step', () => {
        fc.assert(
          fc.property(fc.integer({ min: -32_000, max: 32_000 }), (sample) => {
            const error = Math.abs(law.toLinear[law.toCode[sample & 0xffff]!]! - sample);
            expect(error).to.be.at.most(Math.max(8, Math.abs(sample) / 31 + 4));
          }),
        );
      });

      it('encodes and decodes whole frames at an offset', () => {
        const samples = Int16Array.of(0, 1000, -1000, 32_767, -32_768);
        const codes = new Uint8Array(7);
        encodeG711(law, samples, codes, 2);
        const back = new Int16Array(6);
        decodeG711(law, codes.subarray(2), back, 1);
        expect([...back.subarray(1)]).to.deep.equal([...codes.subarray(2)].map((code) => law.toLinear[code]));
      });
    });
  }

  it('knows the values of ITU-T G.711 tables 1 and 2', () => {
    expect([0x80, 0x00, 0xff, 0x7f, 0xf0].map((code) => MULAW.toLinear[code])).to.deep.equal([
      32_124, -32_124, 0, 0, 120,
    ]);
    expect([0xaa, 0x2a, 0xd5, 0x55].map((code) => ALAW.toLinear[code])).to.deep.equal([32_256, -32_256, 8, -8]);
    expect([MULAW.silence, ALAW.silence]).to.deep.equal([0xff, 0xd5]);
  });
});
