import { expect } from 'chai';
import { Call, type CallDeps } from '../../../bridge/calls/call.ts';
import { CallDesk } from '../../../bridge/calls/call-desk.ts';
import type { CallerSide, CallLeg } from '../../../bridge/calls/ports.ts';
import { Attendance, RecordingFolder, RoomService, type RunEffect } from '../../../bridge/conferences/index.ts';
import type { LegEvents } from '../../../bridge/media/leg.ts';
import type { IncomingCallEvents, Invite } from '../../../bridge/sip/index.ts';
import { TypedEmitter } from '../../../bridge/support/typed-emitter.ts';
import { DEFAULT_KEYPAD, DEFAULT_POLICY, PartylineError } from '../../../config/contract/index.ts';
import { LegGone, type Digit, type Prompt } from '../../../ivr/index.ts';
import type { Conference, Pass, Termination } from '../../../store/index.ts';
import { DigitQueue } from '../../../bridge/media/digit-queue.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { ManualClock, MemoryRooms, recordingLogger, silent, turn } from './fakes.ts';

const conference: Conference = {
  id: 'c1',
  tenantId: 'default',
  title: 'Test',
  policy: { ...DEFAULT_POLICY, maxParticipants: 10 },
  state: 'open',
  createdBy: 'x',
  createdAt: 0,
};

const invite: Invite = {
  sipCallId: 'sip-1',
  callerName: 'Alice',
  callerNumber: '+15551230001',
  dialledNumber: '1000',
  sourceAddress: '127.0.0.1',
  sourcePort: 5060,
  protocol: 'udp',
  offer: 'v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n',
};

const fail = (error: unknown) => {
  throw error;
};

class FakeCaller implements CallerSide {
  readonly invite = invite;
  readonly trunk = 'trusted';
  dialogId: string | undefined;
  readonly events = new TypedEmitter<IncomingCallEvents>(fail);
  readonly said: string[] = [];
  renegotiate = (offer: string) => Promise.resolve(offer);
  progress(): void {
    this.said.push('183');
  }
  async answer(): Promise<void> {
    this.said.push('200');
    this.dialogId = 'dialog-1';
  }
  async answerInAck(): Promise<string> {
    return invite.offer;
  }
  async reoffer(): Promise<string> {
    this.said.push('re-INVITE');
    return invite.offer;
  }
  async end(refusal?: { status: number }): Promise<void> {
    this.said.push(this.said.includes('200') ? 'BYE' : String(refusal?.status));
  }
}

class FakeLeg implements CallLeg {
  language = 'en';
  readonly localSdp = 'v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\nm=audio 5000 RTP/AVP 0\r\n';
  readonly dialogId = 'endpoint-1';
  readonly events = new TypedEmitter<LegEvents>(fail);
  readonly heard: Prompt[] = [];
  readonly signal: AbortSignal;
  readonly uuid: string;
  readonly mediaServer: string;
  gone = false;
  released = 0;
  joined = false;
  readonly #keys: DigitQueue;

  constructor(signal: AbortSignal, clock: ManualClock, mediaServer = 'm1') {
    this.signal = signal;
    this.#keys = new DigitQueue(clock);
    this.mediaServer = mediaServer;
    this.uuid = `channel-on-${mediaServer}`;
  }
  #check() {
    if (this.signal.aborted || this.gone) throw new LegGone('gone');
  }
  async play(prompts: readonly Prompt[]): Promise<'done'> {
    this.#check();
    this.heard.push(...prompts);
    await turn();
    this.#check();
    return 'done';
  }
  async nextDigit(options: { timeoutMs: number; signal?: AbortSignal }): Promise<Digit | null> {
    this.#check();
    const key = await this.#keys.next(
      options.timeoutMs,
      options.signal ? [this.signal, options.signal] : [this.signal],
    );
    this.#check();
    return key;
  }
  flushDigits(): void {
    this.#keys.flush();
  }
  speak(language: string): void {
    this.language = language;
  }
  pushDigit(digit: string): void {
    this.#keys.push(digit);
  }
  async join(): Promise<number> {
    this.joined = true;
    return 7;
  }
  async tell(prompts: readonly Prompt[]): Promise<'done'> {
    this.heard.push(...prompts);
    return 'done';
  }
  music(): void {}
  restartVoice(): void {}
  inRoom(): this {
    return this;
  }
  async record(): Promise<boolean> {
    return false;
  }
  forLastWords(signal: AbortSignal) {
    return {
      language: 'en',
      signal,
      play: async (prompts: readonly Prompt[]) => {
        this.heard.push(...prompts);
        return 'done' as const;
      },
      nextDigit: () => Promise.resolve(null),
      flushDigits: () => undefined,
    };
  }
  async renegotiate(offer: string): Promise<string> {
    return offer;
  }
  echo = async () => undefined;

  async release(): Promise<void> {
    this.released += 1;
  }
}

function setUp(
  options: {
    earlyGreeting?: boolean;
    createLeg?: CallDeps['media']['createLeg'];
    lookup?: () => Promise<never>;
    redeem?: (ticket: string) => Promise<Pass>;
  } = {},
) {
  const clock = new ManualClock();
  const { logger, lines } = recordingLogger();
  const rooms = new MemoryRooms();
  const effects: string[] = [];
  const runEffect: RunEffect = async (_room, effect) => {
    if (effect.type === 'tell') legs.at(-1)?.heard.push(...(effect.words as Prompt[]));
    else effects.push(effect.type === 'announce' ? effect.words.map(String).join() : effect.type);
  };
  const roomService = new RoomService({ rooms, runEffect, logger: silent, clock, random: () => 0 });
  const ended: { id: string; termination: Termination }[] = [];
  const legs: FakeLeg[] = [];
  const written: string[] = [];
  let ids = 0;
  const writer = {
    enqueue: (_lane: string, what: string, write: () => Promise<unknown>) => {
      written.push(what);
      void write();
      return true;
    },
  };
  const deps: CallDeps = {
    store: {
      codes: {
        lookup: async ({ digits }) => {
          if (options.lookup) return options.lookup();
          return digits === '123456789'
            ? { outcome: 'found', resolved: { kind: 'guest', conference } }
            : { outcome: 'unknown' };
        },
      },
      calls: {
        put: async () => undefined,
        update: async () => undefined,
        end: async (_tenant, id, termination) => {
          ended.push({ id, termination });
          return true;
        },
        get: async () => null,
        live: async () => [],
      },
      tenants: { get: async () => null },
      tokens: { redeem: async () => null },
      passes: { redeemTicket: async (ticket) => options.redeem?.(ticket) ?? null },
      conferences: { get: async (_tenant, id) => (id === 'c1' ? conference : null) },
    },
    media: {
      createLeg:
        options.createLeg ??
        (async (request) => {
          const leg = new FakeLeg(request.signal, clock, request.mediaServer);
          legs.push(leg);
          return leg;
        }),
    },
    attendance: { add: () => undefined, remove: () => undefined },
    participation: {
      rooms: roomService,
      store: rooms,
      writer,
      keypads: { load: async () => DEFAULT_KEYPAD, of: () => DEFAULT_KEYPAD },
      recordings: new RecordingFolder('/recordings', silent),
      clock,
      wallClock: () => 1,
      newId: () => 'other-id',
    },
    writer,
    settings: {
      codeTries: 3,
      codeTimeoutSeconds: 10,
      interDigitTimeoutSeconds: 4,
      earlyGreeting: options.earlyGreeting ?? false,
      maxCallMinutes: 60,
      language: 'en',
    },
    node: 'node/1/1',
    clock,
    wallClock: () => 1,
    newId: () => `id-${(ids += 1)}`,
  };
  const caller = new FakeCaller();
  const start = () => new Call(deps, caller, { tenantId: 'default' }, logger).run();
  const press = (keys: string) => {
    for (const key of keys) legs.at(-1)?.pushDigit(key);
  };
  return { clock, deps, caller, legs, rooms, ended, lines, written, effects, start, press, logger };
}

describe('the life of a call', () => {
  it('goes from INVITE through the code into the room, and ends with one record and one summary', async () => {
    const { clock, caller, legs, rooms, ended, lines, effects, start, press } = setUp();
    const life = start();
    await turn();
    expect(legs[0]?.heard).to.deep.equal(['welcome', 'enter-access-code']);
    press('123456789#');
    await clock.advance(50);
    expect(legs[0]?.heard.at(-1)).to.equal('first-in-conference');
    expect(legs[0]?.joined).to.equal(true);
    const room = rooms.documents.get('c1');
    expect(room?.participants[0]).to.include({ name: 'Alice', role: 'guest' });
    expect(room?.participants[0]?.leg).to.include({ memberId: 7, channelUuid: 'channel-on-m1' });
    expect(effects).to.deep.equal(['join-tone']);
    caller.events.emit('gone', 'caller-hung-up');
    const summary = await life;
    await turn();
    expect(summary.termination).to.deep.equal({ class: 'none', reason: 'caller-hung-up' });
    expect(ended).to.have.length(1);
    expect(rooms.documents.size).to.equal(0);
    expect(legs[0]?.released).to.equal(1);
    const summaries = lines.filter(({ msg }) => msg === 'call ended');
    expect(summaries).to.have.length(1);
    expect(summaries[0]).to.include.keys('inviteToAnswerMs', 'answerToCodeMs', 'codeToJoinedMs', 'totalMs');
    expect(JSON.stringify(lines)).to.not.contain('123456789');
    expect(clock.sleeping, 'no timer is left').to.equal(0);
  });

  it('mutes by *6 and says so', async () => {
    const { clock, caller, legs, rooms, effects, start, press } = setUp();
    const life = start();
    await turn();
    press('123456789#');
    await clock.advance(50);
    press('*6');
    await turn();
    expect(legs[0]?.heard.at(-1)).to.equal('now-muted');
    expect(rooms.documents.get('c1')?.participants[0]?.bits).to.deep.equal(['self']);
    press('*6');
    await turn();
    expect(legs[0]?.heard.at(-1)).to.equal('now-unmuted');
    expect(effects).to.deep.equal(['join-tone', 'set-speak', 'set-speak']);
    caller.events.emit('gone', 'caller-hung-up');
    await life;
  });

  it('shows somebody talking whose first word comes before the media server has told that they are in', async () => {
    const { clock, deps, caller, legs, rooms, press, logger } = setUp();
    const { rooms: applied, recordings } = deps.participation;
    const attendance = new Attendance({ rooms: applied, recordings, logger, wallClock: () => 1 });
    const talk = (channelUuid: string, type: 'start-talking' | 'stop-talking') =>
      attendance.onConferenceEvent({ type, room: 'room-c1', memberId: 7, channelUuid });
    const life = new Call({ ...deps, attendance }, caller, { tenantId: 'default' }, logger).run();
    await turn();
    const [leg] = legs;
    leg!.join = async () => {
      // The event is on its way sooner than the answer to the join.
      talk(leg!.uuid, 'start-talking');
      await turn();
      return 7;
    };
    press('123456789#');
    await clock.advance(50);
    await turn();
    const row = () => rooms.documents.get('c1')?.participants[0];
    expect(row()).to.deep.include({ talking: true });
    expect(row()?.leg).to.include({ memberId: 7 });
    talk(leg!.uuid, 'stop-talking');
    await turn();
    expect(row()?.talking).to.equal(false);
    caller.events.emit('gone', 'caller-hung-up');
    await life;
    expect(attendance.participantCount).to.equal(0);
  });

  it('greets before the answer when asked to; a CANCEL then ends it with 487', async () => {
    const { caller, legs, ended, start } = setUp({ earlyGreeting: true });
    const life = start();
    while (legs[0]?.heard.length !== 1) await turn();
    expect(caller.said).to.deep.equal(['183']);
    caller.events.emit('gone', 'caller-cancelled');
    expect((await life).termination).to.deep.equal({ class: 'none', reason: 'caller-cancelled', sipStatus: 487 });
    expect(caller.said).to.not.include('200');
    expect(ended).to.have.length(1);
    expect(legs[0].released).to.equal(1);
  });

  it('answers after the greeting and does not greet again', async () => {
    const { caller, legs, start } = setUp({ earlyGreeting: true });
    const life = start();
    await turn();
    await turn();
    await turn();
    expect(caller.said).to.deep.equal(['183', '200']);
    expect(legs[0]?.heard).to.deep.equal(['welcome', 'enter-access-code']);
    caller.events.emit('gone', 'caller-hung-up');
    await life;
  });

  for (const [code, status, reason] of [
    ['sip/no-common-codec', '488', 'no-common-codec'],
    ['media/unavailable', '503', 'media-server-unavailable'],
    ['sip/overloaded', '503', 'overloaded'],
  ] as const) {
    it(`answers ${status} on ${code}`, async () => {
      const { caller, start } = setUp({ createLeg: () => Promise.reject(new PartylineError(code)) });
      expect((await start()).termination).to.include({ reason, sipStatus: Number(status) });
      expect(caller.said).to.deep.equal([status]);
    });
  }

  it('releases a leg that comes after the caller has gone', async () => {
    let finish: (leg: CallLeg) => void = () => undefined;
    const made = new Promise<CallLeg>((resolve) => (finish = resolve));
    const { caller, clock, start } = setUp({ createLeg: () => made });
    const life = start();
    await turn();
    caller.events.emit('gone', 'caller-cancelled');
    const late = new FakeLeg(new AbortController().signal, clock);
    finish(late);
    expect((await life).termination.reason).to.equal('caller-cancelled');
    expect(late.released).to.equal(1);
    expect(late.heard).to.deep.equal([]);
  });

  it('lets a caller go after three wrong codes, having said goodbye once', async () => {
    const { clock, caller, legs, start, press } = setUp();
    const life = start();
    for (const _try of [1, 2, 3]) {
      await turn();
      press('000000000#');
      await clock.advance(5_000);
    }
    expect((await life).termination).to.deep.equal({ class: 'caller', reason: 'no-valid-code' });
    expect(legs[0]?.heard.filter((prompt) => prompt === 'goodbye')).to.have.length(1);
    expect(caller.said).to.deep.equal(['200', 'BYE']);
  });

  it('asks to try again when the store cannot be reached', async () => {
    const { clock, legs, start, press } = setUp({
      lookup: () => Promise.reject(new PartylineError('store/unavailable')),
    });
    const life = start();
    await turn();
    press('123456789#');
    await clock.advance(20_000);
    expect((await life).termination).to.deep.equal({ class: 'upstream', reason: 'store-unavailable' });
    expect(legs[0]?.heard.slice(-2)).to.deep.equal(['try-again-in-a-moment', 'goodbye']);
  });

  it('says words and ends when the longest duration is reached', async () => {
    const { clock, legs, start, press } = setUp();
    const life = start();
    await turn();
    press('123456789#');
    await clock.advance(60 * 60_000);
    expect((await life).termination).to.deep.equal({ class: 'caller', reason: 'max-duration' });
    expect(legs[0]?.heard.slice(-2)).to.deep.equal(['call-time-over', 'goodbye']);
  });

  it('ends without words when the media server ends the leg', async () => {
    const { clock, legs, caller, start, press } = setUp();
    const life = start();
    await turn();
    press('123456789#');
    await clock.advance(50);
    const leg = legs[0]!;
    leg.gone = true;
    leg.events.emit('lost', 'MEDIA_TIMEOUT');
    expect((await life).termination).to.deep.equal({ class: 'caller', reason: 'media-timeout' });
    expect(leg.heard.at(-1)).to.equal('first-in-conference');
    expect(caller.said.at(-1)).to.equal('BYE');
  });

  it('moves to the media server of the room', async () => {
    const { clock, caller, legs, rooms, start, press } = setUp();
    rooms.documents.set(
      'c1',
      roomDocument({ mediaServer: 'm2', participants: [participantRow('p', { role: 'host' })] }),
    );
    const life = start();
    await turn();
    press('123456789#*6');
    await clock.advance(50);
    expect(caller.said).to.deep.equal(['200', 're-INVITE']);
    expect(legs.map(({ mediaServer, released }) => [mediaServer, released])).to.deep.equal([
      ['m1', 1],
      ['m2', 0],
    ]);
    expect(
      rooms.documents.get('c1')?.participants.map(({ bits }) => bits),
      'keys came along',
    ).to.deep.equal([[], ['self']]);
    caller.events.emit('gone', 'caller-hung-up');
    await life;
  });

  it('counts the first reason only', async () => {
    const { caller, ended, start } = setUp();
    const life = start();
    await turn();
    caller.events.emit('gone', 'caller-hung-up');
    caller.events.emit('gone', 'ack-timeout');
    await life;
    expect(ended.map(({ termination }) => termination.reason)).to.deep.equal(['caller-hung-up']);
  });
});

describe('the call desk', () => {
  function desk(maxCalls = 2, options: Parameters<typeof setUp>[0] = {}) {
    const parts = setUp(options);
    const reasons: string[] = [];
    const callDesk = new CallDesk({
      calls: parts.deps,
      gate: { lineOf: (number) => (number === 'unknown' ? null : { tenantId: 'default' }) },
      defaultTenantId: 'default',
      maxCalls,
      logger: parts.logger,
      onEnded: ({ termination }) => reasons.push(termination.reason),
      onRefused: (reason) => reasons.push(reason),
    });
    return { ...parts, callDesk, reasons };
  }

  it('knows how many there are, and when there is no room', async () => {
    const { callDesk, reasons } = desk(2);
    const callers = [new FakeCaller(), new FakeCaller()];
    for (const caller of callers) callDesk.take(caller);
    expect(callDesk.liveCount).to.equal(2);
    expect(callDesk.hasRoom).to.equal(false);
    await turn();
    for (const caller of callers) caller.events.emit('gone', 'caller-hung-up');
    await turn();
    expect(callDesk.liveCount).to.equal(0);
    expect(reasons).to.deep.equal(['caller-hung-up', 'caller-hung-up']);
  });

  it('answers 404 for a number of nobody, and keeps a record of it', async () => {
    const { callDesk, ended } = desk();
    const caller = new FakeCaller();
    Object.assign(caller, { invite: { ...invite, dialledNumber: 'unknown' } });
    callDesk.take(caller);
    await turn();
    expect(caller.said).to.deep.equal(['404']);
    expect(ended[0]?.termination).to.deep.equal({ class: 'caller', reason: 'number-unknown', sipStatus: 404 });
  });

  describe('with browsers', () => {
    const ticket = 'A'.repeat(22);
    const pass: Pass = {
      ...{ tenantId: 'acme', conferenceId: 'c1', participantId: 'p1', name: 'Bea', role: 'host', identity: 'p1' },
      ...{ language: 'de', issuedAt: 0, expiresAt: 1 },
    };
    const browser = (dialledNumber = 'c1') =>
      Object.assign(new FakeCaller(), {
        invite: { ...invite, callerName: '', callerNumber: '', dialledNumber, ticket },
      });

    it('takes the holder of a ticket into the room without a question', async () => {
      const languages: string[] = [];
      const parts = desk(2, { redeem: async () => pass, earlyGreeting: true });
      const { callDesk, legs, rooms, deps } = parts;
      const { createLeg } = deps.media;
      Object.assign(deps.media, {
        createLeg: (request: Parameters<typeof createLeg>[0]) => {
          languages.push(request.language);
          return createLeg(request);
        },
      });
      const caller = browser();
      callDesk.take(caller);
      expect(callDesk.liveCount, 'counts from the first moment').to.equal(1);
      while (legs[0]?.joined !== true) await turn();
      expect(legs[0].heard).to.deep.equal(['you-are-host', 'first-in-conference']);
      expect(rooms.documents.get('c1')?.participants[0]).to.include({
        id: 'p1',
        name: 'Bea',
        number: '',
        role: 'host',
      });
      expect(languages).to.deep.equal(['de']);
      caller.events.emit('gone', 'caller-hung-up');
      while (callDesk.liveCount > 0) await turn();
    });

    for (const [what, isThere, servers] of [
      ['the media server of the room', true, ['m2']],
      ['another one when that is gone', false, ['m2', 'm1']],
    ] as const) {
      it(`goes to ${what} at once`, async () => {
        const parts = desk(2, { redeem: async () => pass });
        const { callDesk, legs, rooms, deps } = parts;
        const participants = [participantRow('p', { role: 'host' })];
        rooms.documents.set('c1', roomDocument({ mediaServer: 'm2', participants }));
        const { createLeg } = deps.media;
        const asked: string[] = [];
        Object.assign(deps.media, {
          createLeg: (request: Parameters<typeof createLeg>[0]) => {
            asked.push(request.mediaServer ?? 'm1');
            const gone = !isThere && request.mediaServer === 'm2';
            return gone ? Promise.reject(new PartylineError('media/unavailable')) : createLeg(request);
          },
        });
        const caller = browser();
        callDesk.take(caller);
        while (legs.length === 0) await turn();
        expect(asked.slice(0, servers.length)).to.deep.equal(servers);
        caller.events.emit('gone', 'caller-hung-up');
        while (callDesk.liveCount > 0) await turn();
      });
    }

    for (const [what, redeem, dialled, status] of [
      ['a ticket that leads nowhere', undefined, 'c1', '403'],
      ['a ticket for another conference', async () => pass, 'c2', '403'],
      ['a ticket for a conference that is gone', async () => ({ ...pass, conferenceId: 'c2' }), 'c2', '403'],
      ['a store that is away', () => Promise.reject(new PartylineError('store/unavailable')), 'c1', '503'],
    ] as const) {
      it(`answers ${status} to ${what}, and keeps nothing`, async () => {
        const { callDesk, ended, reasons } = desk(2, redeem === undefined ? {} : { redeem });
        const caller = browser(dialled);
        callDesk.take(caller);
        while (callDesk.liveCount > 0) await turn();
        expect(caller.said).to.deep.equal([status]);
        expect(reasons).to.deep.equal([status === '403' ? 'ticket-refused' : 'store-unavailable']);
        expect(ended).to.deep.equal([]);
      });
    }

    it('makes no call of a browser that gave up meanwhile', async () => {
      const { callDesk, legs } = desk(2, { redeem: async () => pass });
      const caller = browser();
      callDesk.take(caller);
      caller.events.emit('gone', 'caller-cancelled');
      while (callDesk.liveCount > 0) await turn();
      expect(legs).to.deep.equal([]);
    });

    it('lets nobody in while it closes', async () => {
      const { callDesk } = desk(2, { redeem: async () => pass });
      const caller = browser();
      callDesk.take(caller);
      expect(await callDesk.close('shutdown', 1_000)).to.equal(true);
      expect(caller.said).to.deep.equal(['503']);
    });
  });

  it('sends everybody home with words, and takes nobody any more', async () => {
    const { callDesk, legs, reasons } = desk();
    const [caller, late] = [new FakeCaller(), new FakeCaller()];
    callDesk.take(caller);
    await turn();
    expect(await callDesk.close('shutdown', 1_000)).to.equal(true);
    expect(legs[0]?.heard).to.include('service-restarting');
    expect(caller.said).to.deep.equal(['200', 'BYE']);
    callDesk.take(late);
    await turn();
    expect(late.said).to.deep.equal(['503']);
    expect(reasons).to.deep.equal(['shutdown', 'shutdown']);
  });
});
