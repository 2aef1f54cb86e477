/** What people hear in a room, proven by sound: prompts are tones here, so that what is said can be told by what is heard. */
import { expect } from 'chai';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { RoomCommand } from '../../../config/contract/index.ts';
import type { Participant } from '../../../store/index.ts';
import { level, toneLevel, tonesHeard } from '../../helpers/tones.ts';
import { readWav } from '../../helpers/wav.ts';
import { until, type Caller } from './caller.ts';
import { runService, type Meeting, type Running } from './running-service.ts';

const [ALICE, BOB, CAROL] = [440, 620, 830];
/** What is said. */
const [MUSIC, SAID, OTHER] = [1_070, 1_330, 1_610];

describe('what people hear in a room', function () {
  this.timeout(60_000);
  let running: Running;
  before(async () => {
    running = await runService(
      {},
      {
        tones: {
          'tones/hold-music': MUSIC,
          'tones/hand-tone': OTHER,
          'tones/error-tone': OTHER,
          'en/joining-now': SAID,
          'en/you-are-muted': SAID,
          'en/on-hold': OTHER,
          'en/off-hold': OTHER,
          'en/not-for-you': SAID,
          'en/recording-started': SAID,
          'en/removed-noise': SAID,
          'en/ended-by-host': OTHER,
          'en/waited-too-long': OTHER,
          'en/conference-locked': OTHER,
          'en/you-are-called-on': SAID,
          'en/host-left-continues': SAID,
          'en/host-is-back': OTHER,
          'en/has-joined': OTHER,
        },
      },
    );
  });
  after(() => running.stop());
  afterEach(() => running.quiet());

  /** Waits for the row of this phone. */
  const row = async (meeting: Meeting, phone: Caller, fits: (row: Participant) => boolean = () => true) =>
    until('the row', async () => {
      const room = await meeting.room();
      const found = room?.participants.find(({ number }) => number.endsWith(String(phone.rtp.port)));
      return found && fits(found) ? found : null;
    });

  /** Comes in all the way: present or waiting, in the mix. */
  async function join(meeting: Meeting, code: string, tone: number): Promise<{ phone: Caller; id: string }> {
    const phone = await running.phone();
    await phone.connect(running.port, tone);
    phone.press(`${code}#`);
    const { id } = await row(meeting, phone, ({ leg }) => leg?.memberId !== undefined);
    return { phone, id };
  }

  const ask = (meeting: Meeting, request: RoomCommand) =>
    running.service.store.roomRequests.submit({
      tenantId: 'default',
      conferenceId: meeting.id,
      actor: { kind: 'person', personId: 'admin' },
      request,
    });

  const ended = (phone: Caller) =>
    until('the end of the call', () => {
      const line = running.lines('call ended').find(({ sipCallId }) => sipCallId === phone.call.callId);
      return line?.['termination'] as { reason: string } | undefined;
    });

  /** Waits until a tone is heard, among whatever else. */
  const hearsAmong = (phone: Caller, tone: number) =>
    until(`hears ${tone}`, async () => (await phone.tones()).includes(tone));

  it('is music while they wait for a host, and neither the host nor each other', async () => {
    const meeting = await running.conference({ waitingRoom: 'until-host', announce: 'silent' });
    const [one, two] = await Promise.all([
      join(meeting, meeting.guestCode, ALICE),
      join(meeting, meeting.guestCode, BOB),
    ]);
    await Promise.all([one.phone.hears(MUSIC), two.phone.hears(MUSIC)]);
    const [heardByOne, heardByTwo] = await Promise.all([one.phone.rtp.hear(1_500), two.phone.rtp.hear(1_500)]);
    expect(
      [...new Set([heardByOne, heardByTwo].flatMap((sound) => tonesHeard(sound)))],
      'over a longer time',
    ).to.deep.equal([MUSIC]);
    const host = await join(meeting, meeting.hostCode, CAROL);
    await Promise.all([hearsAmong(one.phone, SAID), host.phone.hears(ALICE, BOB)]);
    await Promise.all([one.phone.hears(BOB, CAROL), two.phone.hears(ALICE, CAROL)]);
    await Promise.all([one, two, host].map(({ phone }) => phone.hangUp()));
  });

  it('is music until a host lets them in, one after the other; then it is the room', async () => {
    const meeting = await running.conference({ waitingRoom: 'admit', announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const one = await join(meeting, meeting.guestCode, ALICE);
    const two = await join(meeting, meeting.guestCode, BOB);
    await Promise.all([one.phone.hears(MUSIC), two.phone.hears(MUSIC), host.phone.hears()]);
    host.phone.press('*3');
    await Promise.all([one.phone.hears(CAROL), host.phone.hears(ALICE)]);
    await two.phone.hears(MUSIC);
    host.phone.press('*3');
    await Promise.all([two.phone.hears(ALICE, CAROL), host.phone.hears(ALICE, BOB)]);
    await Promise.all([one, two, host].map(({ phone }) => phone.hangUp()));
  });

  it('is music on hold, and nothing of the room; the room hears neither them nor the music', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const guest = await join(meeting, meeting.guestCode, ALICE);
    await Promise.all([guest.phone.hears(CAROL), host.phone.hears(ALICE)]);
    host.phone.press('**15');
    await hearsAmong(guest.phone, OTHER);
    await guest.phone.hears(MUSIC);
    // The menu speaks to the host alone; back in the room there is nobody to hear.
    host.phone.press('##');
    await host.phone.hears();
    expect(tonesHeard(await guest.phone.rtp.hear(1_500))).to.deep.equal([MUSIC]);
    await ask(meeting, { type: 'resume', participantId: guest.id });
    await Promise.all([guest.phone.hears(CAROL), host.phone.hears(ALICE)]);
    await Promise.all([guest, host].map(({ phone }) => phone.hangUp()));
  });

  it('is a word for whoever speaks while muted, and never their voice for others', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const guest = await join(meeting, meeting.guestCode, 0);
    guest.phone.press('*6');
    await row(meeting, guest.phone, ({ bits }) => bits.includes('self'));
    await guest.phone.hears(CAROL);
    const port = Number(/^m=audio (\d+) /m.exec(guest.phone.call.responses.at(-1)!.body.toString())![1]);
    guest.phone.rtp.talk(port, ALICE);
    await hearsAmong(guest.phone, SAID);
    expect(tonesHeard(await host.phone.rtp.hear(500))).to.not.include(ALICE);
    guest.phone.press('*6');
    await host.phone.hears(ALICE);
    await Promise.all([guest, host].map(({ phone }) => phone.hangUp()));
  });

  it('follows the mode, and the order of hands', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const one = await join(meeting, meeting.guestCode, ALICE);
    const two = await join(meeting, meeting.guestCode, BOB);
    await host.phone.hears(ALICE, BOB);
    host.phone.press('*5');
    await host.phone.hears();
    two.phone.press('*9');
    await row(meeting, two.phone, ({ hand }) => hand !== undefined);
    one.phone.press('*9');
    await row(meeting, one.phone, ({ hand }) => hand !== undefined);
    host.phone.press('**6#');
    await host.phone.hears(BOB);
    host.phone.press('**6#');
    await Promise.all([host.phone.hears(ALICE), two.phone.hears(ALICE, CAROL)]);
    one.phone.press('*9');
    await host.phone.hears();
    host.phone.press('*5');
    host.phone.press('*5');
    await until('conversation', async () => (await meeting.room())?.mode === 'conversation');
    await host.phone.hears(ALICE, BOB);
    await Promise.all([one, two, host].map(({ phone }) => phone.hangUp()));
  });

  it('is louder or quieter as they like', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const talker = await join(meeting, meeting.guestCode, ALICE);
    const listener = await join(meeting, meeting.guestCode, 0);
    await listener.phone.hears(ALICE);
    const before = toneLevel(await listener.phone.rtp.hear(300), ALICE);
    listener.phone.press('*7*7');
    await row(meeting, listener.phone, ({ volume }) => volume === -2);
    await until('quieter', async () => toneLevel(await listener.phone.rtp.hear(300), ALICE) < before - 3);
    listener.phone.press('*4*4*4');
    await row(meeting, listener.phone, ({ volume }) => volume === 1);
    await until('louder', async () => toneLevel(await listener.phone.rtp.hear(300), ALICE) > before + 1);
    await Promise.all([talker, listener].map(({ phone }) => phone.hangUp()));
  });

  it('is kind words for those who are late for a locked conference, and for those it lets go', async () => {
    const meeting = await running.conference({ announce: 'silent', hostGone: 'end', hostGoneGraceSeconds: 0 });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const noisy = await join(meeting, meeting.guestCode, ALICE);
    const other = await join(meeting, meeting.guestCode, BOB);
    host.phone.press('*8');
    await until('locked', async () => (await meeting.room())?.locked);
    const late = await running.phone();
    await late.connect(running.port);
    late.press(`${meeting.guestCode}#`);
    await Promise.all([hearsAmong(late, OTHER), late.letGo()]);
    expect(await ended(late)).to.include({ reason: 'conference-locked' });
    await ask(meeting, { type: 'remove', participantId: noisy.id, reason: 'noise' });
    await Promise.all([hearsAmong(noisy.phone, SAID), noisy.phone.letGo(), host.phone.hears(BOB)]);
    expect(await ended(noisy.phone)).to.include({ reason: 'removed-by-host' });
    host.phone.press('**91');
    await Promise.all([hearsAmong(other.phone, OTHER), other.phone.letGo(), host.phone.letGo()]);
    expect(await ended(other.phone)).to.deep.equal({ class: 'none', reason: 'conference-ended' });
    expect(await meeting.room()).to.equal(null);
  });

  it('is told to be recorded, and only what is said in the room is in the file', async () => {
    const meeting = await running.conference({ waitingRoom: 'admit', announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const waiting = await join(meeting, meeting.guestCode, BOB);
    host.phone.press('*2');
    await hearsAmong(host.phone, SAID);
    await until('on', async () => (await meeting.room())?.recording.state === 'on');
    await host.phone.rtp.hear(1_500);
    host.phone.press('*2');
    const room = await until('off', async () => {
      const document = await meeting.room();
      return document?.recording.state === 'off' ? document : null;
    });
    const file = path.join(running.dataDir, 'recordings', room.recording.file!);
    const sound = await readWav(file);
    expect(sound.samples.length / sound.rate, 'seconds').to.be.greaterThan(1.2);
    const heard = tonesHeard(sound);
    expect(heard).to.include(CAROL);
    expect(heard, 'neither those who wait nor their music').to.not.include.members([BOB, MUSIC]);
    await waiting.phone.hangUp();
    await host.phone.hangUp();
    const journal = await running.service.store.journal.read('default', { count: 50 });
    const told = journal.filter(({ conferenceId }) => conferenceId === meeting.id).map(({ type }) => type);
    expect(told).to.include.members(['recording-started', 'recording-stopped', 'participant-joined']);
    expect(told).to.not.include('talking-started');
  });

  it('is the name they said, when the conference wants names', async () => {
    const meeting = await running.conference({ recordNames: true, announce: 'name' });
    const phone = await running.phone();
    await phone.connect(running.port, ALICE);
    phone.press(`${meeting.guestCode}#`);
    const names = path.join(running.dataDir, 'recordings', 'names');
    await until('recording', async () => (await readdir(names).catch(() => [])).length > 0);
    await phone.rtp.hear(800);
    phone.press('#');
    await hearsAmong(phone, ALICE); // you said: …
    phone.press('#');
    const { nameSound } = await row(meeting, phone, ({ leg }) => leg?.memberId !== undefined);
    expect(nameSound).to.match(/^names\/[\w-]+\.wav$/);
    phone.rtp.quiet();
    const second = await running.phone();
    await second.connect(running.port, 0);
    second.press(`${meeting.guestCode}#`);
    await until('both', async () => (await readdir(names)).length > 1);
    second.press('#'); // nothing was said: asked again
    await until('again', async () => running.lines('call moved on').length > 0 && (await readdir(names)).length > 1);
    await second.rtp.hear(1_500);
    second.press('##');
    await row(meeting, second, ({ leg }) => leg?.memberId !== undefined);
    await second.hears();
    second.press('*#');
    await hearsAmong(second, ALICE);
    await Promise.all([phone, second].map((each) => each.hangUp()));
  });

  it('goes on, waits or changes hands when the host is gone, and the host is back on the same line', async () => {
    const policies = ['wait', 'continue', 'hand-over'] as const;
    await Promise.all(
      policies.map(async (hostGone) => {
        const meeting = await running.conference({ hostGone, hostGoneGraceSeconds: 1, announce: 'silent' });
        const host = await join(meeting, meeting.hostCode, CAROL);
        const guest = await join(meeting, meeting.guestCode, ALICE);
        await guest.phone.hears(CAROL);
        await host.phone.hangUp();
        if (hostGone === 'wait') {
          await guest.phone.hears(MUSIC);
          await host.phone.connect(running.port, CAROL);
          host.phone.press(`${meeting.hostCode}#`);
          const back = await row(meeting, host.phone, ({ leg }) => leg?.memberId !== undefined);
          expect(back).to.include({ role: 'host', id: host.id });
          await guest.phone.hears(CAROL);
          await host.phone.hangUp();
        } else if (hostGone === 'continue') {
          await hearsAmong(guest.phone, SAID);
          await guest.phone.hears();
        } else {
          await row(meeting, guest.phone, ({ role }) => role === 'host');
        }
        await guest.phone.hangUp();
      }),
    );
  });

  it('is nothing of what a guest may not do, but an answer to the key', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const guest = await join(meeting, meeting.guestCode, 0);
    const before = await meeting.room();
    for (const keys of ['*8', '**', '*2']) {
      guest.phone.press(keys);
      await hearsAmong(guest.phone, SAID);
      await guest.phone.hears();
    }
    expect(await meeting.room()).to.deep.equal(before);
    await guest.phone.hangUp();
  });

  it('takes keys faster than speech, and one key by two ways once', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const host = await join(meeting, meeting.hostCode, CAROL);
    const guest = await join(meeting, meeting.guestCode, ALICE);
    guest.phone.press('*6*6*6');
    await row(meeting, guest.phone, ({ bits }) => bits.includes('self'));
    await host.phone.hears();
    // As telephone-event and as INFO.
    for (const key of '*6') {
      const info = guest.phone.call.request('INFO', `Signal=${key}\r\nDuration=160\r\n`, {
        'Content-Type': 'application/dtmf-relay',
      });
      guest.phone.press(key);
      await info;
    }
    await row(meeting, guest.phone, ({ bits }) => bits.length === 0);
    await host.phone.hears(ALICE);
    await guest.phone.rtp.hear(1_200);
    expect((await row(meeting, guest.phone)).bits, 'pressed once').to.deep.equal([]);
    await Promise.all([guest, host].map(({ phone }) => phone.hangUp()));
  });

  it('lets two hosts who press at once do it once', async () => {
    const meeting = await running.conference({ announce: 'silent' });
    const one = await join(meeting, meeting.hostCode, ALICE);
    const two = await join(meeting, meeting.hostCode, BOB);
    one.phone.press('*8');
    two.phone.press('*8');
    await until('locked', async () => (await meeting.room())?.locked);
    await one.phone.rtp.hear(1_000);
    expect((await meeting.room())?.locked).to.equal(true);
    await Promise.all([one, two].map(({ phone }) => phone.hangUp()));
  });

  it('is silence again when all is said: nothing hangs on', async () => {
    const meeting = await running.conference({ announce: 'tone' });
    const only = await join(meeting, meeting.hostCode, 0);
    for (const keys of ['*1', '*#', '*4', '**', '#']) only.phone.press(keys);
    await until('silence', async () => level(await only.phone.rtp.hear(600)) < -45, 20_000);
    await only.phone.hangUp();
  });
});
