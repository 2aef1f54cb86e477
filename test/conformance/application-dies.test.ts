/** The application that controls a call goes away: its event sockets are cut as SIGKILL would cut them. */
import { expect } from 'chai';
import { openBench, pause, until, type Bench } from '../helpers/bench.ts';
import { connectMrf, killMrf, type Endpoint, type EslEvent, type MediaServer } from '../helpers/fsmrf-client.ts';

describe('application dies', function () {
  this.timeout(30_000);
  let bench: Bench;
  let doomed: MediaServer;
  const room = `survivors-${Date.now()}`;
  const hangups = new Map<string, string>();

  async function call(): Promise<Endpoint> {
    const phone = await bench.phone();
    const connected = new Promise<Endpoint>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        doomed.connectCaller(request, response).then((pair) => resolve(pair.endpoint), reject);
      };
    });
    await phone.dial(bench.sipPort);
    phone.talk(440);
    return connected;
  }

  const members = (name: string): Promise<string> => bench.mediaServer.api(`conference ${name} list`);
  const isIn = (name: string, { uuid }: Endpoint): Promise<string> =>
    until(
      `${uuid} is in ${name}`,
      () => members(name),
      (list) => list.includes(uuid),
    );

  beforeEach(async function () {
    bench = await openBench(this);
    doomed = await connectMrf(bench.srf, bench.freeswitch);
    const { conn } = bench.mediaServer;
    conn.on('esl::event::CHANNEL_HANGUP_COMPLETE::*', (event: EslEvent) => {
      hangups.set(event.getHeader('Unique-ID') ?? '', event.getHeader('Hangup-Cause') ?? '');
    });
    await new Promise<void>((done) => conn.subscribe(['HEARTBEAT', 'CHANNEL_HANGUP_COMPLETE'], done));
  });

  afterEach(async () => {
    for (const name of [room, `${room}-first`]) await bench.mediaServer.api(`conference ${name} hup all`);
    await until(
      'everybody is gone',
      async () => {
        const list = await bench.mediaServer.api('show channels');
        for (const [uuid] of list.matchAll(/^[0-9a-f-]{36}(?=,)/gm)) await bench.mediaServer.api(`uuid_kill ${uuid}`);
        return list;
      },
      (list) => list === '\n0 total.\n',
    );
    await bench.close();
  });

  it('puts a waiting caller into the conference it was told of, under the same uuid', async () => {
    const endpoint = await call();
    await endpoint.set('resume_conference', `${room}@default`);
    killMrf(doomed);
    await isIn(room, endpoint);
  });

  it('hangs up a waiting caller who has nowhere to go', async () => {
    const endpoint = await call();
    killMrf(doomed);
    await until(
      'the caller is hung up',
      () => hangups.get(endpoint.uuid),
      (cause) => cause === 'NORMAL_CLEARING',
    );
  });

  it('leaves a caller in the conference he is in; another application can act there', async () => {
    const endpoint = await call();
    await endpoint.set('resume_conference', `${room}@default`);
    const { memberId } = await endpoint.join(`${room}-first`);
    killMrf(doomed);
    // Longer than the five seconds after which callers were once seen to leave, and not since.
    await pause(6_000);
    await isIn(`${room}-first`, endpoint);
    expect(await bench.mediaServer.api(`conference ${room}-first mute ${memberId}`)).to.equal(`+OK mute ${memberId}\n`);
    expect(await bench.mediaServer.api(`conference ${room}-first kick ${memberId}`)).to.equal(
      `+OK kicked ${memberId}\n`,
    );
    await isIn(room, endpoint); // whoever kicks such a caller finds him in the conference to resume
    expect(await bench.mediaServer.api(`uuid_kill ${endpoint.uuid}`)).to.equal('+OK\n');
    await until(
      'the caller is hung up',
      () => hangups.get(endpoint.uuid),
      (cause) => cause === 'NORMAL_CLEARING',
    );
  });

  it('takes a caller with socket_resume out at once', async () => {
    const endpoint = await call();
    await endpoint.set('resume_conference', `${room}@default`);
    await endpoint.set('socket_resume', 'true');
    await endpoint.join(`${room}-first`);
    killMrf(doomed);
    await isIn(room, endpoint);
  });

  it('lets a sound end before the dialplan goes on', async () => {
    const endpoint = await call();
    await endpoint.set('resume_conference', `${room}@default`);
    void endpoint.play('tone_stream://%(1500,0,440)').catch(() => undefined);
    await pause(300);
    killMrf(doomed);
    await pause(500);
    expect(await members(room)).to.not.include(endpoint.uuid);
    await isIn(room, endpoint);
  });
});
