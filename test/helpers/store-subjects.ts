/** Runs a suite of the store on a single Redis and on a Redis Cluster, where a script over two hash tags would fail. */
import type { Store, StoreOptions } from '../../store/index.ts';
import { openTestStore, startTestRedis, type TestRedis } from './redis.ts';

export interface StoreSubject {
  readonly redis: TestRedis;
  readonly store: Store;
  /** A second store on the same Redis, as another process would have; closed with the suite. */
  open(options?: Partial<StoreOptions>): Promise<Store>;
}

/** Everything is forgotten before each test. */
export function onEachRedis(title: string, suite: (subject: () => StoreSubject) => void): void {
  for (const cluster of [false, true]) {
    describe(`${title} (${cluster ? 'Redis Cluster' : 'single Redis'})`, () => {
      let redis: TestRedis;
      let store: Store;
      let opened: Store[] = [];
      before(async () => {
        redis = await startTestRedis({ cluster });
        store = await openTestStore(redis);
      });
      beforeEach(() => redis.flush());
      afterEach(async () => {
        await Promise.all(opened.map((each) => each.close()));
        opened = [];
      });
      after(async () => {
        await store.close();
        await redis.stop();
      });
      suite(() => ({
        redis,
        store,
        open: async (options) => {
          const another = await openTestStore(redis, options);
          opened.push(another);
          return another;
        },
      }));
    });
  }
}

/** The error's code, or 'none' when it did not fail. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
