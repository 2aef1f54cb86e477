import { expect } from 'chai';
import { Attendance } from '../../../bridge/conferences/attendance.ts';
import { createEffectRunner, toPrompts } from '../../../bridge/conferences/effects.ts';

import { Keypads } from '../../../bridge/conferences/keypads.ts';
import { MutedTalk } from '../../../bridge/conferences/muted-talk.ts';
import type { Participation } from '../../../bridge/conferences/participation.ts';
import { RecordingFolder } from '../../../bridge/conferences/recordings.ts';
import { serveRoomRequests } from '../../../bridge/conferences/requests.ts';
import type { Applied } from '../../../bridge/conferences/room-service.ts';
import type { RoomEffect, RoomInput } from '../../../bridge/conferences/room/index.ts';
import { MemberVoice } from '../../../bridge/media/member-voice.ts';
import { DEFAULT_KEYPAD, DEFAULT_POLICY, PartylineError, withDefaults } from '../../../config/contract/index.ts';
import type { Prompt } from '../../../ivr/index.ts';
import type { RoomAnswer, RoomDocument, RoomRequestEnvelope, Tenant } from '../../../store/index.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { ManualClock, recordingLogger, silent, turn } from './fakes.ts';

const nameOf = (prompt: Prompt) => (typeof prompt === 'string' ? prompt : prompt.meaning);

describe('the effects of a room', () => {
  function setUp(room: RoomDocument, answer = '+OK\n') {
    const sent: string[] = [];
    const told: string[] = [];
    const refused: string[] = [];
    const shutOut: unknown[] = [];
    const server = {
      send: async ({ text }: { text: string }) => {
        sent.push(text);
        return answer;
      },
      killChannel: async (uuid: string) => sent.push(`kill ${uuid}`),
    };
    const run = createEffectRunner({
      pool: { server: (name: string) => (name === 'm1' ? server : undefined) } as never,
      filesOf: (prompts, language) => prompts.map((prompt) => `/v/${language}/${nameOf(prompt)}.wav`),
      keypadOf: () => withDefaults({ 'toggle-mute': '55' }),
      localVoice: (uuid) =>
        uuid === 'local' ? { tell: async (prompts) => void told.push(prompts.map(nameOf).join()) } : undefined,
      recordings: new RecordingFolder('/tmp/partyline-no-such-recordings', silent),
      passes: {
        revoke: async (holder) => void shutOut.push(holder.participantId),
        revokeAll: async () => void shutOut.push('all'),
      },
      writer: {
        enqueue: (_lane, _what, write) => {
          void write();
          return true;
        },
      },
      onRecordingRefused: (_place, file) => refused.push(file),
    });
    const place = { tenantId: 'default', conferenceId: 'c1', mediaServer: room.mediaServer, room };
    return { sent, told, refused, shutOut, run: (effect: RoomEffect) => run(place, effect) };
  }
  const member = (id: string, memberId: number, change: Parameters<typeof participantRow>[1] = {}) =>
    participantRow(id, { leg: { kind: 'phone', callId: id, channelUuid: id, memberId }, ...change });
  const failureOf = (work: Promise<unknown>) => work.then(() => null).catch((error: unknown) => error);

  it('are commands about members', async () => {
    const { sent, run } = setUp(roomDocument());
    await run({ type: 'set-speak', memberId: 1, speak: false });
    await run({ type: 'set-hear', memberId: 2, hear: true });
    await run({ type: 'set-volume', memberId: 3, volume: -2 });
    await run({ type: 'kick', memberId: 4 });
    await run({ type: 'kill', channelUuid: 'u' });
    expect(sent).to.deep.equal([
      'conference room-c1 mute 1',
      'conference room-c1 undeaf 2',
      'conference room-c1 volume_out 3 -2',
      'conference room-c1 kick 4',
      'kill u',
    ]);
  });

  it('speak to a leg of this process through its own voice, to others by command, to those without a leg not', async () => {
    const room = roomDocument({
      participants: [
        member('local', 1),
        member('far', 2, { language: 'it' }),
        participantRow('web', { connections: ['p'] }),
      ],
    });
    const { sent, told, run } = setUp(room);
    for (const participantId of ['local', 'far', 'web', 'gone']) {
      await run({ type: 'tell', participantId, words: ['you-are-muted', { keysFor: 'unmute' }] });
    }
    expect(told).to.deep.equal(['you-are-muted,action']);
    expect(sent).to.deep.equal([
      'conference room-c1 stop all 2',
      'conference room-c1 play /v/it/you-are-muted.wav 2',
      'conference room-c1 play /v/it/action.wav 2',
    ]);
  });

  it('announce once to all who speak one language, else to each in their own, and never to those who wait', async () => {
    const same = setUp(
      roomDocument({
        participants: [
          member('a', 1),
          member('b', 2),
          member('w', 3, { state: 'waiting', bits: ['waiting'], language: 'it' }),
        ],
      }),
    );
    await same.run({ type: 'announce', to: 'room', words: ['locked-now'] });
    expect(same.sent).to.deep.equal(['conference room-c1 play /v/en/locked-now.wav']);
    const mixed = setUp(
      roomDocument({ participants: [member('local', 1), member('b', 2, { language: 'it', role: 'host' })] }),
    );
    await mixed.run({ type: 'announce', to: 'room', words: ['locked-now'] });
    expect([mixed.sent, mixed.told]).to.deep.equal([
      ['conference room-c1 play /v/it/locked-now.wav 2'],
      ['locked-now'],
    ]);
    const hosts = setUp(roomDocument({ participants: [member('a', 1), member('h', 2, { role: 'host' })] }));
    await hosts.run({ type: 'announce', to: 'hosts', words: ['hand-tone'] });
    expect(hosts.sent).to.deep.equal(['conference room-c1 play /v/en/hand-tone.wav 2']);
    const nobody = setUp(roomDocument());
    await nobody.run({ type: 'announce', to: 'room', words: ['locked-now'] });
    expect(nobody.sent).to.deep.equal([]);
  });

  it('fail with what the media server says, and where there is none', async () => {
    const { run } = setUp(roomDocument(), '-ERR no such member\n');
    expect(await failureOf(run({ type: 'kick', memberId: 4 }))).to.have.property('code', 'media/command-failed');
    const away = setUp(roomDocument({ mediaServer: 'm2' }));
    expect(await failureOf(away.run({ type: 'kick', memberId: 4 }))).to.have.property('code', 'media/unavailable');
  });

  it('say that a recording was refused, and take nobody’s path', async () => {
    const { run, refused } = setUp(roomDocument(), '-ERR\n');
    await failureOf(run({ type: 'record', action: 'start', file: 'c1/1-2.wav' }));
    expect(refused).to.deep.equal(['c1/1-2.wav']);
    expect(await failureOf(run({ type: 'record', action: 'stop', file: '../x.wav' }))).to.be.instanceOf(RangeError);
  });

  it('shut people out of the web, also where no media server is', async () => {
    const { run, shutOut } = setUp(roomDocument({ mediaServer: null }));
    await run({ type: 'shut-out', participantId: 'a' });
    await run({ type: 'shut-out' });
    expect(shutOut).to.deep.equal(['a', 'all']);
  });

  it('name keys as the company has laid them, and recordings where they lie', () => {
    const map = withDefaults({ 'toggle-mute': '55' });
    const folder = new RecordingFolder('/r', silent);
    expect(toPrompts({ keysFor: 'unmute' }, map, folder)).to.deep.equal([
      { meaning: 'action', action: 'unmute', keys: '55' },
    ]);
    expect(toPrompts({ meaning: 'recorded', file: 'names/a.wav' }, map, folder)).to.deep.equal([
      { meaning: 'recorded', file: '/r/names/a.wav' },
    ]);
    expect(folder.relative('/r/c1/a.wav')).to.equal('c1/a.wav');
    expect([folder.relative('/elsewhere/c1/a.wav'), folder.relative('/r/../c1/a.wav')]).to.deep.equal([null, null]);
  });
});

describe('the voice of a member', () => {
  function setUp(answer: () => string = () => '+OK\n') {
    const sent: string[] = [];
    const { logger, lines } = recordingLogger();
    const host = {
      send: async ({ text }: { text: string }) => {
        sent.push(text.replace('conference room-x ', ''));
        return answer();
      },
    };
    return { voice: new MemberVoice(host, { room: 'room-x', memberId: 7 }, logger), sent, lines };
  }

  it('says one file after the other, and is done when the last one is', async () => {
    const { voice, sent } = setUp();
    const said = voice.say(['/a.wav', '/b.wav']);
    expect(sent).to.deep.equal(['play /a.wav 7', 'play /b.wav 7']);
    voice.onFileDone();
    voice.onFileDone();
    expect(await said).to.equal('done');
  });

  it('says what is new instead of what it says, or after it', async () => {
    const { voice, sent } = setUp();
    const first = voice.say(['/a.wav']);
    const second = voice.say(['/b.wav']);
    expect(await first).to.equal('stopped');
    const third = voice.say(['/c.wav'], { instead: false });
    expect(await voice.say([])).to.equal('done');
    expect(sent).to.deep.equal(['play /a.wav 7', 'stop all 7', 'play /b.wav 7', 'play /c.wav 7']);
    voice.onFileDone(); // of the one that was stopped
    voice.onFileDone();
    expect(await second).to.equal('done');
    voice.onFileDone();
    expect(await third).to.equal('done');
  });

  it('plays music round and round, and goes on with it after words', async () => {
    const { voice, sent } = setUp();
    voice.music(['/m.wav']);
    voice.music(['/m.wav']);
    voice.onFileDone();
    expect(sent).to.deep.equal(['play /m.wav 7', 'play /m.wav 7']);
    const said = voice.say(['/a.wav']);
    voice.onFileDone();
    voice.onFileDone();
    expect(await said).to.equal('done');
    expect(sent.slice(2)).to.deep.equal(['stop all 7', 'play /a.wav 7', 'play /m.wav 7']);
    voice.music([]);
    voice.onFileDone();
    expect(sent.slice(5)).to.deep.equal(['stop all 7']);
  });

  it('lets only so much wait to be said, and says what is said instead all the same', async () => {
    const { voice, sent } = setUp();
    const first = voice.say(['/a.wav']);
    const waiting = Array.from({ length: 100 }, () => voice.say(['/b.wav'], { instead: false }));
    expect(await waiting.at(-1)).to.equal('stopped');
    expect(sent).to.have.length(17);
    const last = voice.say(['/c.wav', '/d.wav']);
    expect(await Promise.all([first, ...waiting])).to.deep.equal(Array(101).fill('stopped'));
    for (let files = 0; files < 19; files += 1) voice.onFileDone();
    expect(await last).to.equal('done');
  });

  it('begins anew when nobody knows what was told', async () => {
    const { voice, sent } = setUp();
    voice.music(['/m.wav']);
    const said = voice.say(['/a.wav']);
    voice.restart();
    expect(await said).to.equal('stopped');
    expect(sent.at(-1)).to.equal('play /m.wav 7');
  });

  it('can be stopped, and says nothing after its end', async () => {
    const { voice, sent } = setUp();
    const stop = new AbortController();
    const said = voice.say(['/a.wav'], { signal: stop.signal });
    stop.abort();
    expect(await said).to.equal('stopped');
    expect(sent.at(-1)).to.equal('stop all 7');
    const last = voice.say(['/b.wav']);
    voice.close();
    expect(await last).to.equal('stopped');
    expect(await voice.say(['/c.wav'])).to.equal('stopped');
    expect(sent.at(-1)).to.equal('play /b.wav 7');
  });

  it('says so when the media server refuses', async () => {
    const { voice, lines } = setUp(() => '-ERR not found\n');
    const failure = await voice.say(['/a.wav']).catch((error: unknown) => error);
    expect(failure).to.have.property('code', 'media/command-failed');
    voice.music(['/m.wav']);
    await turn();
    expect(lines.map(({ msg }) => msg)).to.deep.equal(['music could not be played']);
  });
});

describe('attendance', () => {
  const stay = (id: string, mediaServer = 'm1') => {
    const heard: unknown[] = [];
    const participation = {
      channelUuid: `channel-${id}`,
      mediaServer,
      identity: { tenantId: 'default', conferenceId: 'c1' },
      onTalking: (on: boolean) => heard.push(on),
      onMutedTalk: () => heard.push('muted'),
      onReconnected: () => heard.push('again'),
    };
    return { participation: participation as unknown as Participation, heard };
  };

  it('routes what is told of channels to its own callers, and of recordings to their room', async () => {
    const inputs: RoomInput[] = [];
    const attendance = new Attendance({
      rooms: {
        apply: async (_identity, input): Promise<Applied> => {
          inputs.push(input);
          return { outcome: 'unchanged', room: null };
        },
      },
      recordings: { relative: (path) => (path.startsWith('/r/') ? path.slice(3) : null) },
      logger: silent,
      wallClock: () => 5,
    });
    const [a, b] = [stay('a'), stay('b', 'm2')];
    for (const { participation } of [a, b]) attendance.add(participation);
    expect([attendance.participantCount, attendance.roomCount]).to.deep.equal([2, 1]);
    const of = (id: string) => ({ room: 'room-c1', memberId: 1, channelUuid: `channel-${id}` });
    attendance.onConferenceEvent({ type: 'start-talking', ...of('a') });
    attendance.onConferenceEvent({ type: 'stop-talking', ...of('somebody-else') });
    attendance.onConferenceEvent({ type: 'mute-detect', ...of('b') });
    attendance.onReconnected('m2');
    expect([a.heard, b.heard]).to.deep.equal([[true], ['muted', 'again']]);
    attendance.onConferenceEvent({ type: 'start-recording', room: 'room-c1', path: '/r/c1/x.wav', failed: true });
    attendance.onConferenceEvent({ type: 'stop-recording', room: 'room-c1', path: '/r/c1/x.wav', milliseconds: 9 });
    attendance.onConferenceEvent({ type: 'stop-recording', room: 'room-c1', path: '/x', milliseconds: 9 });
    attendance.onConferenceEvent({ type: 'stop-recording', room: 'room-other', path: '/r/c1/x.wav', milliseconds: 9 });
    expect(inputs).to.deep.equal([
      { type: 'recording', at: 5, phase: 'failed', file: 'c1/x.wav' },
      { type: 'recording', at: 5, phase: 'stopped', file: 'c1/x.wav', milliseconds: 9 },
    ]);
    expect(attendance.voice('channel-a')).to.equal(a.participation);
    attendance.remove(a.participation);
    attendance.remove(a.participation);
    attendance.remove(b.participation);
    expect([attendance.participantCount, attendance.roomCount]).to.deep.equal([0, 0]);
  });
});

describe('somebody who speaks and is not heard', () => {
  function setUp() {
    const clock = new ManualClock();
    const happened: string[] = [];
    const over = new AbortController();
    const talk = new MutedTalk({
      clock,
      signal: over.signal,
      hint: () => happened.push('hint'),
      listenAgain: () => happened.push('listen'),
    });
    return { clock, happened, over, talk };
  }

  it('is told at once, and again after a while only; meanwhile they are listened for', async () => {
    const { clock, happened, talk } = setUp();
    talk.follow(true);
    await clock.advance(5_000);
    talk.onTalk();
    talk.onTalk();
    talk.onTalk();
    expect(happened).to.deep.equal(['hint']);
    await clock.advance(20_000);
    expect(happened, 'once').to.deep.equal(['hint', 'listen']);
    talk.onTalk();
    expect(happened.at(-1)).to.equal('hint');
  });

  it('is not told in the sentence in which they were muted, but when they go on after it', async () => {
    const { clock, happened, talk } = setUp();
    talk.follow(true);
    talk.onTalk();
    expect(happened).to.deep.equal([]);
    await clock.advance(3_000);
    talk.follow(true);
    talk.onTalk();
    expect(happened).to.deep.equal(['listen', 'hint']);
  });

  it('is left alone once they are heard, or have gone', async () => {
    const { clock, happened, over, talk } = setUp();
    talk.follow(true);
    talk.onTalk();
    talk.follow(false);
    await clock.advance(3_000);
    talk.follow(true);
    talk.onTalk();
    over.abort();
    await clock.advance(60_000);
    talk.onTalk();
    expect([happened, clock.sleeping]).to.deep.equal([[], 0]);
  });
});

describe('the keys a company has laid', () => {
  it('are asked for once in a while, and are as they were while the store is away', async () => {
    let asked = 0;
    let now = 0;
    let tenant: Tenant | Error = { id: 't', name: 'T', language: 'en', createdAt: 0, keypad: { roll: '77' } };
    const keypads = new Keypads({
      tenants: {
        get: async () => {
          asked += 1;
          if (tenant instanceof Error) throw tenant;
          return tenant;
        },
      },
      logger: silent,
      wallClock: () => now,
    });
    expect(keypads.of('t')).to.deep.equal(DEFAULT_KEYPAD);
    expect((await keypads.load('t')).roll).to.equal('77');
    await keypads.load('t');
    expect(asked).to.equal(2);
    now = 60_000;
    tenant = new Error('away');
    expect(keypads.of('t').roll).to.equal('77');
    expect((await keypads.load('t')).roll).to.equal('77');
  });
});

describe('requests for rooms', () => {
  async function ask(envelope: Partial<RoomRequestEnvelope>, applied: Applied) {
    const inputs: RoomInput[] = [];
    let handler: (envelope: RoomRequestEnvelope) => Promise<RoomAnswer> = () => Promise.reject(new Error());
    serveRoomRequests({
      store: {
        roomRequests: {
          serve: (next: typeof handler) => {
            handler = next;
            return () => undefined;
          },
        },
        conferences: {
          get: async (_tenant: string, id: string) => (id === 'c1' ? { id, title: 'T', policy: DEFAULT_POLICY } : null),
        },
      } as never,
      rooms: {
        apply: async (_identity, input) => {
          inputs.push(input);
          return applied;
        },
      },
      wallClock: () => 5,
    });
    const base = { tenantId: 'default', conferenceId: 'c1', actor: { kind: 'person', personId: 'p' } } as const;
    const outcome = handler({ ...base, request: { type: 'lock' }, ...envelope });
    return { inputs, answer: await outcome.catch((error: unknown) => (error as PartylineError).code) };
  }
  const room = roomDocument({ version: 9 });

  it('are inputs: commands as they are, pages with the plan of their conference', async () => {
    const locked = await ask({}, { outcome: 'changed', room });
    expect(locked).to.deep.equal({
      inputs: [{ type: 'command', at: 5, actor: { kind: 'person', personId: 'p' }, command: { type: 'lock' } }],
      answer: { version: 9 },
    });
    const page = { participantId: 'a', connectionId: 'x.1' };
    const who = { name: 'Anna', role: 'guest', language: 'en' } as const;
    const connected = await ask(
      { request: { type: 'connect', ...page, ...who, identity: 'i' } },
      { outcome: 'changed', room, participantId: 'b' },
    );
    expect(connected.answer).to.deep.equal({ version: 9, participantId: 'b' });
    expect(connected.inputs[0]).to.deep.equal({
      type: 'connect',
      at: 5,
      plan: { title: 'T', policy: DEFAULT_POLICY },
      who: { id: 'a', ...who, number: '', line: '', identity: 'i' },
      connectionId: 'x.1',
    });
    const gone = await ask({ request: { type: 'disconnect', ...page } }, { outcome: 'unchanged', room: null });
    expect(gone).to.deep.equal({ inputs: [{ type: 'disconnect', at: 5, ...page }], answer: { version: 0 } });
    const unknown = await ask(
      { conferenceId: 'c2', request: { type: 'connect', ...page, ...who } },
      { outcome: 'changed', room },
    );
    expect(unknown.answer).to.equal('conference/not-found');
  });

  it('are refused with a code for each reason', async () => {
    const reasons = ['full', 'locked', 'not-live', 'not-allowed', 'not-possible', 'no-such-participant'] as const;
    const codes = await Promise.all(
      reasons.map(async (why) => (await ask({}, { outcome: 'rejected', why, room: null })).answer),
    );
    expect(codes).to.deep.equal([
      'room/full',
      'room/locked',
      'room/not-live',
      'auth/forbidden',
      'room/not-possible',
      'room/participant-not-found',
    ]);
  });
});
