import { expect } from 'chai';
import type { RoomDocument, Store } from '../../../store/index.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';
import { roomDocument } from '../../helpers/rooms.ts';
import { codeOf } from '../../helpers/store-subjects.ts';

/** The promise of the contract is a second; a loaded machine gets half of one more. */
const PROMPT_MS = 1_500;

const room = (version: number): RoomDocument => roomDocument({ version });

for (const cluster of [false, true]) {
  describe(`store: while Redis is away (${cluster ? 'Redis Cluster' : 'single Redis'})`, () => {
    let redis: TestRedis;
    let store: Store;

    // Every test leaves it running: a Cluster takes two seconds until it is ready.
    before(async () => {
      redis = await startTestRedis({ cluster });
    });
    beforeEach(async () => {
      store = await openTestStore(redis);
    });
    afterEach(() => store.close());
    after(() => redis.stop());

    const becomes = (available: boolean) =>
      new Promise<void>((resolve) => {
        if (store.available === available) resolve();
        else {
          const stop = store.onAvailability((state) => {
            if (state !== available) return;
            stop();
            resolve();
          });
        }
      });

    /** One call of every method; each must fail in time and in our words. */
    const everyMethod = (): Promise<unknown>[] => [
      store.ping(),
      store.tenants.get('default'),
      store.tenants.ensureDefault(),
      store.people.count(),
      store.people.get('p'),
      store.people.verifyPassword('a@example.org', 'x'),
      store.people.create({ tenantId: 'default', email: 'a@example.org', name: 'a', roles: [], password: 'x' }),
      store.conferences.create({ tenantId: 'default', title: 'x', createdBy: 'x' }),
      store.conferences.get('default', 'c'),
      store.conferences.list('default'),
      store.conferences.setState('default', 'c', 'open'),
      store.conferences.codes('default', 'c'),
      store.codes.lookup({ tenantId: 'default', digits: '123456789', callerNumber: '+49301', sourceAddress: '::1' }),
      store.calls.live('default'),
      store.calls.get('default', 'c'),
      store.calls.update('default', 'c', { channelUuid: 'x' }),
      store.calls.end('default', 'c', { class: 'none', reason: 'x' }, 1),
      store.rooms.read('default', 'c1'),
      store.rooms.list('default'),
      store.rooms.commit({
        tenantId: 'default',
        conferenceId: 'c1',
        expectedVersion: 0,
        document: room(1),
        events: [],
      }),
      store.journal.append('default', { type: 'x', at: 1 }),
      store.journal.read('default'),
      store.tokens.issue('login', 'p', 1_000),
      store.tokens.check('login', 'A'.repeat(43)),
      store.tokens.redeem('login', 'A'.repeat(43)),
      store.limits.consume('login', 'x'),
      store.limits.reset('login', 'x'),
    ];

    it('rejects every method promptly, and works again by itself', async () => {
      await redis.kill();
      const startedAt = performance.now();
      const codes = await Promise.all(everyMethod().map(codeOf));
      expect(performance.now() - startedAt).to.be.lessThan(PROMPT_MS);
      expect(new Set(codes)).to.deep.equal(new Set(['store/unavailable']));
      await becomes(false);
      await redis.restart();
      await becomes(true);
      await store.tenants.ensureDefault();
    });

    it('rejects every method promptly when Redis hangs, and works again when it wakes', async () => {
      redis.freeze();
      const startedAt = performance.now();
      const codes = await Promise.all(everyMethod().map(codeOf));
      expect(performance.now() - startedAt).to.be.lessThan(PROMPT_MS + 600);
      expect(new Set(codes)).to.deep.equal(new Set(['store/unavailable']));
      await becomes(false);
      redis.thaw();
      await becomes(true);
      await store.tenants.ensureDefault();
    });

    it('fails promptly under load, and answers rightly afterwards', async () => {
      let answered = 0;
      let failed = 0;
      let other = 0;
      let slowest = 0;
      let running = true;
      const work = async (index: number) => {
        while (running) {
          const startedAt = performance.now();
          const code = await codeOf(store.journal.append('default', { type: 'load', at: index }));
          slowest = Math.max(slowest, performance.now() - startedAt);
          if (code === 'none') answered += 1;
          else if (code === 'store/unavailable') failed += 1;
          else other += 1;
          // A caller who is refused does not try again at the same instant.
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      };
      const workers = Array.from({ length: 20 }, (_, index) => work(index));
      for (let rounds = 0; rounds < 2; rounds += 1) {
        const before = answered;
        while (answered === before) await new Promise((resolve) => setImmediate(resolve));
        await redis.kill();
        await becomes(false);
        await redis.restart();
        await becomes(true);
      }
      running = false;
      await Promise.all(workers);
      expect(other).to.equal(0);
      expect(failed).to.be.greaterThan(0);
      expect(answered).to.be.greaterThan(0);
      expect(slowest).to.be.lessThan(PROMPT_MS);
    });

    it('does not open on a Redis that is not there', async () => {
      const url = 'redis://127.0.0.1:1';
      expect(await codeOf(openTestStore(redis, { url, times: { openMs: 300 } }))).to.equal('store/unavailable');
    });

    it('is closed for good, twice', async () => {
      const pending = codeOf(store.journal.read('default'));
      await Promise.all([store.close(), store.close()]);
      expect(['none', 'store/unavailable']).to.include(await pending);
      expect(store.available).to.equal(false);
      expect(await codeOf(store.ping())).to.equal('store/unavailable');
    });
  });
}

describe('store: what is asked for wrongly', () => {
  it('is refused at the door', async () => {
    const redis = { url: 'redis://127.0.0.1:1', cluster: false } as TestRedis;
    const message = async (options: object) => {
      try {
        await openTestStore(redis, options);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await message({ codeDigits: 7 })).to.contain('8 to 12');
    expect(await message({ secret: 'short' })).to.contain('32');
    expect(await message({ url: 'unix:///x', cluster: true })).to.contain('Cluster');
  });
});
