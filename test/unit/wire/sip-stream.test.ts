import { expect } from 'chai';
import fc from 'fast-check';
import { SipParseError } from '../../../embedded/wire/sip-message.ts';
import { SipStreamFramer } from '../../../embedded/wire/sip-stream.ts';

const message = (body: string, length = Buffer.byteLength(body)) =>
  Buffer.from(`MESSAGE sip:b@c SIP/2.0\r\nVia: x\r\nContent-Length: ${length}\r\n\r\n${body}`);

describe('the stream framer', () => {
  it('gives the same messages however the stream is cut', () => {
    const messages = [message('one'), message(''), message('zwei ü'), message('x'.repeat(3_000))];
    const stream = Buffer.concat([messages[0]!, Buffer.from('\r\n\r\n'), ...messages.slice(1)]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const framer = new SipStreamFramer();
        const seen: string[] = [];
        let pings = 0;
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length]!;
          const chunk = framer.push(stream.subarray(at, at + size));
          seen.push(...chunk.messages.map(String));
          pings += chunk.pings;
          at += size;
        }
        expect(seen).to.deep.equal(messages.map(String));
        expect(pings).to.equal(1);
        expect(framer.pending).to.equal(false);
      }),
    );
  });

  it('takes compact and folded lengths', () => {
    const framer = new SipStreamFramer();
    const { messages } = framer.push(Buffer.from('A sip:b SIP/2.0\r\nl:\r\n 2\r\n\r\nhi'));
    expect(messages.map(String)).to.deep.equal(['A sip:b SIP/2.0\r\nl:\r\n 2\r\n\r\nhi']);
  });

  it('breaks off where the length cannot be trusted', () => {
    for (const value of ['-1', 'x', '99999999999999999999', '']) {
      const chunk = new SipStreamFramer().push(Buffer.from(`A sip:b SIP/2.0\r\nContent-Length: ${value}\r\n\r\nhi`));
      expect(chunk.broken).to.equal(true);
      expect(chunk.messages).to.have.length(1);
    }
  });

  it('refuses what is too large, by its announcement and by its headers', () => {
    const framer = new SipStreamFramer(1_000);
    expect(() => framer.push(message('', 2_000))).to.throw(SipParseError);
    const endless = new SipStreamFramer(1_000);
    expect(() => {
      for (let count = 0; count < 100; count++) endless.push(Buffer.from('X: y\r\n'.repeat(20)));
    }).to.throw(SipParseError);
  });

  it('tells whether a message has begun', () => {
    const framer = new SipStreamFramer();
    framer.push(Buffer.from('\r\n'));
    expect(framer.pending).to.equal(false);
    framer.push(Buffer.from('B'));
    expect(framer.pending).to.equal(true);
  });
});
