import { expect } from 'chai';
import fc from 'fast-check';
import { likelyCandidatesFirst } from '../../../bridge/media/candidate-order.ts';

const HEAD = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n';
const TAIL = 'a=ice-ufrag:abcd\r\na=mid:0\r\n';
const WIRE = 'a=candidate:1 1 udp 2122063615 10.0.0.2 40000 typ host generation 0 network-id 1\r\n';
const WIRELESS = 'a=candidate:2 1 udp 2122194687 10.0.0.3 40001 typ host generation 0 network-id 2 network-cost 10\r\n';
const LOOPBACK =
  'a=candidate:3 1 udp 2122194690 127.0.0.1 40002 typ host generation 0 network-id 3 network-cost 50\r\n';
const MAPPED = 'a=candidate:4 1 udp 1685987071 192.0.2.9 40000 typ srflx raddr 10.0.0.2 rport 40000 network-id 1\r\n';

describe("candidates of a browser's offer", () => {
  it('come from the cheapest network down, as Chromium nominates them, and then by priority', () => {
    expect(likelyCandidatesFirst(HEAD + LOOPBACK + WIRELESS + MAPPED + WIRE + TAIL)).to.equal(
      HEAD + WIRE + MAPPED + WIRELESS + LOOPBACK + TAIL,
    );
  });

  it('stay with their stream', () => {
    const video = 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\n';
    expect(likelyCandidatesFirst(HEAD + WIRELESS + video + LOOPBACK + WIRE + TAIL)).to.equal(
      HEAD + WIRELESS + video + WIRE + LOOPBACK + TAIL,
    );
  });

  it('are all there, in the places of candidates, whatever the offer says', () => {
    const line = fc.oneof(
      fc.constantFrom(WIRE, WIRELESS, LOOPBACK, MAPPED, TAIL, 'm=audio 1 RTP/AVP 0\r\n', 'a=candidate:\r\n', '\n'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), (parts) => {
        const offer = parts.join('');
        const ordered = likelyCandidatesFirst(offer);
        expect(ordered.split('\n').sort()).to.deep.equal(offer.split('\n').sort());
        expect(likelyCandidatesFirst(ordered)).to.equal(ordered);
      }),
    );
  });
});
