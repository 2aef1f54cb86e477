/** Session descriptions, and what is agreed on. */
import { expect } from 'chai';
import fc from 'fast-check';
import { answerSdp, negotiate, offerSdp, remoteMedia } from '../../../embedded/freeswitch/sip/negotiation.ts';
import { parseSdp, SdpError } from '../../../embedded/freeswitch/sip/sdp.ts';

const origin = { id: '7', version: '8', address: '192.0.2.1' };
const local = { address: '192.0.2.1', port: 30_000 };
const sdp = (...lines: string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 't=0 0', ...lines, ''].join('\r\n');
const audio = (formats: string, ...lines: string[]): string =>
  sdp('c=IN IP4 192.0.2.9', `m=audio 4000 RTP/AVP ${formats}`, ...lines);

describe('session descriptions', () => {
  it('are read with the level of the session as the default of its streams', () => {
    const { media } = parseSdp(
      sdp(
        'c=IN IP4 192.0.2.9',
        'a=sendonly',
        'm=audio 4000 RTP/AVP 0',
        'm=audio 4002/2 RTP/AVP 8',
        'c=IN IP6 ::1',
        'a=inactive',
      ),
    );
    expect(media.map(({ address, direction, port }) => [address, direction, port])).to.deep.equal([
      ['192.0.2.9', 'sendonly', 4_000],
      ['::1', 'inactive', 4_002],
    ]);
  });

  it('know codecs by number and by name', () => {
    const [stream] = parseSdp(audio('96 0 8 101', 'a=rtpmap:96 pcmu/8000', 'a=rtpmap:101 telephone-event/8000')).media;
    expect(stream!.codecs.map(({ payloadType, name }) => [payloadType, name])).to.deep.equal([
      [96, 'PCMU'],
      [0, 'PCMU'],
      [8, 'PCMA'],
      [101, 'TELEPHONE-EVENT'],
    ]);
  });

  const malformed: [what: string, text: string][] = [
    ['no version', audio('0').slice(5)],
    ['no address', sdp('m=audio 4000 RTP/AVP 0')],
    ['a port beyond the last', sdp('c=IN IP4 1.2.3.4', 'm=audio 65536 RTP/AVP 0')],
    ['no formats', sdp('c=IN IP4 1.2.3.4', 'm=audio 4000 RTP/AVP')],
    ['an address with something else in it', audio('0').replace('IP4 192.0.2.9\r\nm', 'IP4 1.2.3.4;x\r\nm')],
    ['too many streams', sdp('c=IN IP4 1.2.3.4', ...Array.from({ length: 17 }, () => 'm=audio 4000 RTP/AVP 0'))],
    ['too much', `${audio('0')}${'a=x\r\n'.repeat(20_000)}`],
  ];
  for (const [what, text] of malformed) {
    it(`with ${what} are refused`, () => {
      expect(() => parseSdp(text)).to.throw(SdpError);
    });
  }

  it('of any text are read or refused', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'v=0',
        'c=IN IP4 1.2.3.4',
        'm=audio 4000 RTP/AVP 0 8',
        'a=rtpmap:0 PCMU/8000',
        'a=ptime:0',
        'm=',
        'c=',
      ),
      fc.string({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        try {
          negotiate(parseSdp(['v=0', ...lines].join('\n')));
        } catch (error) {
          expect(error).to.be.instanceOf(SdpError);
        }
      }),
    );
  });
});

describe('offer and answer', () => {
  const agreed = (text: string): ReturnType<typeof negotiate> => negotiate(parseSdp(text));

  it('prefer PCMU whatever the caller does, and take PCMA', () => {
    expect(agreed(audio('8 0'))?.codec).to.deep.equal({ name: 'PCMU', payloadType: 0 });
    expect(agreed(audio('8 9'))?.codec).to.deep.equal({ name: 'PCMA', payloadType: 8 });
    expect(agreed(audio('9 18'))).to.equal(undefined);
  });

  it('take neither a refused stream nor an encrypted one', () => {
    expect(agreed(audio('0').replace('4000', '0'))).to.equal(undefined);
    expect(agreed(audio('0').replace('RTP/AVP', 'UDP/TLS/RTP/SAVPF'))).to.equal(undefined);
  });

  it('take telephone-event and comfort noise under the caller’s numbers', () => {
    const result = agreed(audio('0 13 97', 'a=rtpmap:97 telephone-event/8000'))!;
    expect([result.telephoneEvent, result.comfortNoise]).to.deep.equal([97, 13]);
    expect(agreed(audio('0 97', 'a=rtpmap:97 telephone-event/48000'))!.telephoneEvent).to.equal(undefined);
  });

  const directions: [theirs: string, ours: string][] = [
    ['sendrecv', 'sendrecv'],
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
  ];
  for (const [theirs, ours] of directions) {
    it(`answer ${theirs} with ${ours}`, () => {
      expect(agreed(audio('0', `a=${theirs}`))!.direction).to.equal(ours);
    });
  }

  it('take 0.0.0.0 for hold, but not twice', () => {
    const held = audio('0').replaceAll('192.0.2.9', '0.0.0.0');
    expect(agreed(held)!.direction).to.equal('recvonly');
    expect(agreed(`${held}a=inactive\r\n`)!.direction).to.equal('inactive');
    expect(agreed(`${held}a=sendonly\r\n`)!.direction).to.equal('recvonly');
  });

  it('take packet times they can send, else 20 ms', () => {
    expect(agreed(audio('0', 'a=ptime:30'))!.ptime).to.equal(30);
    expect(agreed(audio('0', 'a=ptime:25'))!.ptime).to.equal(20);
  });

  it('answer each stream in its place', () => {
    const offer = parseSdp(
      sdp(
        'c=IN IP4 192.0.2.9',
        'm=video 4002 RTP/AVP 96',
        'm=audio 4000 RTP/AVP 0 101',
        'a=rtpmap:101 telephone-event/8000',
        'm=audio 4004 RTP/AVP 0',
      ),
    );
    const answer = answerSdp(origin, local, offer, negotiate(offer)!);
    expect(answer.split('\r\n')).to.deep.equal([
      'v=0',
      'o=mrf 7 8 IN IP4 192.0.2.1',
      's=mrf',
      'c=IN IP4 192.0.2.1',
      't=0 0',
      'm=video 0 RTP/AVP 96',
      'm=audio 30000 RTP/AVP 0 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'm=audio 0 RTP/AVP 0',
      '',
    ]);
  });

  it('understand their own offer', () => {
    const result = agreed(offerSdp(origin, local))!;
    expect(result).to.deep.include({ address: local.address, port: local.port, telephoneEvent: 101, ptime: 20 });
  });

  it('tell the media engine what was agreed', () => {
    const result = agreed(audio('8 101 13', 'a=rtpmap:101 telephone-event/8000', 'a=rtcp:4711', 'a=sendonly'))!;
    expect(remoteMedia(result, '192.0.2.10')).to.deep.equal({
      address: '192.0.2.9',
      port: 4_000,
      audioPayloadType: 8,
      ptime: 20,
      direction: 'recvonly',
      signallingAddress: '192.0.2.10',
      rtcpPort: 4_711,
      telephoneEventPayloadType: 101,
      comfortNoisePayloadType: 13,
    });
  });
});
