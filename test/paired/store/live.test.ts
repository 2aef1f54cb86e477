import { expect } from 'chai';
import { createLogger } from '../../../config/index.ts';
import type { CallRecord, RoomDocument, RoomEvent, Store, Termination } from '../../../store/index.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

const record = (id: string): CallRecord => ({
  id,
  tenantId: 'default',
  direction: 'inbound',
  node: 'node-1',
  from: '+4930901820',
  to: '100',
  sourceAddress: '192.0.2.1',
  sipCallId: `${id}@host`,
  startedAt: 1_000,
});
const normal: Termination = { class: 'none', reason: 'caller-hung-up' };

const room = (version: number, change: Partial<RoomDocument> = {}): RoomDocument =>
  roomDocument({ version, ...change });
const participant = (id: string) => participantRow(id);

onEachRedis('store: calls, rooms and the journal', (subject) => {
  const commit = (expectedVersion: number, document: RoomDocument | null, events: RoomEvent[] = [], store?: Store) =>
    (store ?? subject().store).rooms.commit({
      tenantId: 'default',
      conferenceId: 'c1',
      expectedVersion,
      document,
      events,
    });

  describe('calls', () => {
    it('keeps a call while it lives, with every field it is given', async () => {
      const { calls } = subject().store;
      await calls.put(record('a'));
      await calls.put(record('b'));
      await calls.update('default', 'a', { answeredAt: 2_000, channelUuid: 'u"1', conferenceId: 'c1' });
      await calls.update('default', 'a', { conferenceId: undefined, mediaServer: 'm' });
      const expected = { ...record('a'), answeredAt: 2_000, channelUuid: 'u"1', mediaServer: 'm' };
      expect(await calls.get('default', 'a')).to.deep.equal(expected);
      expect((await calls.live('default')).map((call) => call.id).sort()).to.deep.equal(['a', 'b']);
      expect(await calls.get('acme', 'a')).to.equal(null);
      expect(await calls.live('acme')).to.deep.equal([]);
    });

    it('ends a call exactly once, of a hundred who try, and leaves nothing in the live set', async () => {
      const { store, redis, open } = subject();
      const other = await open();
      await store.calls.put(record('a'));
      const ends = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          (index % 2 ? store : other).calls.end(
            'default',
            'a',
            { ...normal, reason: `reason-${index}` },
            5_000 + index,
          ),
        ),
      );
      expect(ends.filter(Boolean)).to.have.length(1);
      const winner = ends.indexOf(true);
      expect(await store.calls.get('default', 'a')).to.deep.equal({
        ...record('a'),
        endedAt: 5_000 + winner,
        termination: { class: 'none', reason: `reason-${winner}` },
      });
      expect(await store.calls.live('default')).to.deep.equal([]);
      expect(await redis.command('EXISTS', 'partyline:{default}:live-calls')).to.equal(0);
      const journal = await store.journal.read('default');
      expect(journal).to.have.length(1);
      expect(journal[0]).to.deep.include({ type: 'call.ended', at: 5_000 + winner });
      expect(journal[0]!['call']).to.deep.include({ id: 'a', from: '+4930901820' });
    });

    it('forgets an ended call after its time; the journal keeps it', async () => {
      const store = await subject().open({ retention: { endedCallMs: 1 } });
      await store.calls.put(record('a'));
      await store.calls.end('default', 'a', normal, 5_000);
      while ((await store.calls.get('default', 'a')) !== null);
      expect(await store.journal.read('default')).to.have.length(1);
      const kept = subject().store;
      await kept.calls.put(record('b'));
      await kept.calls.end('default', 'b', normal, 5_000);
      const left = Number(await subject().redis.command('PTTL', 'partyline:{default}:call:b'));
      expect(left).to.be.within(29.9 * 86_400_000, 30 * 86_400_000);
    });

    it('brings no ended call back', async () => {
      const { calls } = subject().store;
      await calls.put(record('a'));
      await calls.end('default', 'a', normal, 5_000);
      await calls.put(record('a'));
      await calls.update('default', 'a', { channelUuid: 'late' });
      expect(await calls.live('default')).to.deep.equal([]);
      expect(await calls.get('default', 'a')).to.deep.include({ endedAt: 5_000, channelUuid: 'late' });
      expect(await calls.end('default', 'a', normal, 6_000)).to.equal(false);
      await calls.update('default', 'never', { channelUuid: 'x' });
      expect(await calls.get('default', 'never')).to.equal(null);
      expect(await calls.end('default', 'never', normal, 1)).to.equal(false);
    });

    it('lets only end() write how a call ended', async () => {
      const { calls } = subject().store;
      await calls.put(record('a'));
      expect(await codeOf(calls.update('default', 'a', { termination: normal }))).to.equal('internal/unexpected');
      expect(await codeOf(calls.update('default', 'a', { endedAt: 1 }))).to.equal('internal/unexpected');
      expect(await codeOf(calls.put({ ...record('b'), termination: normal }))).to.equal('internal/unexpected');
      expect(await codeOf(calls.put(record('b{x}')))).to.equal('request/invalid');
    });

    it('says which field of a damaged record is wrong', async () => {
      const { store, redis } = subject();
      await store.calls.put(record('a'));
      await redis.command('HSET', 'partyline:{default}:call:a', 'startedAt', '"soon"');
      let message = '';
      await store.calls.get('default', 'a').catch((error: unknown) => (message = (error as Error).message));
      expect(message).to.contain('startedAt').and.not.to.contain('soon');
      await redis.command('HSET', 'partyline:{default}:call:a', 'startedAt', 'soon');
      expect(await codeOf(store.calls.get('default', 'a'))).to.equal('store/corrupt');
    });
  });

  describe('rooms', () => {
    it('shows the rooms and calls that can be read when others are damaged, and says so in the log', async () => {
      const lines: string[] = [];
      const logger = createLogger({ logLevel: 'error' }, { write: (line) => void lines.push(line) });
      const store = await subject().open({ logger });
      const { redis } = subject();
      for (const id of ['a', 'b', 'c']) await store.calls.put(record(id));
      await redis.command('HSET', 'partyline:{default}:call:a', 'startedAt', 'soon');
      await redis.command('DEL', 'partyline:{default}:call:b');
      await redis.command('SET', 'partyline:{default}:call:b', 'of another type');
      expect((await store.calls.live('default')).map((call) => call.id)).to.deep.equal(['c']);

      await commit(0, room(1));
      await redis.command('HSET', 'partyline:{default}:rooms', 'c2', 'junk', 'c3', '1 1 digest\n{}');
      expect((await store.rooms.list('default')).map((each) => each.conferenceId)).to.deep.equal(['c1']);
      expect(lines.filter((line) => line.includes('store/corrupt'))).to.have.length(4);
    });

    it('forms, changes and removes a room, with its events in both streams', async () => {
      const { store, redis } = subject();
      expect(await store.rooms.read('default', 'c1')).to.equal(null);
      expect(await commit(0, room(1), [{ type: 'room.formed', at: 1 }])).to.equal(true);
      expect(await commit(1, room(2, { participants: [participant('p1')] }), [{ type: 'joined', at: 2 }])).to.equal(
        true,
      );
      expect(await store.rooms.read('default', 'c1')).to.deep.equal(room(2, { participants: [participant('p1')] }));
      expect(await store.rooms.list('default')).to.have.length(1);
      expect(await redis.command('PTTL', 'partyline:{default}:room-events:c1')).to.equal(-1);

      expect(await commit(2, null, [{ type: 'room.ended', at: 3 }])).to.equal(true);
      expect(await store.rooms.read('default', 'c1')).to.equal(null);
      expect(await store.rooms.list('default')).to.deep.equal([]);
      const left = Number(await redis.command('PTTL', 'partyline:{default}:room-events:c1'));
      expect(left).to.be.within(86_000_000, 86_400_000);
      const events = (await redis.command('XRANGE', 'partyline:{default}:room-events:c1', '-', '+')) as [
        string,
        string[],
      ][];
      expect(events.map(([, [, event]]) => (JSON.parse(event!) as { type: string }).type)).to.deep.equal([
        'room.formed',
        'joined',
        'room.ended',
      ]);
      const journal = await store.journal.read('default');
      expect(journal.map((entry) => [entry.type, entry['conferenceId']])).to.deep.equal([
        ['room.ended', 'c1'],
        ['joined', 'c1'],
        ['room.formed', 'c1'],
      ]);
      // Formed anew, its stream is kept again.
      expect(await commit(0, room(1, { startedAt: 9_000 }))).to.equal(true);
      expect(await redis.command('PTTL', 'partyline:{default}:room-events:c1')).to.equal(-1);
    });

    it('refuses whoever comes second, and writes nothing of theirs', async () => {
      const { store } = subject();
      await commit(0, room(1));
      expect(await commit(0, room(1, { locked: true }), [{ type: 'x', at: 1 }])).to.equal(false);
      expect(await commit(5, room(6), [{ type: 'x', at: 1 }])).to.equal(false);
      expect(await commit(5, null, [{ type: 'x', at: 1 }])).to.equal(false);
      expect((await store.rooms.read('default', 'c1'))?.locked).to.equal(false);
      expect(await store.journal.read('default')).to.deep.equal([]);
    });

    it('loses no change when twenty write at once', async () => {
      const { store, open } = subject();
      const stores = [store, await open(), await open()];
      await commit(0, room(1));
      let collisions = 0;
      const join = async (index: number) => {
        const mine = stores[index % stores.length]!;
        for (;;) {
          const now = (await mine.rooms.read('default', 'c1'))!;
          const participants = [...now.participants, participant(`p${index}`)];
          const next = { ...now, version: now.version + 1, participants };
          if (await commit(now.version, next, [{ type: 'joined', at: index }], mine)) return;
          collisions += 1;
        }
      };
      await Promise.all(Array.from({ length: 20 }, (_, index) => join(index)));
      const end = (await store.rooms.read('default', 'c1'))!;
      expect(end.version).to.equal(21);
      expect(new Set(end.participants.map((each) => each.id)).size).to.equal(20);
      expect(await store.journal.read('default')).to.have.length(20);
      expect(collisions).to.be.greaterThan(0);
    });

    it('takes the same commit again when its first answer was lost', async () => {
      const { store } = subject();
      const events = [{ type: 'joined', at: 2 }];
      await commit(0, room(1));
      const first = room(2, { participants: [participant('p1')] });
      expect(await commit(1, first, events)).to.equal(true);
      expect(await commit(1, first, events)).to.equal(true);
      expect((await store.rooms.read('default', 'c1'))?.version).to.equal(2);
      expect(await commit(2, null, [{ type: 'room.ended', at: 3 }])).to.equal(true);
      expect(await commit(2, null, [{ type: 'room.ended', at: 3 }])).to.equal(true);
      expect(await store.journal.read('default')).to.have.length(2);
    });

    it('knows a commit whose answer was lost after others have committed, and after the room’s end', async () => {
      const { store, open } = subject();
      const other = await open();
      const events = [{ type: 'joined', at: 2 }];
      const first = room(1, { participants: [participant('p1')] });
      expect(await commit(0, first, events)).to.equal(true);
      for (let version = 1; version < 7; version += 1) {
        expect(await commit(version, room(version + 1), [], other)).to.equal(true);
        expect(await commit(0, first, events), `after ${version}`).to.equal(true);
      }
      expect(await commit(7, null, [], other)).to.equal(true);
      expect(await commit(0, first, events), 'after the end').to.equal(true);
      expect(await commit(0, room(1, { startedAt: 9_000 }), [], other)).to.equal(true);
      expect(await commit(0, first, events), 'in a room formed anew').to.equal(true);
      expect((await store.rooms.read('default', 'c1'))?.startedAt).to.equal(9_000);
      expect(await store.journal.read('default'), 'done once').to.have.length(1);
    });

    it('is read as others left it, however well it was known here', async () => {
      const { store, open } = subject();
      const other = await open();
      const theirs = room(2, { participants: [participant('p1')] });
      await commit(0, room(1));
      expect(await store.rooms.read('default', 'c1')).to.deep.equal(room(1));
      await commit(1, theirs, [], other);
      expect(await store.rooms.read('default', 'c1')).to.deep.equal(theirs);
      await commit(2, null, [], other);
      expect(await store.rooms.read('default', 'c1')).to.equal(null);
      await commit(0, room(1, { startedAt: 77 }), [], other);
      expect(await store.rooms.read('default', 'c1')).to.deep.equal(room(1, { startedAt: 77 }));
    });

    it('does not mistake a room formed anew for the one that was there', async () => {
      await commit(0, room(1));
      await commit(1, null);
      await commit(0, room(1, { startedAt: 9_000 }));
      expect(await commit(1, room(2, { startedAt: 1_000, locked: true }))).to.equal(false);
      expect((await subject().store.rooms.read('default', 'c1'))?.startedAt).to.equal(9_000);
    });

    it('writes nothing that could not be read again', async () => {
      for (const [expectedVersion, document] of [
        [0, room(2)],
        [0, room(1, { conferenceId: 'c2' })],
        [0, room(1, { tenantId: 'acme' })],
        [-1, room(0)],
        [0.5, room(1.5)],
      ] as const) {
        expect(await codeOf(commit(expectedVersion, document))).to.equal('internal/unexpected');
      }
      const damaged = { ...room(1), participants: [{ id: 1 }] } as unknown as RoomDocument;
      expect(await codeOf(commit(0, damaged))).to.equal('store/corrupt');
      const large = [{ type: 'x', at: 1, text: 'x'.repeat(70_000) }];
      expect(await codeOf(commit(0, room(1), large))).to.equal('internal/unexpected');
      expect(await subject().store.rooms.list('default')).to.deep.equal([]);
    });

    it('keeps what a newer version of us has written beside', async () => {
      const newer = { ...room(1), weather: { state: 'fine' } };
      await commit(0, newer);
      expect(await subject().store.rooms.read('default', 'c1')).to.deep.equal(newer);
    });

    it('says so when a room is damaged', async () => {
      const { store, redis } = subject();
      await redis.command('HSET', 'partyline:{default}:rooms', 'c1', 'junk');
      expect(await codeOf(store.rooms.read('default', 'c1'))).to.equal('store/corrupt');
      expect(await codeOf(commit(0, room(1)))).to.equal('store/corrupt');
    });

    it('trims the streams', async () => {
      const store = await subject().open({ retention: { roomEvents: 100, journalEntries: 200 } });
      const events = Array.from({ length: 100 }, (_, at) => ({ type: 'x', at }));
      await commit(0, room(1), events, store);
      for (let version = 1; version < 6; version += 1) await commit(version, room(version + 1), events, store);
      const { redis } = subject();
      expect(await redis.command('XLEN', 'partyline:{default}:room-events:c1')).to.be.within(100, 300);
      expect(await redis.command('XLEN', 'partyline:{default}:journal')).to.be.within(200, 400);
    });
  });

  describe('the journal', () => {
    it('is read newest first, page by page, per company', async () => {
      const { journal } = subject().store;
      for (let at = 1; at <= 7; at += 1) await journal.append('default', { type: 'test', at, text: '\u2028"\\' });
      const first = await journal.read('default', { count: 3 });
      expect(first.map((entry) => entry.at)).to.deep.equal([7, 6, 5]);
      const second = await journal.read('default', { count: 3, before: first.at(-1)!.id });
      expect(second.map((entry) => entry.at)).to.deep.equal([4, 3, 2]);
      expect(second[0]!['text']).to.equal('\u2028"\\');
      expect(await journal.read('acme')).to.deep.equal([]);
      expect(await codeOf(journal.read('default', { before: '+' }))).to.equal('request/invalid');
      expect(await codeOf(journal.append('a:b', { type: 'x', at: 1 }))).to.equal('request/invalid');
    });

    it('keeps the place of an entry that cannot be read', async () => {
      const { store, redis } = subject();
      await store.journal.append('default', { type: 'test', at: 1 });
      await redis.command('XADD', 'partyline:{default}:journal', '*', 'entry', '{"type":');
      await redis.command('XADD', 'partyline:{default}:journal', '*', 'else', 'x');
      await store.journal.append('default', { type: 'test', at: 4 });
      const entries = await store.journal.read('default');
      expect(entries.map((entry) => entry.type)).to.deep.equal(['test', 'entry.damaged', 'entry.damaged', 'test']);
      expect(entries[1]!.at).to.be.closeTo(Date.now(), 60_000);
    });
  });
});
