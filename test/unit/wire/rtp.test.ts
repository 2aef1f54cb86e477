import { expect } from 'chai';
import fc from 'fast-check';
import {
  parseRtp,
  sequenceDistance,
  serializeRtp,
  timestampDistance,
  type RtpPacket,
} from '../../../embedded/wire/rtp.ts';

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });

function parsed(input: Uint8Array): RtpPacket {
  const packet = parseRtp(input);
  if (typeof packet === 'string') throw new Error(`not RTP: ${packet}`);
  return packet;
}

describe('RTP', () => {
  it('reads a packet as it comes from a telephone', () => {
    // V=2, marker, PT 0, sequence 0x1234, timestamp 160, SSRC 0xdeadbeef, three bytes of sound.
    const packet = parsed(Buffer.from('80801234000000a0deadbeefd5d5d5', 'hex'));
    expect(packet).to.deep.include({
      marker: true,
      payloadType: 0,
      sequence: 0x1234,
      timestamp: 160,
      ssrc: 0xdeadbeef,
    });
    expect([...packet.payload]).to.deep.equal([0xd5, 0xd5, 0xd5]);
  });

  it('reads CSRCs, extension and padding', () => {
    const header = 'b2880001' + '00000000' + '00000001' + '0000000a' + '0000000b';
    const packet = parsed(Buffer.from(header + 'bede0001' + '11223344' + 'aabb' + '0002', 'hex'));
    expect(packet.csrcs).to.deep.equal([10, 11]);
    expect(packet.extension?.profile).to.equal(0xbede);
    expect(Buffer.from(packet.extension!.data).toString('hex')).to.equal('11223344');
    expect(Buffer.from(packet.payload).toString('hex')).to.equal('aabb');
    expect(packet.paddingLength).to.equal(2);
  });

  for (const [what, hex, fault] of [
    ['eleven bytes', '8000000100000000000000', 'too-short'],
    ['version 1', '400000010000000000000001', 'wrong-version'],
    ['a STUN request', '000100002112a442000000000000000000000000', 'wrong-version'],
    ['fewer CSRCs than told', '820000010000000000000001' + '0000000a', 'truncated'],
    ['an extension that is cut off', '900000010000000000000001' + 'bede0002' + '11223344', 'truncated'],
    ['an extension without header', '900000010000000000000001' + 'bede', 'truncated'],
    ['padding of zero', 'a00000010000000000000001' + 'aa00', 'bad-padding'],
    ['more padding than payload', 'a00000010000000000000001' + 'aa03', 'bad-padding'],
  ] as const) {
    it(`refuses ${what}`, () => expect(parseRtp(Buffer.from(hex, 'hex'))).to.equal(fault));
  }

  it('reads back what it printed', () => {
    const packet = fc.record({
      marker: fc.boolean(),
      payloadType: fc.integer({ min: 0, max: 127 }),
      sequence: fc.integer({ min: 0, max: 0xffff }),
      timestamp: uint32,
      ssrc: uint32,
      csrcs: fc.array(uint32, { maxLength: 15 }),
      extension: fc.option(
        fc.record({ profile: fc.integer({ min: 0, max: 0xffff }), words: fc.integer({ min: 0, max: 20 }) }),
        { nil: undefined },
      ),
      paddingLength: fc.integer({ min: 0, max: 255 }),
      payload: bytes(400),
    });
    fc.assert(
      fc.property(packet, ({ extension, ...rest }) => {
        const data = extension && new Uint8Array(4 * extension.words).fill(7);
        const input = { ...rest, ...(extension && { extension: { profile: extension.profile, data: data! } }) };
        const back = parsed(serializeRtp(input));
        expect(back).to.deep.include({ ...rest, payload: Buffer.from(rest.payload) });
        expect(back.extension?.profile).to.equal(extension?.profile);
        expect(back.extension?.data.length).to.equal(data?.length);
      }),
    );
  });

  it('never throws, whatever bytes come', () => {
    fc.assert(fc.property(bytes(64), (input) => void parseRtp(input)));
  });

  it('counts round the end of sequence numbers and timestamps', () => {
    expect(sequenceDistance(2, 65_534)).to.equal(4);
    expect(sequenceDistance(65_534, 2)).to.equal(-4);
    expect(timestampDistance(80, 0xffffffb0)).to.equal(160);
    expect(timestampDistance(0xffffffb0, 80)).to.equal(-160);
  });
});
