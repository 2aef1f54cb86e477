/** An endpoint without SDP, a call to a telephone, digits during a prompt, two files, a missing one, the end. */
import { expect } from 'chai';
import { openBench, pause, until, type Bench } from '../helpers/bench.ts';
import {
  connectMrf,
  plainAudioOnly,
  refusingEncryption,
  type Endpoint,
  type MediaServer,
} from '../helpers/fsmrf-client.ts';
import type { SrfDialog } from '../helpers/srf-client.ts';
import type { Telephone } from '../helpers/telephone.ts';

describe('dial-out', function () {
  this.timeout(30_000);
  let bench: Bench;
  let media: MediaServer;
  let phone: Telephone;
  let endpoint: Endpoint;
  let dialog: SrfDialog;
  let offer: string;
  const provisional: number[] = [];

  before(async function () {
    bench = await openBench(this);
    media = await connectMrf(refusingEncryption(bench.srf), bench.freeswitch);
    phone = await bench.phone();
    endpoint = await media.createEndpoint();
    offer = plainAudioOnly(endpoint.local.sdp);
    const answering = phone.answerNext();
    dialog = await bench.srf.createUAC(
      phone.sip.uri,
      { localSdp: offer },
      { cbProvisional: (response) => provisional.push(response.status) },
    );
    await answering;
    await endpoint.modify(dialog.remote.sdp);
    phone.talk(0);
  });

  after(async () => {
    media.disconnect();
    await bench.close();
  });

  it('offers both kinds of G.711 and telephone-event before it knows a peer', () => {
    expect(offer).to.match(/^m=audio \d+ RTP\/AVP 0 8\b/m);
    expect(offer).to.match(/^a=rtpmap:\d+ telephone-event\/8000/m);
    expect(offer).to.match(/^a=sendrecv/m);
  });

  it('knows its peer after the re-INVITE', () => {
    expect(endpoint.remote.mediaPort).to.equal(String(phone.rtp.port));
    expect(endpoint.dtmfType).to.equal('rfc2833');
  });

  it('sends sound to the telephone', async () => {
    const playing = endpoint.play('tone_stream://%(1500,0,1070)');
    await phone.untilHears([1_070]);
    await playing;
  });

  it('lets a digit interrupt the prompt, and collects it', async () => {
    const collecting = endpoint.playCollect({
      file: 'tone_stream://%(4000,0,440)',
      min: 4,
      max: 8,
      tries: 1,
      timeout: 6_000,
      digitTimeout: 3_000,
    });
    await pause(400);
    const started = performance.now();
    await phone.press('4321#');
    const collected = await collecting;
    expect(performance.now() - started).to.be.lessThan(2_500);
    expect(collected).to.include({ digits: '4321', invalidDigits: null, terminatorUsed: '#' });
  });

  it('plays several files one after the other and tells of them', async () => {
    const played = await endpoint.play(['tone_stream://%(300,0,600)', 'tone_stream://%(300,0,700)']);
    expect(played).to.deep.equal({
      playbackSeconds: '0',
      playbackMilliseconds: '300',
      playbackLastOffsetPos: '4800',
    });
  });

  it('refuses a file that is not there', async () => {
    const error = await endpoint.play('/nonexistent.wav').then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).to.equal('File Not Found');
  });

  it('counts RTP', async () => {
    const variables = await endpoint.getChannelVariables(true);
    expect(variables['variable_rtp_audio_in_packet_count']).to.be.greaterThan(10);
    expect(variables['variable_rtp_audio_out_packet_count']).to.be.greaterThan(10);
    expect(variables['variable_rtp_audio_in_mos']).to.be.a('number');
  });

  it('is hung up by its application', async () => {
    await endpoint.destroy();
    await until(
      'the channel is gone',
      () => bench.mediaServer.api(`uuid_exists ${endpoint.uuid}`),
      (exists) => exists === 'false',
    );
    await dialog.destroy();
  });
});
