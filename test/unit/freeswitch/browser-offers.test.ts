/** Offers as browsers make them, and what is answered. Composed after what each of them writes; no recording. */
import { expect } from 'chai';
import { answerSdp, negotiate, remoteMedia, type LocalMedia } from '../../../embedded/freeswitch/sip/negotiation.ts';
import { newIceCredentials } from '../../../embedded/freeswitch/sip/secure-description.ts';
import { parseSdp } from '../../../embedded/freeswitch/sip/sdp.ts';

const FINGERPRINT = Array.from({ length: 32 }, (_, byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
const ICE = { ufrag: '0123456789abcdef', password: '0123456789abcdef0123456789abcdef' };
const LOCAL: LocalMedia = {
  address: '192.0.2.1',
  port: 30_000,
  secure: { ...ICE, fingerprint: FINGERPRINT, ssrc: 4_711 },
};
const ORIGIN = { id: '7', version: '8', address: '192.0.2.1' };

const text = (...lines: readonly (string | readonly string[])[]): string => [...lines.flat(), ''].join('\r\n');

const G711_AND_DIGITS = [
  'a=rtpmap:111 opus/48000/2',
  'a=rtcp-fb:111 transport-cc',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:13 CN/8000',
  'a=rtpmap:110 telephone-event/48000',
  'a=rtpmap:126 telephone-event/8000',
];

const chromium = text(
  ['v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0'],
  ['a=group:BUNDLE 0 1', 'a=extmap-allow-mixed', 'a=msid-semantic: WMS 0b1c'],
  ['m=audio 51472 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126', 'c=IN IP4 192.0.2.77', 'a=rtcp:9 IN IP4 0.0.0.0'],
  [
    'a=candidate:1467250027 1 udp 2122260223 1f2b7c1a-33f1-4c63-9b7e-2f0c5d6a7e88.local 51472 typ host generation 0',
    'a=candidate:842163049 1 udp 1686052607 192.0.2.77 51472 typ srflx raddr 0.0.0.0 rport 0 generation 0',
    'a=candidate:1605543695 1 tcp 1518280447 192.0.2.78 9 typ host tcptype active generation 0',
  ],
  ['a=ice-ufrag:Wb4R', 'a=ice-pwd:Lk1bY7oQqmXw8k3Vh2mXg0Qy', 'a=ice-options:trickle'],
  [`a=fingerprint:sha-256 ${FINGERPRINT}`, 'a=setup:actpass', 'a=mid:0'],
  ['a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level', 'a=sendrecv', 'a=rtcp-mux', 'a=rtcp-rsize'],
  G711_AND_DIGITS,
  ['a=ssrc:2543252987 cname:k8dF', 'a=ssrc:2543252987 msid:0b1c 1d2e'],
  ['m=video 9 UDP/TLS/RTP/SAVPF 96 97', 'c=IN IP4 0.0.0.0', 'a=ice-ufrag:Wb4R', 'a=ice-pwd:Lk1bY7oQqmXw8k3Vh2mXg0Qy'],
  [`a=fingerprint:sha-256 ${FINGERPRINT}`, 'a=setup:actpass', 'a=mid:1', 'a=rtcp-mux', 'a=rtpmap:96 VP8/90000'],
);

const firefox = text(
  ['v=0', 'o=mozilla...THIS_IS_SDPARTA-99.0 5830172 0 IN IP4 0.0.0.0', 's=-', 't=0 0'],
  [`a=fingerprint:sha-256 ${FINGERPRINT}`, 'a=group:BUNDLE 0 1', 'a=ice-options:trickle', 'a=msid-semantic:WMS *'],
  ['m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101', 'c=IN IP4 0.0.0.0', 'a=sendrecv'],
  ['a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level', 'a=fmtp:101 0-15'],
  ['a=ice-pwd:8f0f4c6b5a1d2e3f8f0f4c6b5a1d2e3f', 'a=ice-ufrag:5c5f9a31', 'a=mid:0', 'a=rtcp-mux', 'a=setup:actpass'],
  ['a=rtpmap:109 opus/48000/2', 'a=rtpmap:9 G722/8000/1', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000'],
  ['a=rtpmap:101 telephone-event/8000/1', 'a=ssrc:1123 cname:{4f}'],
  ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:1', 'a=sctp-port:5000'],
);

/** Unified plan of WebKit: the audio is not the first stream, and nothing is bundled. */
const safari = text(
  ['v=0', 'o=- 732946101 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=msid-semantic: WMS a1'],
  ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:video', 'a=rtpmap:96 H264/90000'],
  ['m=audio 9 UDP/TLS/RTP/SAVPF 111 103 9 102 0 8 105 13 110 113 126', 'c=IN IP4 0.0.0.0', 'a=mid:audio'],
  ['a=ice-ufrag:Qz+/', 'a=ice-pwd:abcdefghijklmnopqrstuv', `a=fingerprint:sha-256 ${FINGERPRINT.toLowerCase()}`],
  ['a=setup:actpass', 'a=sendrecv', 'a=rtcp-mux', 'a=ptime:20'],
  G711_AND_DIGITS,
);

const answer = (offer: string): string[] => {
  const description = parseSdp(offer);
  return answerSdp(ORIGIN, LOCAL, description, negotiate(description, true)!).split('\r\n');
};

describe('offers of browsers', () => {
  for (const [browser, offer, digits] of [
    ['Chromium', chromium, 126],
    ['Firefox', firefox, 101],
    ['Safari', safari, 126],
  ] as const) {
    it(`of ${browser} are answered with everything that ICE and DTLS need`, () => {
      const lines = answer(offer);
      expect(lines).to.include(`m=audio 30000 UDP/TLS/RTP/SAVPF 0 ${digits}`);
      expect(lines).to.include.members([
        'a=ice-lite',
        `a=rtpmap:${digits} telephone-event/8000`,
        `a=ice-ufrag:${ICE.ufrag}`,
        `a=ice-pwd:${ICE.password}`,
        `a=fingerprint:sha-256 ${FINGERPRINT}`,
        'a=setup:active',
        'a=rtcp-mux',
        'a=rtcp:30000 IN IP4 192.0.2.1',
        'a=candidate:1 1 udp 2130706431 192.0.2.1 30000 typ host',
        'a=end-of-candidates',
        'a=ssrc:4711 cname:4711',
      ]);
    });
  }

  it('keep their streams in place: what is not audio is refused, and nothing is bundled, as in FreeSWITCH', () => {
    expect(answer(chromium).filter((line) => /^(m=|a=mid|a=group)/.test(line))).to.deep.equal([
      'm=audio 30000 UDP/TLS/RTP/SAVPF 0 126',
      'm=video 0 UDP/TLS/RTP/SAVPF 96 97',
    ]);
    expect(answer(firefox).filter((line) => /^m=/.test(line))[1]).to.equal(
      'm=application 0 UDP/DTLS/SCTP webrtc-datachannel',
    );
    expect(answer(safari).filter((line) => /^(m=|a=mid|a=group)/.test(line))).to.deep.equal([
      'm=video 0 UDP/TLS/RTP/SAVPF 96',
      'm=audio 30000 UDP/TLS/RTP/SAVPF 0 126',
    ]);
  });

  it('tell the engine whom to expect, and the first real address there is', () => {
    const { secure, ...media } = remoteMedia(negotiate(parseSdp(chromium), true)!, '127.0.0.1', ICE);
    expect(secure).to.deep.equal({ local: ICE, remote: { ufrag: 'Wb4R' }, fingerprint: FINGERPRINT, role: 'client' });
    expect(media).to.include({ address: '192.0.2.77', port: 51_472, telephoneEventPayloadType: 126 });
    // A fingerprint at the level of the session, and in lower case, is one.
    expect(remoteMedia(negotiate(parseSdp(firefox), true)!, '127.0.0.1', ICE).secure?.fingerprint).to.equal(
      FINGERPRINT,
    );
    expect(remoteMedia(negotiate(parseSdp(safari), true)!, '127.0.0.1', ICE).secure?.fingerprint).to.equal(FINGERPRINT);
  });

  it('that want to be the active part get the passive one', () => {
    expect(answer(chromium.replaceAll('a=setup:actpass', 'a=setup:active'))).to.include('a=setup:passive');
    expect(answer(chromium.replaceAll('a=setup:actpass\r\n', ''))).to.include('a=setup:passive');
    expect(answer(chromium.replaceAll('a=setup:actpass', 'a=setup:passive'))).to.include('a=setup:active');
  });

  it('on hold are answered so', () => {
    expect(answer(chromium.replace('a=sendrecv', 'a=sendonly'))).to.include('a=recvonly');
    expect(answer(chromium.replace('a=sendrecv', 'a=inactive'))).to.include('a=inactive');
  });

  const incomplete: [what: string, offer: string][] = [
    ['no user fragment', chromium.replace(/a=ice-ufrag:.*\r\n/, '')],
    ['no password', chromium.replace(/a=ice-pwd:.*\r\n/, '')],
    ['a password that is too short', chromium.replace(/a=ice-pwd:.*/, 'a=ice-pwd:short')],
    ['no fingerprint', chromium.replace(/a=fingerprint:.*\r\n/, '')],
    ['a fingerprint that is cut off', chromium.replace(/(a=fingerprint:sha-256 [0-9A-F:]{20}).*/, '$1')],
    ['a fingerprint of SHA-1', chromium.replace('sha-256', 'sha-1')],
    ['RTCP elsewhere', chromium.replace('a=rtcp-mux\r\n', '')],
    ['a set-up on hold', chromium.replace('a=setup:actpass', 'a=setup:holdconn')],
    [
      'no codec of ours',
      chromium.replace(/a=rtpmap:(0|8) .*\r\n/g, '').replace('SAVPF 111 63 9 0 8 13', 'SAVPF 111 63 9'),
    ],
    ['keys in the description', chromium.replace('UDP/TLS/RTP/SAVPF 111', 'RTP/SAVPF 111')],
  ];
  for (const [what, offer] of incomplete) {
    it(`with ${what} are refused`, () => {
      expect(negotiate(parseSdp(offer), true)).to.equal(undefined);
    });
  }

  it('are refused where OpenSSL cannot be called', () => {
    expect(negotiate(parseSdp(chromium))).to.equal(undefined);
  });

  it('get names that nobody can guess', () => {
    const made = Array.from({ length: 50 }, () => newIceCredentials());
    expect(new Set(made.flatMap(({ ufrag, password }) => [ufrag, password])).size).to.equal(100);
    for (const { ufrag, password } of made) expect([ufrag.length, password.length]).to.deep.equal([16, 32]);
  });
});
