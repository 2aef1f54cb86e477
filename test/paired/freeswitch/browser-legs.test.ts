/** Browsers' legs: libdatachannel as the browser, the embedded FreeSWITCH, and telephones in the same room. */
import { expect } from 'chai';
import type { SipResponse } from '../../../embedded/sip/index.ts';
import { event } from '../../helpers/sip-phone.ts';
import { tonesHeard } from '../../helpers/tones.ts';
import type { Telephone } from '../../helpers/telephone.ts';
import { endWebPeers, WebPeer, type WebPeerOptions } from '../../helpers/web-peer.ts';
import { execute, FreeswitchBench } from './bench.ts';

const decoded = (value = ''): string => decodeURIComponent(value);

describe('embedded FreeSWITCH: browser legs', function () {
  this.timeout(20_000);
  let bench: FreeswitchBench;
  const open: { peer: WebPeer; phone: Telephone }[] = [];

  before(async () => {
    bench = await FreeswitchBench.open();
    await bench.control.ask('event plain CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE DTMF');
  });
  after(async () => {
    await bench.close();
    endWebPeers();
  });
  afterEach(async () => {
    for (const { peer, phone } of open.splice(0)) {
      peer.close();
      if (phone.call) await phone.hangUp();
    }
    await bench.untilIdle();
  });

  async function offer(options: WebPeerOptions = {}, change = (sdp: string): string => sdp) {
    const phone = await bench.phone();
    const peer = new WebPeer(options);
    open.push({ peer, phone });
    const call = phone.sip.call(bench.server.sipPort, change(await peer.offer()), bench.headers);
    phone.call = call;
    return { peer, phone, call };
  }

  async function dial(options: WebPeerOptions = {}) {
    const { peer, phone, call } = await offer(options);
    const answer = await event<SipResponse>(call, 'answered');
    call.ack();
    peer.accept(answer.body.toString('utf8'));
    const taken = await bench.takeApplication();
    return { peer, phone, call, answer: answer.body.toString('utf8'), ...taken };
  }

  it('are heard and hear themselves in the echo application', async () => {
    const { peer, application, uuid } = await dial();
    peer.talk(620);
    void execute(application, uuid, 'echo').catch(() => undefined);
    const heard = await peer.hear(400, 300);
    expect(tonesHeard(heard)).to.deep.equal([620]);
  });

  it('sit in a room with a telephone: each hears the other and not itself', async () => {
    const { peer, application, uuid } = await dial();
    const phone = await bench.phone();
    const other = await bench.dial(phone);
    void execute(application, uuid, 'conference', 'browsers@default').catch(() => undefined);
    void execute(other.application, other.uuid, 'conference', 'browsers@default').catch(() => undefined);
    peer.talk(440);
    phone.talk(830);
    const [web, telephone] = await Promise.all([peer.hear(400, 600), phone.rtp.hear(400, 600)]);
    await phone.hangUp();
    expect(tonesHeard(web)).to.deep.equal([830]);
    expect(tonesHeard(telephone)).to.deep.equal([440]);
  });

  it('press keys', async () => {
    const { peer, uuid } = await dial();
    peer.press('4#');
    const digits = [await bench.event('DTMF'), await bench.event('DTMF')].map(({ headers }) => headers);
    expect(digits.map((headers) => headers.get('DTMF-Digit'))).to.deep.equal(['4', '#']);
    expect(digits[0]!.get('Unique-ID')).to.equal(uuid);
  });

  it('of whom the media server tells what FreeSWITCH tells', async () => {
    const { peer, data, answer } = await dial();
    const variable = (name: string): string => decoded(data.headers.get(`variable_${name}`));
    expect(variable('rtp_has_crypto')).to.equal('srtp:dtls:AES_CM_128_HMAC_SHA1_80');
    expect(variable('rtp_use_ssrc')).to.match(/^\d+$/);
    expect(variable('remote_audio_ip')).to.equal('127.0.0.1');
    expect(variable('remote_audio_rtcp_port')).to.equal(variable('remote_audio_port'));
    expect(variable('remote_media_port')).to.equal(variable('remote_audio_port'));
    expect(variable('rtp_local_sdp_str')).to.include('a=fingerprint:sha-256 ').and.to.include('a=sendrecv');
    await peer.hear(20);
    expect(answer).to.include(`a=ssrc:${peer.packets[0]!.ssrc} cname:`);
  });
});
