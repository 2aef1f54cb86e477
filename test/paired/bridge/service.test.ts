import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StartError } from '../../../bridge/service/start-error.ts';
import { startTestRedis, type TestRedis } from '../../helpers/redis.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { until, type Caller } from './caller.ts';
import { RawCaller } from './raw-caller.ts';
import { runService, type Running } from './running-service.ts';

describe('the gate of the whole service', () => {
  it('gives strangers no answer at all', async () => {
    const running = await runService({ trustedSources: ['127.0.0.2'] });
    const stranger = await RawCaller.open('127.0.0.1');
    const friend = await RawCaller.open('127.0.0.2');
    try {
      stranger.invite(running.port, '<sip:a@b>');
      stranger.invite(running.port, '"x" <sip:a@b>');
      // When somebody known, who came later, has been answered, the stranger would have been, too.
      await friend.connect(running.port, '<sip:friend@b>');
      await delay(600);
      expect(stranger.answers).to.deep.equal([]);
      expect(running.service.counts().drachtio).to.include({ pendingRequests: 0 });
      await friend.hangUp();
      await running.quiet();
    } finally {
      stranger.close();
      friend.close();
      await running.stop();
    }
  });

  it('answers 503 with Retry-After when all lines are in use, and 404 for numbers that are not ours', async () => {
    const running = await runService({ maxCalls: 1, dids: [{ number: '+18005550100' }] });
    try {
      const [first, second] = [await running.phone(), await running.phone()];
      await first.connect(running.port);
      const busy = await second.refused(running.port);
      expect(busy.status).to.equal(503);
      expect(busy.headers.get('Retry-After')).to.match(/^[0-9]+$/);
      expect((await fetch(`${running.service.url}/readyz`)).status).to.equal(503);
      await first.hangUp();
      await running.quiet();
      const wrong = await RawCaller.open();
      wrong.invite(running.port, '<sip:a@b>'); // dials 1000
      await until('404', () => wrong.answers.some(({ status }) => status === 404));
      wrong.close();
      await running.quiet();
      const metrics = await (await fetch(`${running.service.url}/metrics`)).text();
      expect(metrics).to.match(/partyline_calls_total\{reason="overloaded",class="us"\} 1/);
      expect(metrics).to.match(/partyline_calls_total\{reason="number-unknown",class="caller"\} 1/);
      expect(metrics).to.match(/^partyline_calls 0$/m);
    } finally {
      await running.stop();
    }
  });

  it('answers 503 with Retry-After while the media clock is late; who talks already talks on', async () => {
    // Every tick is later than that: a machine with too much to do, as far as admission can tell.
    const running = await runService({ mediaLatenessLimitMs: 0.000_1 });
    try {
      const meeting = await running.conference();
      const [first, second] = [await running.phone(), await running.phone()];
      await first.connect(running.port);
      const ready = async () => (await fetch(`${running.service.url}/readyz`)).status;
      await until('not ready', async () => (await ready()) === 503);
      const busy = await second.refused(running.port);
      expect(busy.status).to.equal(503);
      expect(busy.headers.get('Retry-After')).to.match(/^[0-9]+$/);
      first.press(`${meeting.guestCode}#`);
      await meeting.joined(1);
      const metrics = await (await fetch(`${running.service.url}/metrics`)).text();
      expect(metrics).to.match(/^partyline_media_overloaded 1$/m);
      expect(metrics).to.match(/partyline_calls_total\{reason="overloaded",class="us"\} 1/);
      await first.hangUp();
      await running.quiet();
      await until('ready', async () => (await ready()) === 200);
      await second.connect(running.port);
      await second.hangUp();
      await running.quiet();
    } finally {
      await running.stop();
    }
  });

  it('answers 503 to more INVITEs a second than a source may send', async () => {
    const running = await runService({ inviteRatePerSource: 2 });
    try {
      const phones = await Promise.all([1, 2, 3, 4].map(() => running.phone()));
      const outcomes = await Promise.all(
        phones.map((phone) =>
          phone.connect(running.port).then(
            () => 200,
            (error: unknown) => Number(/[0-9]{3}/.exec(String(error))?.[0]),
          ),
        ),
      );
      expect(outcomes.sort()).to.deep.equal([200, 200, 503, 503]);
      await Promise.all(
        phones.filter(({ call }) => call.responses.some(({ status }) => status === 200)).map((phone) => phone.hangUp()),
      );
      await running.quiet();
    } finally {
      await running.stop();
    }
  });

  it('keeps calls that are silent because they are on hold, however that was said', async () => {
    const running = await runService({ rtpTimeoutSeconds: 1 });
    const held: Caller[] = [];
    try {
      for (const onHold of [
        (offer: string) => `${offer}a=sendonly\r\n`,
        (offer: string) => `${offer}a=inactive\r\n`,
        (offer: string) => offer.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0'),
      ]) {
        const phone = await running.phone();
        await phone.connect(running.port);
        expect((await phone.call.request('INVITE', onHold(phone.offer()))).status).to.equal(200);
        phone.rtp.quiet();
        held.push(phone);
      }
      // Its time is over later than theirs would be.
      const silent = await running.phone();
      await silent.connect(running.port);
      silent.rtp.quiet();
      await silent.letGo();
      expect(held.map(({ wasLetGo }) => wasLetGo)).to.deep.equal([false, false, false]);
      await Promise.all(held.map((phone) => phone.hangUp()));
      await running.quiet();
    } finally {
      await running.stop();
    }
  });

  it('ends a leg that has gone silent', async () => {
    const running = await runService({ rtpTimeoutSeconds: 1 });
    try {
      const phone = await running.phone();
      await phone.connect(running.port);
      phone.rtp.quiet();
      await phone.letGo();
      await running.quiet();
      expect(running.lines('call ended')[0]).to.deep.include({
        termination: { class: 'caller', reason: 'media-timeout' },
      });
    } finally {
      await running.stop();
    }
  });
});

describe('the end of the service', () => {
  it('tells callers, lets them go, and closes everything within seconds', async () => {
    const running = await runService({}, { voice: 'real' });
    const meeting = await running.conference();
    const [inRoom, atPrompt, dialling] = [await running.phone(), await running.phone(), await running.phone()];
    await inRoom.connect(running.port);
    inRoom.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await atPrompt.connect(running.port);
    await inRoom.hearsNothing();
    const started = performance.now();
    const stopped = running.service.stop();
    const heard = Promise.all([inRoom.hearsVoice(), atPrompt.hearsVoice()]);
    expect((await dialling.refused(running.port)).status).to.equal(503);
    await heard;
    expect(await stopped, 'closed in order').to.equal(true);
    expect(performance.now() - started).to.be.below(8_000);
    expect(inRoom.wasLetGo && atPrompt.wasLetGo).to.equal(true);
    const ended = running.lines('call ended').map(({ termination }) => termination);
    expect(ended).to.deep.equal([
      { class: 'us', reason: 'shutdown' },
      { class: 'us', reason: 'shutdown' },
    ]);
    await running.stop();
  });

  it('says in one sentence which port is in use', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    for (const setting of ['sipPort', 'httpPort'] as const) {
      let failure: unknown;
      await runService({ [setting]: port }).catch((error: unknown) => (failure = error));
      expect(failure, setting).to.be.instanceOf(StartError);
      expect((failure as Error).message).to.match(
        new RegExp(`^Port ${port} \\(setting ${setting}, PARTYLINE_.*in use`),
      );
    }
    taken.close();
  });
});

describe('what a dead process left behind', () => {
  it('is ended at the next start, and no ghost stays in a room', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'partyline-bridge-'));
    const first = await runService({ dataDir, nodeName: 'node-a' });
    const meeting = await first.conference();
    const { store } = first.service;
    const call = { id: 'ghost-call', tenantId: 'default', direction: 'inbound', from: '1', to: '2' } as const;
    await store.calls.put({
      ...call,
      node: 'node-a/4194305/1000',
      sourceAddress: '127.0.0.1',
      sipCallId: 'x',
      startedAt: 1_000,
      conferenceId: meeting.id,
    });
    await store.rooms.commit({
      tenantId: 'default',
      conferenceId: meeting.id,
      expectedVersion: 0,
      document: roomDocument({
        conferenceId: meeting.id,
        mediaServer: 'gone',
        participants: [
          participantRow('p1', { leg: { kind: 'phone', callId: 'ghost-call', channelUuid: 'u', memberId: 1 } }),
        ],
      }),
      events: [],
    });
    await first.stop();
    const second = await runService({ dataDir, nodeName: 'node-a' });
    const record = await second.service.store.calls.get('default', 'ghost-call');
    expect(record?.termination).to.deep.equal({ class: 'us', reason: 'node-lost' });
    expect(await second.service.store.rooms.list('default')).to.deep.equal([]);
    expect(await second.service.store.calls.live('default')).to.deep.equal([]);
    await second.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('Redis gone in the middle of a call', () => {
  let redis: TestRedis;
  let running: Running;
  before(async () => {
    redis = await startTestRedis();
    running = await runService({ redisUrl: redis.url });
  });
  after(async () => {
    redis.thaw();
    await running.stop();
    await redis.stop();
  });

  it('costs no call; new callers are asked to try again; what happened is written when it is back', async () => {
    const meeting = await running.conference();
    const phones = [await running.phone(), await running.phone(), await running.phone(), await running.phone()];
    const [alice, bob, carol, late] = phones as [
      (typeof phones)[0],
      (typeof phones)[0],
      (typeof phones)[0],
      (typeof phones)[0],
    ];
    const tones = new Map([
      [alice, 440],
      [bob, 830],
      [carol, 1_330],
    ]);
    for (const [phone, tone] of tones) {
      await phone.connect(running.port, tone);
      phone.press(`${meeting.guestCode}#`);
    }
    await meeting.joined(3);
    await alice.hears(830, 1_330);
    redis.freeze();
    await until('noticed', () => !running.service.store.available);
    expect((await fetch(`${running.service.url}/readyz`)).status).to.equal(503);
    // The call lives: sound goes on, and hanging up works.
    await alice.hears(830, 1_330);
    await carol.hangUp();
    await alice.hears(830);
    // A new caller is greeted, and asked to try again.
    await late.connect(running.port);
    late.press(`${meeting.guestCode}#`);
    await late.letGo();
    await until('both ends are logged', () => running.lines('call ended').length === 2);
    const reasons = running.lines('call ended').map(({ termination }) => (termination as { reason: string }).reason);
    expect(reasons).to.deep.equal(['caller-hung-up', 'store-unavailable']);
    redis.thaw();
    await until('back', () => running.service.store.available);
    const room = await meeting.joined(2);
    expect(room.participants.map(({ name }) => name)).to.have.length(2);
    await until('written', () => running.service.counts().pendingWrites === 0);
    expect(await running.service.store.calls.live('default')).to.have.length(2);
    expect((await fetch(`${running.service.url}/readyz`)).status).to.equal(200);
    await alice.hangUp();
    await bob.hangUp();
    await running.quiet();
  }).timeout(60_000);
});
