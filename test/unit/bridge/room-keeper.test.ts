import { expect } from 'chai';
import { readMediaReport, readRoomNames } from '../../../bridge/conferences/media-report.ts';
import { RoomKeeper, type RoomKeeperDeps } from '../../../bridge/conferences/room-keeper.ts';
import { RoomService } from '../../../bridge/conferences/room-service.ts';
import type { ConferenceEvent } from '../../../bridge/media/conference-events.ts';
import { TypedEmitter } from '../../../bridge/support/typed-emitter.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { ManualClock, MemoryRooms, recordingLogger, silent, turn } from './fakes.ts';

interface Listed {
  readonly id: number;
  readonly uuid: string;
  readonly speak?: boolean;
  readonly hear?: boolean;
}

/** As FreeSWITCH lists a conference. */
const list = (members: readonly Listed[], recordings: readonly string[] = []) =>
  JSON.stringify([
    {
      conference_name: 'room-c1',
      members: [
        ...recordings.map((record_path) => ({ type: 'recording_node', record_path, join_time: 1 })),
        ...members.map(({ id, uuid, speak = true, hear = true }) => ({
          type: 'caller',
          id,
          uuid,
          flags: { can_hear: hear, can_speak: speak, hold: false },
        })),
      ],
    },
  ]);

/** A media server that answers what it is told to: also lies. */
class LyingServer {
  readonly name = 'm1';
  ready = true;
  readonly sent: string[] = [];
  readonly events = new TypedEmitter<{ conference: [ConferenceEvent] }>(() => undefined);
  answers: Record<string, string> = {};
  /** Whether its mix moves. */
  moves = true;

  async send({ text }: { text: string }): Promise<string> {
    this.sent.push(text);
    if (text.includes('silence_stream') && this.moves) {
      queueMicrotask(() =>
        this.events.emit('conference', { type: 'play-file-done', room: 'room-c1', file: 'silence_stream://20' }),
      );
    }
    const known = Object.entries(this.answers).find(([part]) => text.includes(part));
    return known?.[1] ?? '+OK\n';
  }

  async killChannel(uuid: string): Promise<boolean> {
    this.sent.push(`kill ${uuid}`);
    return true;
  }

  get repairs(): string[] {
    return this.sent.filter((text) => !/json_list|list summary|silence_stream/.test(text));
  }
}

function setUp(living: (connectionId: string) => boolean = () => true) {
  const server = new LyingServer();
  const rooms = new MemoryRooms();
  const clock = new ManualClock();
  const { logger, lines } = recordingLogger();
  const effects: string[] = [];
  const service = new RoomService({
    rooms,
    runEffect: async (_place, effect) => void effects.push(JSON.stringify(effect)),
    logger: silent,
    clock,
    random: () => 0,
  });
  const leased: string[][] = [];
  let lease = (ids: readonly string[]): readonly string[] => ids;
  const stalled: string[] = [];
  let wall = 100_000;
  const deps = {
    store: {
      rooms: Object.assign(rooms, {
        lease: async (_tenant: string, ids: readonly string[]) => {
          leased.push([...ids]);
          return lease(ids);
        },
      }),
      roomRequests: { living: async (ids: readonly string[]) => new Set(ids.filter(living)) },
    },
    rooms: service,
    pool: { server: () => server, servers: [server] },
    recordings: { relative: (path: string) => path.replace('/recordings/', '') },
    tenantIds: () => ['default'],
    node: 'node/1/1',
    logger,
    clock,
    wallClock: () => wall,
    onStalled: ({ conferenceId }: { conferenceId: string }) => stalled.push(conferenceId),
  } as unknown as RoomKeeperDeps;
  const keeper = new RoomKeeper(deps);
  const check = async () => {
    const checking = keeper.check({ tenantId: 'default', conferenceId: 'c1' });
    for (let step = 0; step < 20; step += 1) await clock.advance(200);
    await checking;
  };
  return {
    ...{ server, rooms, clock, lines, effects, keeper, check, stalled },
    setLease: (next: typeof lease) => void (lease = next),
    advance: (milliseconds: number) => void (wall += milliseconds),
  };
}

const member = (id: string, memberId: number, change: Parameters<typeof participantRow>[1] = {}) =>
  participantRow(id, { leg: { kind: 'phone', callId: id, channelUuid: id, memberId, joinedAt: 1_000 }, ...change });

describe('the keeper of rooms', () => {
  it('does nothing where both agree, but look whether the mix moves', async () => {
    const { server, rooms, check, effects } = setUp();
    rooms.documents.set('c1', roomDocument({ participants: [member('a', 1)] }));
    server.answers = { json_list: list([{ id: 1, uuid: 'a' }]) };
    await check();
    expect([server.repairs, effects, rooms.commits]).to.deep.equal([[], [], []]);
    expect(server.sent).to.deep.equal([
      'conference room-c1 json_list',
      'conference room-c1 play silence_stream://20 async',
    ]);
  });

  it('puts right what a media server has wrong: who is heard, who hears, and who is nobody', async () => {
    const { server, rooms, check, effects } = setUp();
    const muted = member('a', 1, { bits: ['self'] });
    const waiting = member('w', 2, { bits: ['waiting'], state: 'waiting' });
    rooms.documents.set('c1', roomDocument({ participants: [muted, waiting, member('c', 3)] }));
    server.answers = {
      json_list: list([
        { id: 1, uuid: 'a', speak: true },
        { id: 2, uuid: 'w', speak: true, hear: true },
        { id: 3, uuid: 'c', hear: false },
        { id: 9, uuid: 'ghost' },
      ]),
    };
    await check();
    expect(effects.sort()).to.deep.equal(
      [
        { type: 'set-speak', memberId: 1, speak: false },
        { type: 'set-speak', memberId: 2, speak: false },
        { type: 'set-hear', memberId: 2, hear: false },
        { type: 'set-hear', memberId: 3, hear: true },
        { type: 'kill', channelUuid: 'ghost' },
      ]
        .map((effect) => JSON.stringify(effect))
        .sort(),
    );
  });

  it('believes the media server that somebody is not there any more', async () => {
    const { server, rooms, check, effects } = setUp();
    rooms.documents.set('c1', roomDocument({ participants: [member('a', 1), member('b', 2)] }));
    server.answers = { json_list: list([{ id: 1, uuid: 'a' }]) };
    await check();
    const lost = rooms.documents.get('c1')?.participants.find(({ id }) => id === 'b');
    expect(lost).to.include({ state: 'away' });
    expect(effects[0]).to.equal(JSON.stringify({ type: 'kill', channelUuid: 'b' }));
  });

  it('ends a room whose mix is gone with everybody', async () => {
    const { server, rooms, check } = setUp();
    rooms.documents.set('c1', roomDocument({ participants: [member('a', 1)] }));
    server.answers = { json_list: '-ERR Conference room-c1 not found\n' };
    await check();
    expect(rooms.documents.size).to.equal(0);
  });

  it('believes nothing that is no answer, and nothing of a server that is away', async () => {
    const { server, rooms, check, effects } = setUp();
    const room = roomDocument({ participants: [member('a', 1)] });
    for (const answer of ['', 'rubbish', '{"members":1}', '-ERR timeout\n', '[{"members":"x"}]']) {
      rooms.documents.set('c1', room);
      server.answers = { json_list: answer };
      await check();
      expect(rooms.documents.get('c1'), answer).to.equal(room);
    }
    server.ready = false;
    server.answers = { json_list: list([]) };
    await check();
    expect(rooms.documents.get('c1')).to.equal(room);
    expect(effects).to.deep.equal([]);
  });

  it('takes web pages out that nobody is behind, once it is sure', async () => {
    let late = false;
    const { rooms, check } = setUp((connectionId) => connectionId !== 'dead.1' && (late || connectionId !== 'late.1'));
    rooms.documents.set(
      'c1',
      roomDocument({
        mediaServer: null,
        participants: [
          participantRow('a', { connections: ['alive.1', 'dead.1', 'late.1'] }),
          participantRow('b', { connections: ['dead.1'] }),
        ].map(({ leg: _leg, ...row }) => row),
      }),
    );
    await check();
    expect(rooms.commits, 'it may be about to be shown').to.have.length(0);
    late = true;
    await check();
    const rows = rooms.documents.get('c1')?.participants.map(({ id, state, connections }) => [id, state, connections]);
    expect(rows).to.deep.equal([
      ['a', 'present', ['alive.1', 'late.1']],
      ['b', 'away', []],
    ]);
  });

  it('says when a mix stands still, once, after the second time', async () => {
    const { server, rooms, check, stalled, lines } = setUp();
    rooms.documents.set('c1', roomDocument({ participants: [member('a', 1)] }));
    server.answers = { json_list: list([{ id: 1, uuid: 'a' }]) };
    server.moves = false;
    await check();
    expect(stalled).to.deep.equal([]);
    await check();
    await check();
    expect(stalled).to.deep.equal(['c1']);
    expect(lines.filter(({ msg }) => msg === 'the mix of a room stands still')).to.have.length(1);
    server.moves = true;
    await check();
    server.moves = false;
    await check();
    await check();
    expect(stalled).to.deep.equal(['c1', 'c1']);
  });

  it('looks only after rooms whose lease it has', async () => {
    const { server, rooms, keeper, setLease } = setUp();
    rooms.documents.set('c1', roomDocument({ participants: [member('a', 1)] }));
    setLease(() => []);
    await keeper.checkAll();
    expect(server.sent).to.deep.equal(['conference list summary']);
  });

  it('clears a mix that no document knows, once it is sure', async () => {
    const { server, keeper } = setUp();
    server.answers = {
      'list summary': '+OK Conference room-orphan (1 member rate: 8000 flags: running)\n',
      json_list: list([{ id: 1, uuid: 'x' }]),
    };
    await keeper.checkAll();
    expect(server.repairs, 'it may just be ending').to.deep.equal([]);
    await keeper.checkAll();
    expect(server.repairs).to.deep.equal(['kill x']);
  });

  it('gives rooms the time, and lives through a store that is away', async () => {
    const { rooms, keeper, clock, lines, advance } = setUp();
    const room = roomDocument({ participants: [member('a', 1, { state: 'away', since: 100_000 }), member('b', 2)] });
    rooms.documents.set('c1', room);
    rooms.commits.push({
      tenantId: 'default',
      conferenceId: 'c1',
      expectedVersion: 0,
      document: room,
      events: [],
      wakeAt: 160_000,
    });
    keeper.start();
    await clock.advance(1_000);
    expect(rooms.documents.get('c1')?.participants).to.have.length(2);
    advance(61_000);
    await clock.advance(500);
    expect(rooms.documents.get('c1')?.participants.map(({ id }) => id)).to.deep.equal(['b']);
    rooms.due = () => Promise.reject(new Error('away'));
    await clock.advance(1_000);
    expect(lines.some(({ msg }) => msg === 'rooms could not be kept')).to.equal(true);
    await keeper.stop();
    await turn();
    expect(clock.sleeping).to.equal(0);
  });
});

describe('what FreeSWITCH says of a conference', () => {
  it('is read member by member; what is none is passed over', () => {
    const text = list([{ id: 2, uuid: 'u', speak: false }], ['/recordings/c1/x.wav', '/elsewhere/y.wav']);
    const report = readMediaReport(text, (path) => (path.startsWith('/recordings/') ? path.slice(12) : null));
    expect(report).to.deep.equal({
      members: [{ memberId: 2, channelUuid: 'u', speak: false, hear: true }],
      recordings: [{ file: 'c1/x.wav', paused: false }],
    });
    const odd = JSON.stringify([{ members: [{ type: 'caller', id: 'x' }, 7, null] }]);
    expect(readMediaReport(odd, () => null)).to.deep.equal({ members: [], recordings: [] });
  });

  it('names our rooms and nobody else’s', () => {
    const summary = [
      '+OK Conference room-11a-2 (2 members rate: 8000 flags: running|answered)',
      'Conference 3000 (1 member rate: 8000 flags: running)',
      'Conference room-b (1 member rate: 8000 flags: running)',
    ].join('\n');
    expect(readRoomNames(summary)).to.deep.equal(['room-11a-2', 'room-b']);
    expect(readRoomNames('+OK No active conferences.\n')).to.deep.equal([]);
  });
});
