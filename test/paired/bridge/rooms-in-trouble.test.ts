/** What people hear when things happen at the wrong moment, proven by sound: prompts are tones here. */
import { expect } from 'chai';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { RoomDocument } from '../../../store/index.ts';
import { until, type Caller } from './caller.ts';
import { runService, type Meeting, type Running } from './running-service.ts';

const [HOST, GUEST] = [440, 620];
/** What is said. */
const [MUSIC, RECORDING, WAITED] = [1_070, 1_330, 1_610];

describe('a room in which things come at the wrong moment', function () {
  this.timeout(60_000);
  let running: Running;
  before(async () => {
    running = await runService(
      {},
      { tones: { 'tones/hold-music': MUSIC, 'en/recording-started': RECORDING, 'en/waited-too-long': WAITED } },
    );
  });
  after(() => running.stop());
  afterEach(() => running.quiet());

  async function join(meeting: Meeting, code: string, tone: number, more = ''): Promise<Caller> {
    const phone = await running.phone();
    await phone.connect(running.port, tone);
    phone.press(`${code}#${more}`);
    await until('in the mix', async () =>
      (await meeting.room())?.participants.find(
        ({ number, leg }) => number.endsWith(String(phone.rtp.port)) && leg?.memberId !== undefined,
      ),
    );
    return phone;
  }

  const hears = (phone: Caller, tone: number) => until(`${tone} Hz`, async () => (await phone.tones()).includes(tone));
  const endOf = (phone: Caller) =>
    until('the end of the call', () => {
      const line = running.lines('call ended').find(({ sipCallId }) => sipCallId === phone.call.callId);
      return (line?.['termination'] as { reason: string } | undefined)?.reason;
    });

  /** Writes into the document what time would do to it. */
  async function change(meeting: Meeting, make: (room: RoomDocument) => Partial<RoomDocument>): Promise<void> {
    await until('written', async () => {
      const room = await meeting.room();
      if (!room) return false;
      const document = { ...room, ...make(room), version: room.version + 1 };
      const { tenantId, conferenceId } = room;
      return running.service.store.rooms.commit({
        ...{ tenantId, conferenceId, expectedVersion: room.version, document, events: [] },
        wakeAt: Date.now(),
      });
    });
  }

  it('obeys keys that were pressed before and during what is said on the way in', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, HOST);
    const guest = await join(meeting, meeting.guestCode, GUEST, '*6*7');
    await until('obeyed', async () => {
      const row = (await meeting.room())?.participants.find(({ role }) => role === 'guest');
      return row?.bits.includes('self') === true && row.volume === -1;
    });
    await host.hears();
    await Promise.all([guest, host].map((phone) => phone.hangUp()));
  });

  it('records on when the last host leaves while the recording starts, and tells who is there', async () => {
    const meeting = await running.conference({ announce: 'silent', hostGone: 'continue', hostGoneGraceSeconds: 0 });
    const host = await join(meeting, meeting.hostCode, HOST);
    const guest = await join(meeting, meeting.guestCode, GUEST);
    const told = hears(guest, RECORDING);
    host.press('*2');
    await until('begun', async () => (await meeting.room())?.recording.state !== 'off');
    await host.hangUp();
    await told;
    const room = await until('on', async () => {
      const document = await meeting.room();
      return document?.recording.state === 'on' ? document : null;
    });
    await guest.rtp.hear(1_000);
    await guest.hangUp();
    await until('the end', async () => (await meeting.room()) === null);
    const file = path.join(running.dataDir, 'recordings', room.recording.file!);
    await until('a second of sound', async () => (await stat(file)).size > 16_000);
    const journal = await running.service.store.journal.read('default', { count: 20 });
    const stopped = journal.find(({ type, file: of }) => type === 'recording-stopped' && of === room.recording.file);
    expect(stopped).to.include({ why: 'everybody-left' });
  });

  it('lets whoever has waited long enough go with kind words', async () => {
    const meeting = await running.conference({ announce: 'silent', waitingRoom: 'until-host', waitingMinutes: 1 });
    const guest = await join(meeting, meeting.guestCode, GUEST);
    await guest.hears(MUSIC);
    await change(meeting, ({ participants }) => ({
      participants: participants.map((row) => ({ ...row, since: row.since - 60_000 })),
    }));
    await Promise.all([hears(guest, WAITED), guest.letGo()]);
    expect(await endOf(guest)).to.equal('waited-too-long');
    expect(await meeting.room()).to.equal(null);
  });
});
