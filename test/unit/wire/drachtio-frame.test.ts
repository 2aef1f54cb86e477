import { expect } from 'chai';
import fc from 'fast-check';
import {
  DrachtioFrameDecoder,
  DrachtioFrameError,
  encodeDrachtioFrame,
  metaTokens,
  parseDrachtioPayload,
} from '../../../embedded/wire/drachtio-frame.ts';

const LIMIT = 65_536;

describe('drachtio frames', () => {
  it('survive writing and reading, however the stream is cut', () => {
    const token = fc.stringMatching(/^[^|\r\n]{0,20}$/);
    const frame = fc.record({
      tokens: fc.array(token, { minLength: 2, maxLength: 8 }),
      sip: fc.option(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (frames, size) => {
        const stream = Buffer.concat(frames.map(({ tokens, sip }) => encodeDrachtioFrame(tokens, sip)));
        const decoder = new DrachtioFrameDecoder();
        const payloads: Buffer[] = [];
        for (let at = 0; at < stream.length; at += size)
          payloads.push(...decoder.push(stream.subarray(at, at + size), LIMIT));
        const seen = payloads
          .map(parseDrachtioPayload)
          .map(({ tokens, sip }) => ({ tokens, sip: sip?.toString('hex') }));
        expect(seen).to.deep.equal(frames.map(({ tokens, sip }) => ({ tokens, sip: sip?.toString('hex') })));
      }),
    );
  });

  it('are counted in bytes', () => {
    expect(encodeDrachtioFrame(['ü', 'x']).toString()).to.equal('4#ü|x');
    expect(encodeDrachtioFrame(['a', ''], Buffer.from('B')).toString()).to.equal('5#a|\r\nB');
  });

  for (const wrong of ['#x', 'x#', '-1#x', '12345678#', '0#', '99999999', ' 1#x', `${LIMIT + 1}#x`]) {
    it(`${JSON.stringify(wrong)} is refused`, () => {
      expect(() => new DrachtioFrameDecoder().push(Buffer.from(wrong), LIMIT)).to.throw(DrachtioFrameError);
    });
  }

  it('of any bytes are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          new DrachtioFrameDecoder().push(Buffer.from(bytes), LIMIT).map(parseDrachtioPayload);
        } catch (error) {
          expect(error).to.be.instanceOf(DrachtioFrameError);
        }
      }),
    );
  });

  it('tell time in UTC with microseconds', () => {
    const time = new Date('2026-11-22T08:27:28.046Z');
    const tokens = metaTokens({
      source: 'network',
      bytes: 577,
      protocol: 'udp',
      address: '127.0.0.1',
      port: 5091,
      time,
    });
    expect(tokens.join('|')).to.equal('network|577|udp|127.0.0.1|5091|08:27:28.046000');
  });
});
