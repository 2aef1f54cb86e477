/** A media server that does what nobody asked it to: the room's keeper finds out and puts it right, proven by sound. */
import { expect } from 'chai';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { startFreeswitch, type FreeswitchServer } from '../../../embedded/freeswitch/index.ts';
import { EslClient } from '../../helpers/esl-client.ts';
import { Caller, until } from './caller.ts';
import { runService, type Meeting, type Running } from './running-service.ts';

const logger = createLogger({ logLevel: 'silent' });
const SECRET = 'a-secret-of-the-media-server';
const [ALICE, BOB, CAROL, MUSIC] = [440, 620, 830, 1_070];

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address ? address.port : 0;
}

describe('a room and a media server that disagree', function () {
  this.timeout(60_000);
  let drachtio: DrachtioServer;
  let freeswitch: FreeswitchServer;
  let running: Running;
  let admin: EslClient;
  let sipPort = 0;
  const phones: Caller[] = [];

  before(async () => {
    sipPort = await freePort();
    const clientPort = await freePort();
    drachtio = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: sipPort }],
      client: { address: '127.0.0.1', port: clientPort },
      secret: SECRET,
      logger,
    });
    freeswitch = await startFreeswitch({
      sip: { address: '127.0.0.1', port: 0 },
      mediaAddress: '127.0.0.1',
      eventSocket: { address: '127.0.0.1', port: 0 },
      password: SECRET,
      rtpPorts: [0, 0],
      logger,
    });
    running = await runService(
      {
        drachtio: { host: '127.0.0.1', port: clientPort, secret: SECRET },
        freeswitch: [{ host: '127.0.0.1', port: freeswitch.eventSocketPort, secret: SECRET }],
      },
      { tones: { 'tones/hold-music': MUSIC } },
    );
    await until('ready', async () => (await fetch(`${running.service.url}/readyz`)).status === 200);
    admin = await EslClient.authenticated(freeswitch.eventSocketPort, SECRET);
  });
  after(async () => {
    admin.socket.destroy();
    await Promise.all(phones.map((phone) => phone.close()));
    await running.stop();
    await drachtio.stop();
    await freeswitch.stop();
  });
  afterEach(() => running.quiet());

  async function join(meeting: Meeting, code: string, tone: number) {
    const phone = await Caller.open();
    phones.push(phone);
    await phone.connect(sipPort, tone);
    phone.press(`${code}#`);
    const row = await until('joined', async () => {
      const rows = (await meeting.room())?.participants ?? [];
      return rows.find(({ number, leg }) => number.endsWith(String(phone.rtp.port)) && leg?.memberId !== undefined);
    });
    return { phone, id: row.id, memberId: row.leg!.memberId! };
  }

  const order = (meeting: Meeting, command: string) => admin.api(`conference room-${meeting.id} ${command}`);

  it('are brought together: who is muted is not heard, who is on hold hears music, who is heard is heard', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const muted = await join(meeting, meeting.guestCode, ALICE);
    const held = await join(meeting, meeting.guestCode, BOB);
    const ask = (type: 'mute' | 'hold', participantId: string) =>
      running.service.store.roomRequests.submit({
        tenantId: 'default',
        conferenceId: meeting.id,
        actor: { kind: 'person', personId: 'admin' },
        request: { type, participantId },
      });
    await ask('mute', muted.id);
    await ask('hold', held.id);
    await Promise.all([host.phone.hears(), held.phone.hears(MUSIC)]);
    await order(meeting, `unmute ${muted.memberId}`);
    await order(meeting, `undeaf ${held.memberId}`);
    await order(meeting, `mute ${host.memberId}`);
    await host.phone.hears(ALICE);
    await held.phone.hears(ALICE, MUSIC);
    // Nobody is told; the next comparison finds it.
    await Promise.all([host.phone.hears(), held.phone.hears(MUSIC), muted.phone.hears(CAROL)]);
    const journal = await running.service.store.journal.read('default', { count: 20 });
    const putRight = journal.filter(({ type }) => type === 'audio-put-right').map((entry) => entry['participantId']);
    // Whoever speaks while muted is muted once more by the reminder, which may come first.
    expect(putRight).to.include.members([host.id, held.id]);
    await Promise.all([host, muted, held].map(({ phone }) => phone.hangUp()));
  });

  it('are brought together when a member is lost: the call ends, the row is kept for a while', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const guest = await join(meeting, meeting.guestCode, ALICE);
    await order(meeting, `kick ${guest.memberId}`);
    await guest.phone.letGo();
    const row = await until('away', async () =>
      (await meeting.room())?.participants.find(({ id, state }) => id === guest.id && state === 'away'),
    );
    expect(row.leg).to.equal(undefined);
    await host.phone.hangUp();
  });
});
