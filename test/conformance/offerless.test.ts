/** An INVITE without SDP, from a telephone through drachtio-server to the media server: who offers, and who answers. */
import { expect } from 'chai';
import { openBench, type Bench } from '../helpers/bench.ts';
import { connectMrf, type MediaServer } from '../helpers/fsmrf-client.ts';
import { event } from '../helpers/sip-phone.ts';
import type { Srf, SrfDialog } from '../helpers/srf-client.ts';
import type { Telephone } from '../helpers/telephone.ts';
import type { SipResponse } from '../../embedded/sip/index.ts';

type Section = (section: string) => string;

/** The real server offers encrypted audio first, on an m= line of its own. */
function eachSecure(sdp: string, change: Section): string {
  const [session = '', ...media] = sdp.split(/(?=^m=)/m);
  return session + media.map((section) => (section.includes('RTP/SAVP') ? change(section) : section)).join('');
}

interface Offered {
  readonly sdp: string;
  readonly ack: (sdp: string) => Promise<unknown>;
}

/** As unmodified drachtio-srf, but the encrypted stream of a media server's offer is refused in its ACK. */
function refusingEncryption(srf: Srf): Srf {
  const createUAC = async (uri: string, options: { localSdp?: string }) => {
    if (options.localSdp !== undefined) return srf.createUAC(uri, options);
    const { sdp, ack } = (await srf.createUAC(uri, { ...options, noAck: true })) as unknown as Offered;
    return ack(eachSecure(sdp, (section) => `${section.split('\r\n', 1)[0]!.replace(/ \d+ /, ' 0 ')}\r\n`));
  };
  return { createUAC } as unknown as Srf;
}

describe('an INVITE without an offer', function () {
  this.timeout(30_000);
  let bench: Bench;
  let phone: Telephone;
  let media: MediaServer;
  let answer: SipResponse;
  let dialog: SrfDialog;
  let offer: string;
  let acknowledged: string;

  before(async function () {
    bench = await openBench(this);
    media = await connectMrf(refusingEncryption(bench.srf), bench.freeswitch);
    phone = await bench.phone();
    const endpoint = await media.createEndpoint();
    offer = eachSecure(endpoint.local.sdp, () => '');
    const ack = new Promise<string>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.srf.createUAS(request, response, { localSdp: offer }).then((made) => {
          dialog = made;
          made.once('ack', (message: { body: string }) => resolve(message.body));
        }, reject);
      };
    });
    phone.call = phone.sip.call(bench.sipPort, '');
    answer = await event<SipResponse>(phone.call, 'answered');
    phone.connect(answer.body.toString());
    phone.call.ack(phone.sdp);
    acknowledged = await ack;
    await endpoint.modify(acknowledged);
    phone.talk(440);
    void endpoint.execute('echo', '').catch(() => undefined);
  });

  after(async () => {
    media.disconnect();
    await bench.close();
  });

  it('is answered with the offer of the media server', () => {
    expect(answer.body.toString()).to.equal(offer);
    expect(offer).to.match(/^m=audio \d+ RTP\/AVP 0 8\b/m);
  });

  it('brings the answer to the application with the ACK', () => {
    expect(acknowledged).to.equal(phone.sdp);
    expect(dialog.remote.sdp).to.equal(phone.sdp);
  });

  it('carries sound both ways afterwards', () => phone.untilHears([440]));
});
