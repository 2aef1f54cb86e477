/** An INVITE without SDP, from a telephone through drachtio-server to the media server: who offers, and who answers. */
import { expect } from 'chai';
import { openBench, type Bench } from '../helpers/bench.ts';
import {
  connectMrf,
  plainAudioOnly,
  refusingEncryption,
  type Endpoint,
  type MediaServer,
} from '../helpers/fsmrf-client.ts';
import { event } from '../helpers/sip-phone.ts';
import type { SrfDialog } from '../helpers/srf-client.ts';
import type { Telephone } from '../helpers/telephone.ts';
import type { SipResponse } from '../../embedded/sip/index.ts';

describe('an INVITE without an offer', function () {
  this.timeout(30_000);
  let bench: Bench;
  let phone: Telephone;
  let media: MediaServer;
  let endpoint: Endpoint;
  let answer: SipResponse;
  let dialog: SrfDialog;
  let offer: string;
  let acknowledged: string;

  before(async function () {
    bench = await openBench(this);
    media = await connectMrf(refusingEncryption(bench.srf), bench.freeswitch);
    phone = await bench.phone();
    endpoint = await media.createEndpoint();
    offer = plainAudioOnly(endpoint.local.sdp);
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
    // A real server would keep the channel until RTP has been away for a minute.
    await endpoint.destroy();
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
