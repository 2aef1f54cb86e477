/** A caller with ICE and DTLS-SRTP, through fsmrf's way for such callers: the answer, the room, keys and a new offer. */
import { expect } from 'chai';
import type { SipResponse } from '../../embedded/sip/index.ts';
import { openBench, until, type Bench } from '../helpers/bench.ts';
import type { Endpoint } from '../helpers/fsmrf-client.ts';
import { event } from '../helpers/sip-phone.ts';
import { skipBecause } from '../helpers/skip.ts';
import type { Telephone } from '../helpers/telephone.ts';
import { tonesHeard } from '../helpers/tones.ts';
import { endWebPeers, WebPeer } from '../helpers/web-peer.ts';

const ROOM = 'browser-conformance';

describe('browser', function () {
  this.timeout(30_000);
  let bench: Bench;
  let peer: WebPeer;
  let phone: Telephone;
  let endpoint: Endpoint;
  let answer: string;
  const digits: string[] = [];

  function nextEndpoint(): Promise<Endpoint> {
    return new Promise((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.mediaServer.connectCaller(request, response).then(
          (pair) => {
            pair.dialog.on('modify', (offer: { body: string }, reply: { send(status: number, o: object): void }) => {
              void pair.endpoint.dialog.modify(offer.body).then((body) => reply.send(200, { body }));
            });
            resolve(pair.endpoint);
          },
          (error: unknown) => {
            response.send(488);
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      };
    });
  }

  before(async function () {
    bench = await openBench(this);
    const connected = nextEndpoint();
    peer = new WebPeer();
    phone = await bench.phone();
    const call = phone.sip.call(bench.sipPort, await peer.offer());
    phone.call = call;
    answer = (await event<SipResponse>(call, 'answered')).body.toString('utf8');
    call.ack();
    peer.accept(answer);
    endpoint = await connected;
    endpoint.on('dtmf', ({ dtmf }: { dtmf: string }) => digits.push(dtmf));
  });
  after(async () => {
    // The server would notice only when nothing has come for a minute.
    const members = await bench.mediaServer.api('conference browser-conformance list');
    for (const [uuid] of members.matchAll(/[0-9a-f-]{36}/g)) await bench.mediaServer.api(`uuid_kill ${uuid}`);
    peer.close();
    await bench.close();
    endWebPeers();
  });

  it('is answered with what ICE and DTLS need', async () => {
    expect(answer).to.match(/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF 0 126\r$/m);
    expect(answer).to.match(/^a=ice-ufrag:\S{4,}\r$/m);
    expect(answer).to.match(/^a=ice-pwd:\S{22,}\r$/m);
    expect(answer).to.match(/^a=fingerprint:sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}\r$/m);
    expect(answer).to.match(/^a=setup:active\r$/m);
    expect(answer).to.match(/^a=rtcp-mux\r$/m);
    expect(answer).to.match(/^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host/m);
    expect(answer).to.match(/^a=ssrc:\d+ cname:/m);
    await peer.connected();
  });

  it('is told of as encrypted', async () => {
    const variables = await endpoint.getChannelVariables(true);
    expect(variables['variable_rtp_has_crypto']).to.equal('srtp:dtls:AES_CM_128_HMAC_SHA1_80');
    expect(variables['variable_rtp_use_codec_name']).to.equal('PCMU');
    expect(variables['variable_dtmf_type']).to.equal('rfc2833');
  });

  it('sits in a room with a phone: both hear each other', async () => {
    const connected = nextEndpoint();
    const other = await bench.phone();
    await other.dial(bench.sipPort);
    const [, mine] = await Promise.all([(await connected).join(ROOM), endpoint.join(ROOM)]);
    expect(mine.memberId).to.be.greaterThan(0);
    other.talk(830);
    peer.talk(440);
    await until(
      'the browser hears the phone',
      async () => tonesHeard(await peer.hear(300)).join(),
      (tones) => tones === '830',
    );
    expect(tonesHeard(await other.rtp.hear(300))).to.deep.equal([440]);
  });

  it('presses keys', async () => {
    digits.length = 0;
    peer.press('7#');
    await until(
      'both keys',
      () => digits.join(''),
      (keys) => keys === '7#',
    );
  });

  it('is refused without a fingerprint', async function () {
    if (bench.subject === 'real') skipBecause(this, 'FreeSWITCH answers such an offer with 200');
    const failed = nextEndpoint().catch((error: unknown) => error);
    const another = new WebPeer();
    const offer = (await another.offer()).replace(/a=fingerprint:.*\r\n/g, '');
    const caller = await bench.phone();
    const call = caller.sip.call(bench.sipPort, offer);
    expect((await event<SipResponse>(call, 'failed')).status).to.equal(488);
    expect(await failed).to.be.instanceOf(Error);
    another.close();
  });
});
