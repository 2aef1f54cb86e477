import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import type { SipResponse } from '../../../embedded/sip/index.ts';
import { event, type PhoneCall } from '../../helpers/sip-phone.ts';
import { finalResponse, until, type Caller } from './caller.ts';
import { RawCaller } from './raw-caller.ts';
import { runService, type Running } from './running-service.ts';

/** How the phone's call ended: the log's summary and the store's record agree. */
async function terminationOf(running: Running, phone: Caller): Promise<unknown> {
  const ended = await until('summary', () =>
    running.lines('call ended').find(({ sipCallId }) => sipCallId === phone.call.callId),
  );
  const record = await until('record', async () => {
    const found = await running.service.store.calls.get('default', ended['call'] as string);
    return found?.termination === undefined ? null : found;
  });
  expect(record.termination, 'log and record agree').to.deep.equal(ended['termination']);
  return record.termination;
}

describe('telephone calls through the whole service', () => {
  let running: Running;
  before(async () => {
    running = await runService({ codeTimeoutSeconds: 1, interDigitTimeoutSeconds: 1 });
  });
  after(() => running.stop());
  afterEach(() => running.quiet());

  it('lets two callers who key the code hear each other and not themselves', async () => {
    const meeting = await running.conference();
    const [alice, bob] = [await running.phone(), await running.phone('tcp')];
    await alice.connect(running.port, 440);
    alice.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await bob.connect(running.port, 830, { from: '"Bob" <sip:+15551230002@127.0.0.1>' });
    bob.press(`${meeting.hostCode}#`);
    const room = await meeting.joined(2);
    expect(room.participants.map(({ name, role }) => [name, role])).to.deep.equal([
      ['Alice', 'guest'],
      ['Bob', 'host'],
    ]);
    await alice.hears(830);
    await bob.hears(440);
    await until('both are shown talking', async () =>
      (await meeting.room())?.participants.every(({ talking }) => talking),
    );
    await alice.hangUp();
    await bob.hears();
    await bob.hangUp();
    await running.quiet();
    expect(await meeting.room()).to.equal(null);
    expect(await terminationOf(running, bob)).to.deep.equal({ class: 'none', reason: 'caller-hung-up' });
  });

  it('mutes and unmutes by *6, and says so', async () => {
    const meeting = await running.conference();
    const [alice, bob] = [await running.phone(), await running.phone()];
    await alice.connect(running.port, 440);
    alice.press(`${meeting.guestCode}#`);
    await bob.connect(running.port, 830, { from: '"Bob" <sip:+15551230002@127.0.0.1>' });
    bob.press(`${meeting.guestCode}#`);
    await meeting.joined(2);
    await bob.hears(440);
    alice.press('*6');
    const muted = await until('muted', async () =>
      (await meeting.room())?.participants.find(({ bits }) => bits.includes('self')),
    );
    expect(muted).to.deep.include({ name: 'Alice', bits: ['self'], talking: false });
    await bob.hears();
    // The words stand in for the room for a while; then Bob is heard again, because the muted one may listen.
    await alice.hears(830);
    alice.press('*6');
    await bob.hears(440);
    await alice.hangUp();
    await bob.hangUp();
  });

  it('puts guests in muted when the policy says so, and lets them out by *6', async () => {
    const meeting = await running.conference({ muteOnEntry: true });
    const [guest, host] = [await running.phone(), await running.phone()];
    await host.connect(running.port, 830);
    host.press(`${meeting.hostCode}#`);
    await meeting.joined(1);
    await guest.connect(running.port, 440);
    guest.press(`${meeting.guestCode}#`);
    await meeting.joined(2);
    await guest.hears(830);
    await host.hears();
    guest.press('*6');
    await host.hears(440);
    await guest.hangUp();
    await host.hangUp();
  });

  it('lets a caller go politely after three wrong codes', async () => {
    const phone = await running.phone();
    await phone.connect(running.port);
    for (const code of ['000000000', '000000001', '000000002']) {
      await phone.hearsVoice();
      phone.press(`${code}#`);
      await phone.hearsNothing();
    }
    await phone.letGo();
    expect(await terminationOf(running, phone)).to.deep.equal({ class: 'caller', reason: 'no-valid-code' });
  }).timeout(60_000);

  it('lets a caller go who keys nothing', async () => {
    const phone = await running.phone();
    await phone.connect(running.port);
    await phone.letGo(40_000);
    expect(await terminationOf(running, phone)).to.deep.equal({ class: 'caller', reason: 'no-digits' });
  }).timeout(60_000);

  it('takes a hang-up during a prompt', async () => {
    const phone = await running.phone();
    await phone.connect(running.port);
    await phone.rtp.hear(200);
    await phone.hangUp();
    await running.quiet();
    expect(await terminationOf(running, phone)).to.deep.equal({ class: 'none', reason: 'caller-hung-up' });
  });

  it('answers 488 when there is no codec in common', async () => {
    const phone = await running.phone();
    expect((await phone.refused(running.port, { payloads: '18 101' })).status).to.equal(488);
    expect(await terminationOf(running, phone)).to.deep.equal({
      class: 'caller',
      reason: 'no-common-codec',
      sipStatus: 488,
    });
  });

  it('turns a caller away from a full room with words', async () => {
    const meeting = await running.conference({ maxParticipants: 2 });
    const phones = [await running.phone(), await running.phone(), await running.phone()];
    for (const phone of phones.slice(0, 2)) {
      await phone.connect(running.port);
      phone.press(`${meeting.guestCode}#`);
    }
    await meeting.joined(2);
    const late = phones[2]!;
    await late.connect(running.port);
    late.press(`${meeting.guestCode}#`);
    await late.letGo();
    expect(await terminationOf(running, late)).to.deep.equal({ class: 'caller', reason: 'conference-full' });
    expect((await meeting.room())?.participants).to.have.length(2);
    for (const phone of phones.slice(0, 2)) await phone.hangUp();
  });

  it('shows a display name full of invisible characters and markup clean', async () => {
    const meeting = await running.conference();
    const phone = await RawCaller.open();
    await phone.connect(
      running.port,
      '"Al\tice\u202e\u200b\u2028 <script>x</script> ${system(id)}" <sip:+15551230009@127.0.0.1>',
    );
    for (const key of `${meeting.guestCode}#`) await phone.info(key);
    const room = await meeting.joined(1);
    expect(room.participants[0]?.name).to.equal('Al ice x ${system(id)}');
    expect(room.participants[0]?.number).to.equal('+15551230009');
    await phone.hangUp();
    phone.close();
  });

  it('names a caller without a name by a masked number', async () => {
    const meeting = await running.conference();
    const phone = await running.phone();
    await phone.connect(running.port, 0, { from: '<sip:+15551234567@127.0.0.1>' });
    phone.press(`${meeting.guestCode}#`);
    expect((await meeting.joined(1)).participants[0]?.name).to.equal('••••4567');
    await phone.hangUp();
  });

  it('takes keys by INFO', async () => {
    const meeting = await running.conference();
    const phone = await running.phone();
    await phone.connect(running.port);
    for (const key of `${meeting.guestCode}#`) {
      await phone.call.request('INFO', `Signal=${key}\r\nDuration=160\r\n`, {
        'Content-Type': 'application/dtmf-relay',
      });
    }
    await meeting.joined(1);
    await phone.hangUp();
  });

  const moves: [how: string, move: (call: PhoneCall, sdp: string) => Promise<SipResponse>][] = [
    ['by re-INVITE', (call, sdp) => call.request('INVITE', sdp)],
    ['by UPDATE', (call, sdp) => call.request('UPDATE', sdp)],
    ['in the ACK of a re-INVITE that asks for our offer', (call, sdp) => call.request('INVITE', '', {}, sdp)],
  ];
  for (const [how, move] of moves) {
    it(`follows a phone that is on hold and comes back elsewhere ${how}`, async () => {
      const meeting = await running.conference();
      const [alice, bob] = [await running.phone(), await running.phone()];
      await alice.connect(running.port, 440);
      alice.press(`${meeting.guestCode}#`);
      await bob.connect(running.port, 830);
      bob.press(`${meeting.guestCode}#`);
      await meeting.joined(2);
      await alice.hears(830);
      const held = await alice.call.request('INVITE', `${alice.offer()}a=sendonly\r\n`);
      expect(held.body.toString()).to.include('a=recvonly');
      const other = await running.phone();
      const answer = await move(alice.call, other.offer());
      expect(answer.status).to.equal(200);
      expect(answer.body.toString()).not.to.match(/^a=(recvonly|sendonly|inactive)/m);
      expect(versionOf(answer)).to.equal(versionOf(held) + 1);
      await other.hears(830);
      expect((await alice.call.request('UPDATE')).body, 'an UPDATE that says nothing').to.have.length(0);
      await alice.hangUp();
      await bob.hangUp();
    });
  }

  it('answers what is no call as SIP wants it', async () => {
    const phone = await running.phone();
    const ask = async (method: string, tag = '') => {
      const call = phone.sip.call(running.port, '');
      call.invite?.cancel();
      call.remote += tag;
      return (await call.request(method)).status;
    };
    const stranger = phone.sip.call(running.port, 'not an offer');
    expect((await finalResponse(stranger)).status, 'INVITE with a body that is no SDP').to.equal(400);
    const video =
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n';
    expect((await finalResponse(phone.sip.call(running.port, video))).status, 'without sound').to.equal(488);
    expect(await ask('OPTIONS')).to.equal(200);
    expect(await ask('REGISTER')).to.equal(405);
    expect(await ask('MESSAGE')).to.equal(405);
    expect(await ask('BYE', ';tag=nobody')).to.equal(481);
    expect(await ask('INFO', ';tag=nobody')).to.equal(481);
  });

  it('leaves nothing behind after twenty calls in and out', async () => {
    const meeting = await running.conference();
    const phones = await Promise.all(Array.from({ length: 20 }, () => running.phone()));
    await Promise.all(
      phones.map(async (phone, index) => {
        await delay(index * 40);
        await phone.connect(running.port);
        phone.press(`${meeting.guestCode}#`);
      }),
    );
    const room = await meeting.joined(20);
    expect(new Set(room.participants.map(({ leg }) => leg?.channelUuid)).size).to.equal(20);
    await Promise.all(phones.map((phone) => phone.hangUp()));
    await running.quiet();
    expect(await meeting.room()).to.equal(null);
  }).timeout(60_000);

  it('has logged one summary per call, and never a code or a key', async () => {
    const ended = running.lines('call ended');
    expect(new Set(ended.map(({ call }) => call)).size).to.equal(ended.length);
    const joined = ended.find(({ codeToJoinedMs }) => codeToJoinedMs !== undefined);
    expect(joined).to.include.keys('inviteToAnswerMs', 'answerToCodeMs', 'totalMs', 'conferenceId', 'from');
    const codes = await Promise.all(
      (await running.service.store.conferences.list('default')).conferences.map(({ id }) =>
        running.service.store.conferences.codes('default', id),
      ),
    );
    const text = running.log.join('');
    for (const { guest, host } of codes) {
      expect(text.includes(guest), 'guest code in the log').to.equal(false);
      expect(text.includes(host), 'host code in the log').to.equal(false);
    }
    expect(text).to.not.match(/"(dtmf|digit|digits)":"[0-9*#]/);
  });
});

describe('a greeting before the answer', () => {
  let running: Running;
  before(async () => {
    running = await runService({ earlyGreeting: true }, { voice: 'real' });
  });
  after(() => running.stop());
  afterEach(() => running.quiet());

  it('is heard as early media, then the call is answered and asks for the code', async () => {
    const meeting = await running.conference();
    const phone = await running.phone();
    const answered = phone.connect(running.port, 440);
    const early = await event<{ status: number; body: Buffer }>(phone.call, 'provisional');
    expect(early.status).to.equal(183);
    expect(early.body.toString()).to.match(/^v=0/);
    await phone.rtp.hear(200);
    await answered;
    phone.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await phone.hangUp();
  });

  it('can be cancelled: 487, and nothing is left', async () => {
    const phone = await running.phone();
    const call = phone.dial(running.port);
    await event(call, 'provisional');
    await phone.rtp.hear(100);
    call.invite?.cancel();
    expect((await finalResponse(call)).status).to.equal(487);
    await running.quiet();
    expect(await terminationOf(running, phone)).to.deep.equal({
      class: 'none',
      reason: 'caller-cancelled',
      sipStatus: 487,
    });
  });
});

/** Of the session description (RFC 4566 section 5.2). */
function versionOf({ body }: SipResponse): number {
  return Number(/^o=\S+ \d+ (\d+)/m.exec(body.toString())?.[1]);
}
