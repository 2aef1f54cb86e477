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
  this.timeout(30_000);
  let bench: FreeswitchBench;
  const open: { peer: WebPeer; phone: Telephone }[] = [];

  before(async () => {
    // Two, so that a leg has to move to its room's.
    bench = await FreeswitchBench.open({ mediaWorkers: 2 });
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
    const phone = await bench.phone();
    const other = await bench.dial(phone);
    void execute(other.application, other.uuid, 'conference', 'browsers@default').catch(() => undefined);
    const { peer, application, uuid } = await dial();
    void execute(application, uuid, 'conference', 'browsers@default').catch(() => undefined);
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

  it('are refused, with nothing left of them, when what they offer cannot be secured', async () => {
    const { call } = await offer({}, (sdp) => sdp.replace(/a=ice-pwd:.*\r\n/, ''));
    expect((await event<SipResponse>(call, 'failed')).status).to.equal(488);
    open.at(-1)!.phone.call = undefined;
  });

  it('are hung up when their certificate is not the one they told of', async () => {
    const { peer, phone, call } = await offer({}, (sdp) =>
      sdp.replace(/(a=fingerprint:sha-256 )[0-9A-F]{2}/, (_line, head: string) => `${head}00`),
    );
    const answer = await event<SipResponse>(call, 'answered');
    call.ack();
    const ended = bench.event(
      'CHANNEL_HANGUP_COMPLETE',
      ({ headers }) => headers.get('Hangup-Cause') === 'DESTINATION_OUT_OF_ORDER',
    );
    const bye = event(call, 'BYE');
    peer.accept(answer.body.toString('utf8'));
    await ended;
    await bye;
    phone.call = undefined;
    expect(peer.packets, 'nothing was sent to whoever that is').to.deep.equal([]);
  });

  it('that never finish their handshake are bounded in number', async () => {
    const phone = await bench.phone();
    const peer = new WebPeer();
    const sdp = await peer.offer();
    const calls = [];
    for (let n = 0; n < 200; n++) {
      const call = phone.sip.call(bench.server.sipPort, sdp, bench.headers);
      await event<SipResponse>(call, 'answered');
      call.ack();
      calls.push(call);
    }
    expect(await bench.refusal(phone, sdp)).to.equal(503);
    expect(await bench.refusal(phone, 'no description')).to.equal(488);
    const telephone = await bench.phone();
    await bench.dial(telephone);
    await telephone.hangUp();
    await Promise.all(calls.map((call) => call.request('BYE')));
    peer.close();
  });
});
