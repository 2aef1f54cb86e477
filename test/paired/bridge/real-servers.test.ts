/** The way to servers of somebody else, by address: here the embedded ones, started apart, stopped and started again. */
import { expect } from 'chai';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { startFreeswitch, type FreeswitchServer } from '../../../embedded/freeswitch/index.ts';
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
