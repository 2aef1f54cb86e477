import { expect } from 'chai';
import type { RoomDocument, RoomRequestEnvelope, Store } from '../../../store/index.ts';
import { PartylineError } from '../../../config/contract/index.ts';
import { openTestStore, startTestRedis } from '../../helpers/redis.ts';
import { roomDocument } from '../../helpers/rooms.ts';
import { codeOf, onEachRedis } from '../../helpers/store-subjects.ts';

/** What a listener was told, and a way to wait for it. */
function ear() {
  const heard: (number | null)[] = [];
  const waiting = new Set<() => void>();
  return {
    heard,
    listen: (room: RoomDocument | null) => {
      heard.push(room?.version ?? null);
      for (const look of waiting) look();
    },
    /** Resolves once the last thing heard is this. */
    until: (wanted: number | null) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`heard ${heard.join()}, not ${String(wanted)}`)), 12_000);
        const look = () => {
          if (heard.length === 0 || heard.at(-1) !== wanted) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

const commit = (store: Store, expectedVersion: number, document: RoomDocument | null, wakeAt?: number) =>
  store.rooms.commit({
    tenantId: 'default',
    conferenceId: 'c1',
    expectedVersion,
    document,
    events: [],
    ...(wakeAt === undefined ? {} : { wakeAt }),
  });

onEachRedis('store: rooms that are watched', (subject) => {
  it('are told as they are, then with each change, here and in another process, to their end', async () => {
    const { store, open } = subject();
    const other = await open();
    const [near, far] = [ear(), ear()];
    const stops = [store.rooms.watch('default', 'c1', near.listen), other.rooms.watch('default', 'c1', far.listen)];
    await Promise.all([near.until(null), far.until(null)]);
    for (let version = 0; version < 3; version += 1) {
      await commit(version === 1 ? other : store, version, roomDocument({ version: version + 1 }));
      await Promise.all([near.until(version + 1), far.until(version + 1)]);
    }
    await commit(other, 3, null);
    await Promise.all([near.until(null), far.until(null)]);
    // Formed anew: a lower version is newer now.
    await commit(store, 0, roomDocument({ startedAt: 2_000 }));
    await Promise.all([near.until(1), far.until(1)]);
    expect(near.heard).to.deep.equal([null, 1, 2, 3, null, 1]);
    for (const stop of stops) stop();
    await commit(store, 1, roomDocument({ version: 2, startedAt: 2_000 }));
    expect(near.heard).to.have.length(6);
  });

  it('tell a hundred quick changes with less than a hundred words, and the last one surely', async () => {
    const { store, open } = subject();
    const far = ear();
    const stop = (await open()).rooms.watch('default', 'c1', far.listen);
    await far.until(null);
    for (let version = 0; version < 100; version += 1)
      await commit(store, version, roomDocument({ version: version + 1 }));
    await far.until(100);
    expect([...far.heard].sort((one, two) => (one ?? 0) - (two ?? 0))).to.deep.equal(far.heard);
    stop();
  });

  it('are leased to one owner at a time', async () => {
    const { rooms } = subject().store;
    expect(await rooms.lease('default', ['a', 'b'], 'one', 60_000)).to.deep.equal(['a', 'b']);
    expect(await rooms.lease('default', ['b', 'c'], 'two', 60_000)).to.deep.equal(['c']);
    expect(await rooms.lease('default', ['a', 'c'], 'one', 1)).to.deep.equal(['a']);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await rooms.lease('default', ['a'], 'two', 60_000)).to.deep.equal(['a']);
    expect(await rooms.lease('default', [], 'one', 1)).to.deep.equal([]);
    await commit(subject().store, 0, roomDocument());
    await rooms.lease('default', ['c1'], 'one', 60_000);
    await commit(subject().store, 1, null);
    expect(await rooms.lease('default', ['c1'], 'two', 1), 'a lease ends with the room').to.deep.equal(['c1']);
  });

  it('say when something is due in them', async () => {
    const { store } = subject();
    const { rooms } = store;
    await commit(store, 0, roomDocument(), 5_000);
    expect(await rooms.due('default', 4_999)).to.deep.equal([]);
    expect(await rooms.due('default', 5_000)).to.deep.equal(['c1']);
    await commit(store, 1, roomDocument({ version: 2 }));
    expect(await rooms.due('default', 9_999)).to.deep.equal([]);
    await commit(store, 2, roomDocument({ version: 3 }), 5_000);
    await commit(store, 3, null);
    expect(await rooms.due('default', 9_999)).to.deep.equal([]);
    expect(await rooms.ids('default')).to.deep.equal([]);
  });
});

onEachRedis('store: requests for rooms', (subject) => {
  const envelope = (change: Partial<RoomRequestEnvelope> = {}): RoomRequestEnvelope => ({
    tenantId: 'default',
    conferenceId: 'c1',
    actor: { kind: 'person', personId: 'p1' },
    request: { type: 'mute-all' },
    ...change,
  });

  it('are done once, by one of those who could, and answered', async () => {
    const { store, open } = subject();
    const [bridge, another] = [await open(), await open()];
    const done: RoomRequestEnvelope[] = [];
    for (const server of [bridge, another]) {
      server.roomRequests.serve(async (request) => {
        done.push(request);
        return { version: done.length };
      });
    }
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store.roomRequests.submit(envelope({ request: { type: 'mute', participantId: `p${index}` } })),
      ),
    );
    expect(answers.map(({ version }) => version).sort((one, two) => one - two)).to.deep.equal(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    const asked = done.map(({ request }) => (request.type === 'mute' ? request.participantId : ''));
    expect(new Set(asked).size, 'each once').to.equal(50);
    expect(done[0]).to.deep.include({ tenantId: 'default', actor: { kind: 'person', personId: 'p1' } });
  });

  it('carry the code of what went wrong, and never its words', async () => {
    const { store, open } = subject();
    (await open()).roomRequests.serve(async ({ request }) => {
      if (request.type === 'lock') throw new PartylineError('room/not-live', { detail: 'x' });
      throw new Error('secret');
    });
    expect(await codeOf(store.roomRequests.submit(envelope({ request: { type: 'lock' } })))).to.equal('room/not-live');
    let failure: unknown;
    await store.roomRequests.submit(envelope()).catch((error: unknown) => (failure = error));
    expect(failure).to.have.property('code', 'internal/unexpected');
    expect(String(failure)).to.not.contain('secret');
  });

  it('are over when nobody takes them in time, and not done later', async () => {
    const { store, open } = subject();
    expect(await codeOf(store.roomRequests.submit(envelope(), { deadlineMs: 300 }))).to.equal('room/no-answer');
    const done: unknown[] = [];
    (await open()).roomRequests.serve(async (request) => {
      done.push(request);
      return { version: 1 };
    });
    await store.roomRequests.submit(envelope({ request: { type: 'unlock' } }));
    expect(done).to.have.length(1);
  });

  it('find a bridge that comes while they wait', async () => {
    const { store, open } = subject();
    const answer = store.roomRequests.submit(envelope());
    (await open()).roomRequests.serve(async () => ({ version: 7 }));
    expect(await answer).to.deep.equal({ version: 7 });
  });

  it('refuse what is no request', async () => {
    const { store, open } = subject();
    const done: unknown[] = [];
    (await open()).roomRequests.serve(async (request) => {
      done.push(request);
      return { version: 1 };
    });
    const odd = envelope({ conferenceId: 'a b' });
    expect(await codeOf(store.roomRequests.submit(odd, { deadlineMs: 500 }))).to.equal('room/no-answer');
    expect(done).to.deep.equal([]);
  });

  it('know which web pages are open, in any process', async () => {
    const { store, open } = subject();
    const other = await open();
    const [mine, theirs] = [store, other].map(({ roomRequests }) => [
      roomRequests.newConnectionId(),
      roomRequests.newConnectionId(),
    ]) as [[string, string], [string, string]];
    const gone = `${'x'.repeat(36)}.1`;
    const living = async () => [...(await store.roomRequests.living([...mine, ...theirs, gone, 'no id', '']))].sort();
    await other.ping();
    expect(await living()).to.deep.equal([...mine, ...theirs].sort());
    store.roomRequests.closeConnection(mine[0]);
    other.roomRequests.closeConnection(theirs[1]);
    other.roomRequests.closeConnection(mine[1]);
    await other.ping();
    expect(await living()).to.deep.equal([mine[1], theirs[0]].sort());
  });
});

for (const cluster of [false, true]) {
  describe(`store: watching and asking over an outage (${cluster ? 'Redis Cluster' : 'single Redis'})`, function () {
    this.timeout(40_000);

    it('tells what was missed, and asks again', async () => {
      const redis = await startTestRedis({ cluster });
      const [near, bridge] = [await openTestStore(redis), await openTestStore(redis)];
      bridge.roomRequests.serve(async () => ({ version: 3 }));
      const told = ear();
      near.rooms.watch('default', 'c1', told.listen);
      await commit(near, 0, roomDocument());
      await told.until(1);
      const page = near.roomRequests.newConnectionId();
      await redis.kill();
      await redis.restart();
      // What Redis knew is gone.
      await told.until(null);
      const ask = async (): Promise<number> => {
        for (;;) {
          try {
            const envelope: RoomRequestEnvelope = {
              tenantId: 'default',
              conferenceId: 'c1',
              actor: { kind: 'person', personId: 'p' },
              request: { type: 'lock' },
            };
            return (await near.roomRequests.submit(envelope)).version;
          } catch (error) {
            if (!(error instanceof PartylineError) || error.entry.http !== 503) throw error;
          }
        }
      };
      expect(await ask()).to.equal(3);
      const living = await bridge.roomRequests.living([page]);
      expect([...living], 'not shown again, perhaps, but not given up').to.deep.equal([page]);
      await near.close();
      await bridge.close();
      await redis.stop();
    });
  });
}
