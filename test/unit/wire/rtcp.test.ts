import { expect } from 'chai';
import fc from 'fast-check';
import { ntpMiddle, ntpTime, parseRtcp, serializeRtcp, type RtcpPacket } from '../../../embedded/wire/rtcp.ts';

const block = {
  ssrc: 0x01020304,
  fractionLost: 0.25,
  cumulativeLost: -3,
  highestSequence: 0x0001fffe,
  jitter: 42,
  lastSenderReport: 0xa1b2c3d4,
  delaySinceLastSenderReport: 65_536,
};

describe('RTCP', () => {
  it('prints a receiver report bit by bit as RFC 3550 section 6.4.2 draws it', () => {
    const printed = serializeRtcp([{ kind: 'receiver-report', ssrc: 0xcafe, reports: [block] }]).toString('hex');
    expect(printed).to.equal(
      '81c90007' + '0000cafe' + '01020304' + '40fffffd' + '0001fffe' + '0000002a' + 'a1b2c3d4' + '00010000',
    );
  });

  it('reads back every kind it prints', () => {
    const packets: RtcpPacket[] = [
      {
        kind: 'sender-report',
        ssrc: 7,
        sender: {
          ntpSeconds: 3_900_000_000,
          ntpFraction: 0x80000000,
          rtpTimestamp: 160,
          packetCount: 1,
          octetCount: 160,
        },
        reports: [block, { ...block, ssrc: 9, cumulativeLost: 0x7fffff }],
      },
      { kind: 'source-description', ssrc: 7, cname: 'abc' },
      { kind: 'goodbye', ssrcs: [7, 8] },
    ];
    expect(parseRtcp(serializeRtcp(packets))).to.deep.equal(packets);
  });

  it('pads a source description to whole words with at least one zero, for every length of name', () => {
    for (let length = 0; length < 9; length++) {
      const name = 'n'.repeat(length);
      const bytes = serializeRtcp([
        { kind: 'receiver-report', ssrc: 1, reports: [] },
        { kind: 'source-description', ssrc: 1, cname: name },
      ]);
      expect(bytes.length % 4).to.equal(0);
      expect(bytes.at(-1)).to.equal(0);
      expect(parseRtcp(bytes)?.[1]).to.deep.equal({ kind: 'source-description', ssrc: 1, cname: name });
    }
  });

  it('skips kinds it does not know', () => {
    const application = '80cc0002' + '00000001' + '6e616d65';
    const bytes = Buffer.from('80c90001' + '00000001' + application, 'hex');
    expect(parseRtcp(bytes)).to.deep.equal([{ kind: 'receiver-report', ssrc: 1, reports: [] }]);
  });

  for (const [what, hex] of [
    ['nothing', ''],
    ['a length beyond the datagram', '80c90007' + '00000001'],
    ['more reports than it holds', '82c90001' + '00000001'],
    ['a compound that starts with a goodbye', '81cb0001' + '00000001'],
    ['version 1', '40c90001' + '00000001'],
    ['padding on the first packet', 'a0c90001' + '00000001'],
    ['half a header at the end', '80c90001' + '00000001' + '80c9'],
    ['a goodbye that tells of more sources than it holds', '80c90001' + '00000001' + '85cb0001' + '00000001'],
  ] as const) {
    it(`refuses ${what}`, () => expect(parseRtcp(Buffer.from(hex, 'hex'))).to.equal(undefined));
  }

  it('never throws, whatever bytes come', () => {
    const lying = fc.uint8Array({ maxLength: 64 }).map((rest) => Uint8Array.of(0x81, 200, 0, 6, ...rest));
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), lying), (input) => void parseRtcp(input)));
  });

  it('tells NTP time since 1900', () => {
    const { seconds, fraction } = ntpTime(500);
    expect(seconds).to.equal(2_208_988_800);
    expect(fraction).to.equal(0x80000000);
    expect(ntpMiddle(0x12345678, 0x9abcdef0)).to.equal(0x56789abc);
  });
});
