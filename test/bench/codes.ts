/**
 * What looking codes up costs, for the store's process and for Redis: `npm run bench:codes`. A private Redis without disk,
 * a thousand conferences, and entries of many callers; then an attack, whose evaluated guesses are counted.
 */
import { openTestStore, startTestRedis, type TestRedis } from '../helpers/redis.ts';
import type { CodeEntry, Store } from '../../store/index.ts';

const CONFERENCES = 1_000;
const LOOK_UPS = 20_000;
const AT_ONCE = 50;
const ATTACK_SECONDS = 20;
const ATTACK_PER_SECOND = 200;

const entry = (index: number, digits: string): CodeEntry => ({
  ...{ tenantId: 'default', digits, callerNumber: `+1555${100_000 + index}`, sourceAddress: '192.0.2.1' },
});

async function redisCpuSeconds(redis: TestRedis): Promise<number> {
  const info = String(await redis.command('INFO', 'cpu'));
  const read = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  return read('used_cpu_user') + read('used_cpu_sys');
}

async function measure(redis: TestRedis, what: string, work: (index: number) => Promise<unknown>): Promise<void> {
  const [cpu, redisCpu, startedAt] = [process.cpuUsage(), await redisCpuSeconds(redis), performance.now()];
  const times: number[] = [];
  let next = 0;
  const worker = async () => {
    while (next < LOOK_UPS) {
      const from = performance.now();
      await work(next++);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const used = process.cpuUsage(cpu);
  times.sort((one, other) => one - other);
  const at = (share: number) => times[Math.floor(times.length * share)]!.toFixed(2);
  const micros = ((used.user + used.system) / LOOK_UPS).toFixed(0);
  const redisMicros = (((await redisCpuSeconds(redis)) - redisCpu) / LOOK_UPS) * 1e6;
  const rate = (LOOK_UPS / ((performance.now() - startedAt) / 1_000)).toFixed(0);
  say(
    `${what}: ${micros} µs of CPU here, ${redisMicros.toFixed(0)} µs in Redis, ${rate}/s, p50 ${at(0.5)} p95 ${at(0.95)} ms`,
  );
}

/** Each guess from another number, over one trunk, as fast as a hundred lines and more could key. */
async function attack(store: Store): Promise<void> {
  let [made, evaluated] = [0, 0];
  const startedAt = performance.now();
  while (made < ATTACK_SECONDS * ATTACK_PER_SECOND) {
    const due = Math.min(
      ((performance.now() - startedAt) / 1_000) * ATTACK_PER_SECOND,
      ATTACK_SECONDS * ATTACK_PER_SECOND,
    );
    const guesses: Promise<void>[] = [];
    for (; made < due; made += 1) {
      const guess = store.codes.lookup(entry(500_000 + made, String(100_000_000 + made * 7)));
      guesses.push(
        guess.then(({ outcome }) => {
          if (outcome !== 'limited') evaluated += 1;
        }),
      );
    }
    await Promise.all(guesses);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  say(`attack: ${made} guesses of as many numbers in ${seconds.toFixed(1)} s, ${evaluated} evaluated`);
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

const redis = await startTestRedis();
const store = await openTestStore(redis);
try {
  const codes: string[] = [];
  for (let made = 0; made < CONFERENCES; made += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, () =>
      store.conferences.create({ tenantId: 'default', title: 'x', createdBy: 'p' }),
    );
    codes.push(...(await Promise.all(some)).map(({ guestCode }) => guestCode));
  }
  await measure(redis, 'good codes', (index) => store.codes.lookup(entry(index, codes[index % CONFERENCES]!)));
  await attack(store);
  await measure(redis, 'limited', (index) => store.codes.lookup(entry(900_000 + index, '314159265')));
} finally {
  await store.close();
  await redis.stop();
}
