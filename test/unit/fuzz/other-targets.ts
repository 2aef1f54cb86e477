import { expect } from 'chai';
import { negotiate } from '../../../embedded/freeswitch/sip/negotiation.ts';
import { parseSdp, SdpError } from '../../../embedded/freeswitch/sip/sdp.ts';
import {
  EslCommandReader,
  EslFrameError,
  EslFrameReader,
  serializeEslCommand,
} from '../../../embedded/wire/esl-frame.ts';
import { parseRtcp, serializeRtcp } from '../../../embedded/wire/rtcp.ts';
import { parseRtp, serializeRtp } from '../../../embedded/wire/rtp.ts';
import { parseStun, stunRequest, stunSuccess } from '../../../embedded/wire/stun.ts';
import { parseTelephoneEvent, serializeTelephoneEvent } from '../../../embedded/wire/telephone-event.ts';
import { parseWavHeader, serializeWavHeader, WavError } from '../../../embedded/wire/wav.ts';
import { inPieces, type Target } from './target.ts';

const text = (...texts: readonly string[]) => texts.map((each) => Buffer.from(each));

const sdp: Target = {
  name: 'sdp',
  examples: text(
    'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendonly\r\na=rtcp:40001 IN IP4 192.0.2.1\r\n',
    'v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nm=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n',
    'v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 127.0.0.1\r\na=candidate:6 1 udp 2116026367 127.0.0.1 34844 typ host\r\na=ice-ufrag:3089\r\na=ice-pwd:15a41b4edded3f2d20ec45\r\na=setup:actpass\r\na=rtcp-mux\r\na=rtpmap:0 PCMU/8000\r\n',
    `v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=fingerprint:sha-256 ${Array(32).fill('A0').join(':')}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 126\r\nc=IN IP4 0.0.0.0\r\na=candidate:6 1 udp 2116026367 127.0.0.1 34844 typ host\r\na=ice-ufrag:3089\r\na=ice-pwd:15a41b4edded3f2d20ec45\r\na=setup:active\r\na=mid:0\r\na=rtcp-mux\r\na=rtpmap:126 telephone-event/8000\r\n`,
  ),
  check(bytes) {
    try {
      const description = parseSdp(bytes.toString());
      for (const { port, formats } of description.media) {
        expect(port).to.be.within(0, 65_535);
        expect(formats.join('')).to.not.match(/[\r\n]/);
      }
      for (const canSecure of [false, true]) {
        const negotiated = negotiate(description, canSecure);
        if (negotiated) expect(negotiated.port).to.be.within(1, 65_535);
      }
    } catch (error) {
      if (!(error instanceof SdpError)) throw error;
    }
  },
};

const header = { marker: true, payloadType: 0, sequence: 65_535, timestamp: 4_294_967_295, ssrc: 7 };

const rtp: Target = {
  name: 'rtp',
  examples: [
    serializeRtp({ ...header, payload: Buffer.alloc(160, 0xff) }),
    serializeRtp({
      ...header,
      csrcs: [1, 2, 3],
      extension: { profile: 0xbede, data: Buffer.alloc(8, 1) },
      paddingLength: 4,
      payload: Buffer.alloc(20),
    }),
  ],
  check(bytes) {
    const packet = parseRtp(bytes);
    if (typeof packet === 'string') return;
    const again = parseRtp(serializeRtp(packet));
    if (typeof again === 'string') throw new Error(`what was printed is ${again}`);
    expect({ ...again, payload: [...again.payload] }).to.deep.equal({ ...packet, payload: [...packet.payload] });
  },
};

const report = {
  ssrc: 1,
  fractionLost: 0.5,
  cumulativeLost: -3,
  highestSequence: 70_000,
  jitter: 12,
  lastSenderReport: 4_000_000_000,
  delaySinceLastSenderReport: 65_536,
};
const sender = { ntpSeconds: 1, ntpFraction: 2, rtpTimestamp: 3, packetCount: 4, octetCount: 5 };

const rtcp: Target = {
  name: 'rtcp',
  examples: [
    serializeRtcp([
      { kind: 'sender-report', ssrc: 1, sender, reports: [report, report] },
      { kind: 'source-description', ssrc: 1, cname: 'somebody@example.com' },
      { kind: 'goodbye', ssrcs: [1, 2] },
    ]),
    serializeRtcp([{ kind: 'receiver-report', ssrc: 1, reports: [report] }]),
  ],
  check(bytes) {
    const packets = parseRtcp(bytes);
    if (!packets || packets.length === 0) return;
    const kinds = packets.map(({ kind }) => kind);
    const again = parseRtcp(serializeRtcp(packets));
    if (kinds[0] === 'sender-report' || kinds[0] === 'receiver-report') {
      expect(again?.map(({ kind }) => kind)).to.deep.equal(kinds);
    }
  },
};

const stunTransaction = Buffer.alloc(12, 9);

const stun: Target = {
  name: 'stun',
  examples: [
    stunRequest({ transaction: stunTransaction, username: 'ours:theirs', password: 'secret' }),
    stunSuccess(stunTransaction, '2001:db8::1', 40_000, 'secret'),
  ],
  check(bytes) {
    const message = parseStun(bytes);
    if (!message) return;
    expect(bytes.length % 4).to.equal(0);
    // What was not changed where the signature reaches is what was signed.
    if (message.isSignedWith('secret') && message.username !== undefined) {
      expect(message.username).to.equal('ours:theirs');
    }
    expect(message.isSignedWith('guess')).to.equal(false);
  },
};

const telephoneEvent: Target = {
  name: 'telephone-event',
  examples: [Buffer.from(serializeTelephoneEvent({ event: 11, end: true, volume: 10, duration: 1_600 }))],
  check(bytes) {
    const event = parseTelephoneEvent(bytes);
    if (event) expect(parseTelephoneEvent(serializeTelephoneEvent(event))).to.deep.equal(event);
    else expect(bytes.length).to.be.below(4);
  },
};

const eventSocket: Target = {
  name: 'event-socket',
  examples: text(
    'auth ClueCon\n\n',
    'api conference 1 list\n\nevents json CHANNEL_ANSWER CUSTOM conference::maintenance\n\n',
    'sendmsg 1234\ncall-command: execute\nexecute-app-name: playback\ncontent-type: text/plain\ncontent-length: 5\n\na.wav',
    'Content-Type: command/reply\nReply-Text: +OK\n\nContent-Length: 12\nContent-Type: text/event-json\n\n{"a":"b\\n1"}',
  ),
  check(bytes, random) {
    for (const reader of [new EslCommandReader(), new EslFrameReader()]) {
      try {
        for (const piece of inPieces(bytes, random)) {
          reader.append(piece);
          for (let frame = reader.next(); frame; frame = reader.next()) {
            const line = 'line' in frame ? String(frame.line) : '';
            const printed = serializeEslCommand(line, frame.headers);
            expect(printed.indexOf('\n\n'), 'a value became more than one line').to.equal(printed.length - 2);
          }
        }
      } catch (error) {
        if (!(error instanceof EslFrameError)) throw error;
      }
    }
  },
};

const wav: Target = {
  name: 'wav',
  examples: [
    Buffer.concat([serializeWavHeader({ encoding: 'pcm16', channels: 1, sampleRate: 8_000 }, 320), Buffer.alloc(320)]),
    Buffer.concat([serializeWavHeader({ encoding: 'mulaw', channels: 2, sampleRate: 48_000 }, 64), Buffer.alloc(64)]),
  ],
  check(bytes) {
    try {
      const { channels, sampleRate, dataOffset, dataBytes } = parseWavHeader(bytes);
      expect(dataOffset + dataBytes).to.be.at.most(bytes.length);
      expect(dataBytes).to.be.at.least(0);
      expect(channels).to.be.within(1, 64);
      expect(sampleRate).to.be.above(0);
    } catch (error) {
      if (!(error instanceof WavError)) throw error;
    }
  },
};

export const otherTargets: readonly Target[] = [sdp, rtp, rtcp, stun, telephoneEvent, eventSocket, wav];
