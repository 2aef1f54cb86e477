/** The way to servers of somebody else, by address: here the embedded ones, started apart, stopped and started again. */
import { expect } from 'chai';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { startFreeswitch, type FreeswitchServer } from '../../../embedded/freeswitch/index.ts';
import { response } from '../../helpers/sip-phone.ts';
import { Caller, until } from './caller.ts';
import { runService, type Running } from './running-service.ts';

const logger = createLogger({ logLevel: 'silent' });
const SECRET = 'a-secret-of-the-real-servers';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address ? address.port : 0;
}

describe('a bridge on servers of somebody else', () => {
  let ports: { drachtio: number; sip: number; freeswitch: number };
  let drachtio: DrachtioServer;
  let freeswitch: FreeswitchServer;
  let running: Running;
  const phones: Caller[] = [];

  const startSip = async () => {
    drachtio = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: ports.sip }],
      client: { address: '127.0.0.1', port: ports.drachtio },
      secret: SECRET,
      logger,
    });
  };
  const startMedia = async () => {
    freeswitch = await startFreeswitch({
      sip: { address: '127.0.0.1', port: 0 },
      mediaAddress: '127.0.0.1',
      eventSocket: { address: '127.0.0.1', port: ports.freeswitch },
      password: SECRET,
      rtpPorts: [0, 0],
      logger,
    });
  };
  const phone = async () => {
    const caller = await Caller.open();
    phones.push(caller);
    return caller;
  };
  const ready = async () => (await fetch(`${running.service.url}/readyz`)).status === 200;

  before(async () => {
    ports = { drachtio: await freePort(), sip: await freePort(), freeswitch: await freePort() };
    // The service is there before its servers: it waits for them.
    const [started] = await Promise.all([
      runService({
        drachtio: { host: '127.0.0.1', port: ports.drachtio, secret: SECRET },
        freeswitch: [{ host: '127.0.0.1', port: ports.freeswitch, secret: SECRET }],
      }),
      startSip(),
      startMedia(),
    ]);
    running = started;
    await until('ready', ready);
  });
  after(async () => {
    await Promise.all(phones.map((caller) => caller.close()));
    await running.stop();
    await drachtio.stop();
    await freeswitch.stop();
  });
  afterEach(() => running.quiet());

  it('takes a call like its own servers do', async () => {
    const meeting = await running.conference();
    const alice = await phone();
    await alice.connect(ports.sip, 440);
    alice.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await alice.hangUp();
  });

  it('ends calls properly when the media server dies, and takes new ones when it is back', async () => {
    const meeting = await running.conference();
    const [alice, bob] = [await phone(), await phone()];
    await alice.connect(ports.sip);
    alice.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await freeswitch.stop();
    await alice.letGo();
    await running.quiet();
    expect(running.lines('call ended').at(-1)).to.deep.include({
      termination: { class: 'upstream', reason: 'media-server-lost' },
    });
    expect(await ready()).to.equal(false);
    expect((await bob.refused(ports.sip)).status).to.equal(503);
    await startMedia();
    await until('ready again', ready);
    await bob.connect(ports.sip);
    bob.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await bob.hangUp();
  }).timeout(60_000);

  it('is not ready without the SIP server, and finds it again', async () => {
    await drachtio.stop();
    await until('not ready', async () => !(await ready()));
    await startSip();
    await until('ready again', ready);
    const alice = await phone();
    await alice.connect(ports.sip);
    await alice.hangUp();
  }).timeout(60_000);
});

describe('a bridge on two media servers', () => {
  it('brings the callers of one room together on one of them', async () => {
    const [clientPort, sipPort] = [await freePort(), await freePort()];
    const drachtio = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: sipPort }],
      client: { address: '127.0.0.1', port: clientPort },
      secret: SECRET,
      logger,
    });
    const servers = await Promise.all(
      [1, 2].map(() =>
        startFreeswitch({
          sip: { address: '127.0.0.1', port: 0 },
          mediaAddress: '127.0.0.1',
          eventSocket: { address: '127.0.0.1', port: 0 },
          password: SECRET,
          rtpPorts: [0, 0],
          logger,
        }),
      ),
    );
    const running = await runService({
      drachtio: { host: '127.0.0.1', port: clientPort, secret: SECRET },
      freeswitch: servers.map(({ eventSocketPort: port }) => ({ host: '127.0.0.1', port, secret: SECRET })),
    });
    const [alice, bob] = [await Caller.open(), await Caller.open()];
    try {
      await until('both ready', () => servers.every((server) => server.counts().inboundSockets === 1));
      const meeting = await running.conference();
      await alice.connect(sipPort, 440);
      alice.press(`${meeting.guestCode}#`);
      await meeting.joined(1);
      // A phone takes a new place for its sound by re-INVITE, and talks to it from then on.
      bob.sip.answerWith.set('INVITE', (request) => {
        const port = Number(/^m=audio (\d+)/m.exec(request.body.toString())?.[1]);
        bob.rtp.talk(port, 830);
        return response(200, 'OK', bob.offer('0 101'), { Contact: bob.sip.contact });
      });
      await bob.connect(sipPort, 830);
      expect(servers.map((server) => server.counts().channels).sort(), 'on different servers').to.deep.equal([1, 1]);
      bob.press(`${meeting.guestCode}#`);
      await meeting.joined(2);
      expect(servers.map((server) => server.counts().channels).sort()).to.deep.equal([0, 2]);
      await alice.hears(830);
      await bob.hears(440);
      await bob.hangUp();
      await alice.hangUp();
      await running.quiet();
    } finally {
      await Promise.all([alice.close(), bob.close()]);
      await running.stop();
      await drachtio.stop();
      await Promise.all(servers.map((server) => server.stop()));
    }
  }).timeout(60_000);
});
