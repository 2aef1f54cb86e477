/** What is told of a leg's sound at its end: counters that a call record is made of. */
import { expect } from 'chai';
import { openBench, pause, type Bench } from '../helpers/bench.ts';
import type { Endpoint, EslEvent } from '../helpers/fsmrf-client.ts';

const COMFORT_NOISE = 13;

describe('quality of a leg', function () {
  this.timeout(20_000);
  let bench: Bench;
  let report: EslEvent;

  before(async function () {
    bench = await openBench(this);
    const { conn } = bench.mediaServer;
    const complete = new Promise<EslEvent>((resolve) => conn.on('esl::event::CHANNEL_HANGUP_COMPLETE::*', resolve));
    await new Promise<void>((done) => conn.subscribe(['HEARTBEAT', 'CHANNEL_HANGUP_COMPLETE'], done));
    const phone = await bench.phone();
    const connected = new Promise<Endpoint>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.mediaServer.connectCaller(request, response).then((pair) => resolve(pair.endpoint), reject);
      };
    });
    await phone.dial(bench.sipPort);
    const endpoint = await connected;
    const port = Number(/^m=audio (\d+)/m.exec(endpoint.local.sdp)?.[1]);
    phone.talk(440);
    await pause(1_500);
    await phone.press('12');
    await pause(300);
    phone.rtp.quiet();
    for (let n = 0; n < 5; n++) {
      phone.rtp.send(port, COMFORT_NOISE, Buffer.from([70]));
      await pause(20);
    }
    await pause(300);
    await bench.mediaServer.api(`uuid_kill ${endpoint.uuid}`);
    report = await complete;
  });
  after(() => bench.close());

  const figure = (name: string): number => Number(report.getHeader(`variable_rtp_audio_${name}`));

  it('counts packets by what is in them', () => {
    expect(figure('in_media_packet_count')).to.be.greaterThan(60);
    expect(figure('in_dtmf_packet_count')).to.equal(10);
    expect(figure('in_cng_packet_count')).to.equal(5);
    const all = figure('in_media_packet_count') + figure('in_dtmf_packet_count') + figure('in_cng_packet_count');
    expect(figure('in_packet_count')).to.be.closeTo(all, 2);
    expect(figure('in_media_bytes')).to.be.greaterThan(60 * 160);
    expect(figure('out_packet_count')).to.be.greaterThan(60);
    expect(figure('out_media_packet_count')).to.equal(figure('out_packet_count') - figure('out_dtmf_packet_count'));
  });

  it('says how good it was', () => {
    expect(figure('in_mos')).to.be.within(3.5, 4.5);
    expect(figure('in_quality_percentage')).to.be.within(80, 100);
    expect(figure('in_jitter_loss_rate')).to.equal(0);
    expect(figure('in_mean_interval')).to.be.within(10, 60);
    expect(figure('in_jitter_max_variance')).to.be.at.least(figure('in_jitter_min_variance'));
    expect(figure('in_flaw_total')).to.be.at.least(0);
  });

  it('counts the times when nothing was there', () => {
    expect(figure('in_skip_packet_count')).to.be.greaterThan(5);
  });

  it('says why and how it ended', () => {
    expect(report.getHeader('Hangup-Cause')).to.equal('NORMAL_CLEARING');
    expect(report.getHeader('variable_hangup_cause')).to.equal('NORMAL_CLEARING');
    expect(report.getHeader('variable_hangup_cause_q850')).to.equal('16');
    expect(report.getHeader('variable_sip_hangup_disposition')).to.equal('send_bye');
    expect(Number(report.getHeader('variable_billsec'))).to.be.within(1, 8);
    expect(Number(report.getHeader('variable_billmsec'))).to.be.greaterThan(1_500);
  });
});
