import { expect } from 'chai';
import { RoomService, type RunEffect } from '../../../bridge/conferences/room-service.ts';
import type { RoomInput } from '../../../bridge/conferences/room/index.ts';
import { DEFAULT_POLICY, PartylineError } from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import { StoreUnavailable } from '../../../store/index.ts';
import { ManualClock, MemoryRooms, recordingLogger, silent, turn } from './fakes.ts';

const identity = { tenantId: 'default', conferenceId: 'c1' };

const enter = (id: string): RoomInput => ({
  type: 'enter',
  at: 1,
  plan: { title: 'Weekly', policy: { ...DEFAULT_POLICY, maxParticipants: 1_000, announce: 'silent' } },
  mediaServer: 'm1',
  who: { id, name: id, number: '', line: '', role: 'guest', language: 'en' },
  leg: { kind: 'phone', callId: id, channelUuid: id },
});
const joined = (callId: string, memberId = 1): RoomInput => ({
  type: 'joined',
  at: 2,
  callId,
  memberId,
  speak: true,
  hear: true,
});
const gone = (callId: string): RoomInput => ({ type: 'leg-gone', at: 3, callId, how: 'hung-up' });
const ask = (participantId: string, type: 'mute-self' | 'unmute-self' | 'raise-hand'): RoomInput => ({
  type: 'command',
  at: 4,
  actor: { kind: 'participant', participantId },
  command: { type },
});

function service(rooms: MemoryRooms, options: { runEffect?: RunEffect; logger?: Logger; clock?: ManualClock } = {}) {
  const { runEffect = async () => undefined, logger = silent, clock = new ManualClock() } = options;
  return new RoomService({ rooms, runEffect, logger, clock, random: Math.random });
}

/** Lets time pass until the work is done. */
async function passing<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const state = { done: false };
  const finish = () => void (state.done = true);
  work.then(finish, finish);
  while (!state.done) await clock.advance(50);
  return work;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('did not fail'),
    (error: unknown) => error,
  );
}

describe('live rooms', () => {
  it('take many at once, from several nodes, and lose none', async () => {
    const rooms = new MemoryRooms();
    rooms.beforeCommit = async () => {
      await turn();
      return true;
    };
    const clock = new ManualClock();
    const nodes = [1, 2, 3].map(() => service(rooms, { clock }));
    const joins = Array.from({ length: 60 }, (_, index) => nodes[index % 3]!.apply(identity, enter(`p${index}`)));
    await passing(clock, Promise.all(joins));
    expect(rooms.documents.get('c1')?.participants).to.have.length(60);
    expect(rooms.documents.get('c1')?.version, 'a commit each').to.equal(rooms.commits.length);
    expect(nodes.map(({ busy }) => busy)).to.deep.equal([0, 0, 0]);
  });

  it('write what comes together in one commit, and answer each for itself', async () => {
    const rooms = new MemoryRooms();
    const room = service(rooms);
    await room.apply(identity, enter('first'));
    const answers = await Promise.all(
      [...Array.from({ length: 20 }, (_, index) => enter(`p${index}`)), enter('p3'), ask('nobody', 'mute-self')].map(
        (input) => room.apply(identity, input),
      ),
    );
    expect(answers.map(({ outcome }) => outcome).slice(0, 20)).to.deep.equal(Array(20).fill('changed'));
    expect(answers.slice(20)).to.deep.include({
      outcome: 'rejected',
      why: 'already-in-room',
      room: rooms.documents.get('c1'),
    });
    expect(rooms.commits.length, 'commits').to.be.at.most(4);
    expect(rooms.events.filter(({ type }) => type === 'participant-joining')).to.have.length(21);
  });

  it('end and begin anew in two commits', async () => {
    const rooms = new MemoryRooms();
    const room = service(rooms);
    await room.apply(identity, enter('a'));
    const after = { ...enter('b'), at: 9 };
    await Promise.all([room.apply(identity, gone('a')), room.apply(identity, after)]);
    expect(rooms.commits.map(({ document }) => document?.version ?? null)).to.deep.equal([1, null, 1]);
    expect(rooms.documents.get('c1')?.startedAt).to.equal(9);
    expect(await rooms.endReason('default', 'c1')).to.equal('everybody-left');
  });

  it('try again when somebody was faster, and give up in the end', async () => {
    const clock = new ManualClock();
    const losing = (times: number) => {
      const rooms = new MemoryRooms();
      rooms.beforeCommit = () => (times -= 1) < 0;
      return service(rooms, { clock });
    };
    expect((await passing(clock, losing(3).apply(identity, enter('a')))).outcome).to.equal('changed');
    const failure = await passing(clock, failureOf(losing(1_000).apply(identity, enter('a'))));
    expect(failure).to.be.instanceOf(PartylineError).with.property('code', 'room/contention');
  });

  it('refuse by what is true, not by what they knew', async () => {
    const rooms = new MemoryRooms();
    const [one, other] = [service(rooms), service(rooms)];
    await one.apply(identity, enter('a'));
    // While one commits, the other does what makes the next input right.
    let interfered = false;
    rooms.afterCommit = () => {
      if (interfered) return;
      interfered = true;
      void other.apply(identity, enter('late'));
    };
    const answers = await Promise.all([
      one.apply(identity, enter('b')),
      turn().then(() => one.apply(identity, ask('late', 'raise-hand'))),
    ]);
    expect(answers.map(({ outcome }) => outcome)).to.deep.equal(['changed', 'changed']);
  });

  it('send effects in the order of their commits, and live through one that fails', async () => {
    const effects: string[] = [];
    const { logger, lines } = recordingLogger();
    const room = service(new MemoryRooms(), {
      logger,
      runEffect: async (_place, effect) => {
        if (effect.type !== 'set-speak') return;
        effects.push(String(effect.speak));
        if (effects.length === 1) throw new Error('no');
      },
    });
    await room.apply(identity, enter('a'));
    await room.apply(identity, joined('a'));
    const asked = (['mute-self', 'unmute-self', 'mute-self'] as const).map((type) =>
      room.apply(identity, ask('a', type)),
    );
    await Promise.all(asked);
    expect(effects).to.deep.equal(['false', 'true', 'false']);
    expect(lines.map(({ msg }) => msg)).to.deep.equal(['an effect failed']);
  });

  describe('when a commit fails half way', () => {
    /** Done by Redis, but its answer is lost, so many times. */
    function lossy(losses: number, done: boolean) {
      const rooms = new MemoryRooms();
      let left = 0;
      const lose = () => {
        if (left <= 0) return;
        left -= 1;
        throw new StoreUnavailable();
      };
      rooms.beforeCommit = () => {
        if (!done) lose();
        return true;
      };
      rooms.afterCommit = () => {
        if (done) lose();
      };
      const clock = new ManualClock();
      const effects: string[] = [];
      const room = service(rooms, { clock, runEffect: async (_place, { type }) => void effects.push(type) });
      return { rooms, clock, effects, room, begin: () => (left = losses) };
    }

    for (const done of [true, false]) {
      it(`${done ? 'and was done' : 'and was not done'}: it is asked for again, and its effects are sent once`, async () => {
        const { rooms, clock, effects, room, begin } = lossy(2, done);
        await room.apply(identity, enter('a'));
        await room.apply(identity, joined('a'));
        begin();
        const muted = await passing(clock, room.apply(identity, ask('a', 'mute-self')));
        expect(muted.outcome).to.equal('changed');
        expect(rooms.documents.get('c1')?.participants[0]?.bits).to.deep.equal(['self']);
        expect(effects.filter((type) => type === 'set-speak')).to.have.length(1);
        expect(rooms.events.filter(({ type }) => type === 'muted')).to.have.length(1);
      });
    }

    it('and nobody answers any more: whoever asked is told, and the next one looks anew', async () => {
      const { rooms, clock, room, begin } = lossy(4, true);
      await room.apply(identity, enter('a'));
      begin();
      const failure = await passing(clock, failureOf(room.apply(identity, ask('a', 'mute-self'))));
      expect(failure).to.have.property('code', 'store/unavailable');
      expect((await room.apply(identity, ask('a', 'mute-self'))).outcome, 'it had been done').to.equal('unchanged');
      expect(rooms.documents.get('c1')?.participants[0]?.bits).to.deep.equal(['self']);
      await turn();
      expect(room.busy).to.equal(0);
    });
  });

  it('take five hundred in ten seconds in few commits, with one at a time told of', async () => {
    const rooms = new MemoryRooms();
    let announced = 0;
    const clock = new ManualClock();
    // A write takes three milliseconds, as on a disk.
    rooms.beforeCommit = async () => {
      await clock.sleep(3);
      return true;
    };
    const room = service(rooms, {
      clock,
      runEffect: async (_place, effect) => {
        if (effect.type === 'announce') announced += 1;
      },
    });
    const policy = { ...DEFAULT_POLICY, maxParticipants: 1_000, announce: 'name' } as const;
    const arrivals = Array.from({ length: 500 }, async (_, index) => {
      const id = `p${index}`;
      await clock.sleep(index * 20);
      const input = { ...enter(id), at: clock.now(), plan: { title: '', policy } } as RoomInput;
      const entered = await room.apply(identity, input);
      expect(entered.outcome).to.equal('changed');
      await clock.sleep(200);
      await room.apply(identity, { ...joined(id, index + 1), at: clock.now() });
    });
    const ticks = (async () => {
      for (let time = 0; time < 14_000; time += 250) {
        await clock.sleep(250);
        for (const due of await rooms.due('default', clock.now())) {
          await room.apply({ ...identity, conferenceId: due }, { type: 'tick', at: clock.now() });
        }
      }
    })();
    await passing(clock, Promise.all([...arrivals, ticks]));
    expect(rooms.documents.get('c1')?.participants).to.have.length(500);
    expect(rooms.documents.get('c1')?.news.joined, 'nobody is left untold').to.deep.equal([]);
    expect(announced, 'sentences').to.be.within(2, 6);
  });
});
