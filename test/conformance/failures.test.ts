/** What goes wrong, and the commands that look into it. */
import { expect } from 'chai';
import { openBench, pause, until, type Bench } from '../helpers/bench.ts';
import type { Endpoint } from '../helpers/fsmrf-client.ts';
import { skipBecause } from '../helpers/skip.ts';
import type { Telephone } from '../helpers/telephone.ts';

/** Of a channel that has collected digits, in the recording; what WebRTC, crypto and timers add is left out. */
const DUMPED = `Event-Name Core-UUID FreeSWITCH-Hostname FreeSWITCH-Switchname FreeSWITCH-IPv4 FreeSWITCH-IPv6
  Event-Date-Local Event-Date-GMT Event-Date-Timestamp Event-Calling-File Event-Calling-Function
  Event-Calling-Line-Number Event-Sequence Channel-State Channel-Call-State Channel-State-Number Channel-Name Unique-ID
  Call-Direction Presence-Call-Direction Channel-HIT-Dialplan Channel-Call-UUID Answer-State Channel-Read-Codec-Name
  Channel-Read-Codec-Rate Channel-Read-Codec-Bit-Rate Channel-Write-Codec-Name Channel-Write-Codec-Rate
  Channel-Write-Codec-Bit-Rate Caller-Direction Caller-Logical-Direction Caller-Dialplan Caller-Caller-ID-Name
  Caller-Orig-Caller-ID-Name Caller-Network-Addr Caller-Destination-Number Caller-Unique-ID Caller-Source Caller-Context
  Caller-Channel-Name Caller-Profile-Index Caller-Profile-Created-Time Caller-Channel-Created-Time
  Caller-Channel-Answered-Time Caller-Channel-Hangup-Time variable_direction variable_uuid variable_session_id
  variable_sip_from_user variable_sip_from_port variable_sip_from_uri variable_sip_from_host variable_channel_name
  variable_sip_call_id variable_sip_local_network_addr variable_sip_network_ip variable_sip_network_port
  variable_sip_received_ip variable_sip_received_port variable_sip_via_protocol variable_sip_from_tag
  variable_sofia_profile_name variable_sofia_profile_url variable_sip_full_via variable_sip_full_from
  variable_sip_full_to variable_sip_req_user variable_sip_req_port variable_sip_req_uri variable_sip_req_host
  variable_sip_to_user variable_sip_to_port variable_sip_to_uri variable_sip_to_host variable_sip_contact_user
  variable_sip_contact_port variable_sip_contact_uri variable_sip_contact_host variable_sip_user_agent
  variable_sip_via_host variable_sip_via_rport variable_max_forwards variable_sip_h_X-esl-outbound variable_switch_r_sdp
  variable_ep_codec_string variable_DP_MATCH variable_call_uuid variable_audio_media_flow variable_rtp_use_codec_name
  variable_rtp_use_codec_rate variable_rtp_use_codec_ptime variable_read_codec variable_write_codec variable_dtmf_type
  variable_local_media_ip variable_local_media_port variable_advertised_media_ip variable_rtp_2833_send_payload
  variable_remote_media_ip variable_remote_media_port variable_rtp_local_sdp_str variable_endpoint_disposition
  variable_playback_terminators variable_socket_host variable_sip_to_tag variable_sip_cseq
  variable_current_application variable_read_result variable_myDigitBuffer_invalid variable_playback_last_offset_pos
  variable_playback_seconds variable_playback_ms variable_playback_samples`.split(/\s+/);

describe('failures', function () {
  this.timeout(30_000);
  let bench: Bench;
  let phone: Telephone;
  let endpoint: Endpoint;

  async function call(): Promise<Endpoint> {
    phone = await bench.phone();
    const connected = new Promise<Endpoint>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.mediaServer.connectCaller(request, response).then((pair) => resolve(pair.endpoint), reject);
      };
    });
    await phone.dial(bench.sipPort);
    phone.talk(0);
    return connected;
  }

  const api = (command: string): Promise<string> => bench.mediaServer.api(command);

  before(async function () {
    bench = await openBench(this);
    endpoint = await call();
  });

  after(() => bench.close());

  it('tells wrong digits apart from none', async () => {
    const collecting = endpoint.playCollect({
      file: 'tone_stream://%(500,0,440)',
      invalidFile: 'tone_stream://%(200,0,300)',
      min: 4,
      max: 4,
      tries: 2,
      timeout: 1_500,
      digitTimeout: 800,
      regexp: '99..',
    });
    await pause(3_000); // the first try passes in silence
    await phone.press('1234');
    expect(await collecting).to.deep.equal({
      digits: null,
      invalidDigits: '1234',
      terminatorUsed: null,
      playbackSeconds: '0',
      playbackMilliseconds: '200',
    });
  });

  it('dumps a channel with everything that was recorded', async () => {
    const dump = JSON.parse(await api(`uuid_dump ${endpoint.uuid} json`)) as Record<string, unknown>;
    expect(dump).to.include.keys(DUMPED);
    expect(dump['Unique-ID']).to.equal(endpoint.uuid);
    expect(dump['Answer-State']).to.equal('answered');
    expect(dump['variable_myDigitBuffer_invalid']).to.equal('1234');
    expect(dump['variable_DP_MATCH']).to.be.an('array').with.length(2);
  });

  it('reads and sets variables', async () => {
    const { uuid } = endpoint;
    expect(await api(`uuid_getvar ${uuid} nosuchvariable`)).to.equal('_undef_');
    expect(await api(`uuid_setvar ${uuid} colour dark blue`)).to.equal('+OK\n');
    expect(await api(`uuid_getvar ${uuid} colour`)).to.equal('dark blue');
    expect(await api(`uuid_setvar_multi ${uuid} a=1;b=2`)).to.equal('+OK\n');
    expect(await api(`uuid_getvar ${uuid} b`)).to.equal('2');
    await endpoint.set({ first: 'one', second: 'two words' });
    expect(await api(`uuid_getvar ${uuid} second`)).to.equal('two words');
  });

  it('expands a variable in an argument, and never runs anything', async () => {
    await endpoint.set('colour', 'green');
    await endpoint.set('seen', '${colour}/${nosuchvariable}/done');
    expect(await api(`uuid_getvar ${endpoint.uuid} seen`)).to.equal('green//done');
  });

  it('puts digits into the queue as if they had been keyed', async () => {
    const heard: string[] = [];
    endpoint.on('dtmf', ({ dtmf }: { dtmf: string }) => heard.push(dtmf));
    expect(await api(`uuid_recv_dtmf ${endpoint.uuid} 12`)).to.equal(`+OK ${endpoint.uuid} received DTMF 12.\n`);
    await until(
      'both digits are told',
      () => heard.join(''),
      (digits) => digits === '12',
    );
  });

  it('stops what is played', async () => {
    const started = performance.now();
    const playing = endpoint.play('tone_stream://%(8000,0,440)');
    await pause(300);
    expect(await api(`uuid_break ${endpoint.uuid}`)).to.equal('+OK\n');
    await playing;
    expect(performance.now() - started).to.be.lessThan(3_000);
  });

  it('leaves a channel alone that plays nothing', async () => {
    expect(await api(`uuid_break ${endpoint.uuid}`)).to.equal('+OK\n');
    await pause(200);
    await endpoint.play('tone_stream://%(100,0,440)');
  });

  it('plays one thing inside another', async () => {
    const order: string[] = [];
    const outer = endpoint.play('tone_stream://%(1200,0,440)').then(() => order.push('outer'));
    await pause(200);
    await endpoint.play('tone_stream://%(200,0,620)').then(() => order.push('inner'));
    await outer;
    expect(order).to.deep.equal(['inner', 'outer']);
  });

  it('ends a call and refuses it afterwards', async () => {
    expect(await api(`uuid_kill ${endpoint.uuid}`)).to.equal('+OK\n');
    await until(
      'the endpoint knows',
      () => endpoint.connected,
      (connected) => !connected,
    );
    await until(
      'its event socket is closed',
      () =>
        endpoint.execute('set', 'a=b').then(
          () => '',
          (error: unknown) => (error as Error).message,
        ),
      (message) => message === 'endpoint no longer active',
    );
  });

  it('hangs up whoever asks for an application that does not exist', async () => {
    const other = await call();
    const destroyed = new Promise<{ reason?: string } | undefined>((resolve) => other.once('destroy', resolve));
    void other.execute('nosuchapplication').catch(() => undefined);
    const told = await destroyed;
    expect(told?.reason ?? 'DESTINATION_OUT_OF_ORDER').to.equal('DESTINATION_OUT_OF_ORDER');
  });

  it('refuses an offer without a codec of its own with 488', async () => {
    const remoteSdp = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      'm=audio 40000 RTP/AVP 18',
      'a=rtpmap:18 G729/8000',
      '',
    ].join('\r\n');
    const error = await bench.mediaServer.createEndpoint({ remoteSdp }).then(
      () => undefined,
      (reason: unknown) => reason as { status?: number },
    );
    expect(error?.status).to.equal(488);
  });

  it('answers commands about channels that are not there', async () => {
    const nobody = '00000000-0000-0000-0000-000000000000';
    expect(await api(`uuid_kill ${nobody}`)).to.equal('-ERR No such channel!\n');
    expect(await api(`uuid_dump ${nobody}`)).to.equal('-ERR No such channel!\n');
    expect(await api(`uuid_break ${nobody}`)).to.equal('-ERR No such channel!\n');
    expect(await api(`uuid_broadcast ${nobody} x`)).to.equal('-ERR invalid uuid\n');
    expect(await api(`uuid_exists ${nobody}`)).to.equal('false');
    expect(await api(`uuid_getvar ${nobody} x`)).to.equal('-ERR No such channel!\n');
    expect(await api(`uuid_send_dtmf ${nobody} 1`)).to.equal('-ERR Cannot locate session!\n');
    expect(await api(`uuid_set_media_stats ${nobody}`)).to.equal(`-ERR No such channel ${nobody}!\n`);
    expect(await api('nosuchapi')).to.equal('-ERR nosuchapi Command not found!\n');
  });

  it('tells of itself in the words fsmrf and operators look for', async () => {
    expect(await api('sofia status')).to.match(
      /^ {13}drachtio_mrf\tprofile\t +sip:mod_sofia@127\.0\.0\.1:\d+\tRUNNING \(\d+\)$/m,
    );
    expect(await api('sofia status')).to.match(/^=+\n1 profile 0 aliases\n$/m);
    expect(await api('sofia status profile drachtio_mrf')).to.match(/^Context {10}\tmrf$/m);
    expect(await api('status')).to.match(
      /^UP 0 years, 0 days, \d+ hours?, \d+ minutes?, \d+ seconds?, \d+ milliseconds?, \d+ microseconds?\nFreeSWITCH \(Version 1\.11\.2.*\) is ready\n\d+ session\(s\) since startup\n/,
    );
    expect(await api('version')).to.match(/^FreeSWITCH Version 1\.11\.2\S* \(.*\)\n$/);
    expect(await api('show calls count')).to.match(/^\n\d+ total\.\n$/);
    expect(await api('global_getvar local_ip_v4')).to.match(/^\d+\.\d+\.\d+\.\d+$/);
    expect(await api('strepoch')).to.match(/^\d{10}$/);
    expect(await api('echo hi there')).to.equal('hi there');
  });

  it('knows nothing of a shell when embedded', async function () {
    if (bench.subject === 'real') skipBecause(this, 'which commands a real server has is a matter of its modules');
    for (const command of ['system id', 'bg_system id', 'spawn id', 'getenv PATH', 'load mod_python', 'shutdown']) {
      expect(await api(command)).to.equal(`-ERR ${command.split(' ')[0]!} Command not found!\n`);
    }
  });

  it('leaves no channel behind', async () => {
    await until(
      'no channels',
      () => api('show channels'),
      (text) => text === '\n0 total.\n',
    );
  });
});
