/**
 * How fast calls are answered: `npm run bench:calls -- [calls a second…]`, by default 5, 20, 40 and 80. The whole service in a
 * process of its own; each caller waits for the 200, keys the code of one room at once, stays there for some seconds and
 * hangs up. Phones (this process) and service share the machine. Prints the time from INVITE to 200, how many callers came
 * into the room, and the CPU time one call costs the service, from INVITE to BYE, its seconds in the room included.
 */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { LightPhones } from './light-phones.ts';
import { ServiceProcess } from './service-process.ts';

const SECONDS = 15;
const STAY_MS = 4_000;
const WARM_UP_CALLS = 20;

interface Outcome {
  readonly answered: number[];
  refused: number;
  /** Callers who were sent at least half of what a second of a call sends: they were really served. */
  served: number;
}

async function call(phones: LightPhones, sipPort: number, code: string, number: number, outcome: Outcome) {
  try {
    const made = await phones.dial(sipPort, String(15_550_000_000 + number));
    outcome.answered.push(made.answeredAfterMs);
    await made.press(`${code}#`);
    await delay(STAY_MS);
    if (made.received > 25 && !made.letGo) outcome.served++;
    await made.hangUp();
  } catch {
    outcome.refused++;
  }
}

async function burst(phones: LightPhones, service: ServiceProcess, code: string, perSecond: number, count: number) {
  const outcome: Outcome = { answered: [], refused: 0, served: 0 };
  const began = performance.now();
  const before = await service.figures();
  const running: Promise<void>[] = [];
  for (let number = 0; number < count; number++) {
    await delay(Math.max(0, began + (1000 * number) / perSecond - performance.now()));
    running.push(call(phones, service.sipPort, code, number, outcome));
  }
  await Promise.all(running);
  const after = await service.figures();
  return { ...outcome, cpuMs: (after.cpuMs - before.cpuMs) / count, rssMiB: after.rssMiB };
}

const rates = process.argv.slice(2).map(Number);
const service = await ServiceProcess.start({ inviteRatePerSource: 1000, maxCalls: 1500, mediaLatenessLimitMs: 0 });
const phones = await LightPhones.open();
const code = await service.conference();
await burst(phones, service, code, 5, WARM_UP_CALLS);
process.stdout.write(
  ' calls/s  answered  refused  served   p50 ms   p95 ms   p99 ms   CPU ms a call   rss MiB   load\n',
);
for (const rate of rates.length > 0 ? rates : [5, 20, 40, 80]) {
  const { answered, refused, served, cpuMs, rssMiB } = await burst(phones, service, code, rate, rate * SECONDS);
  answered.sort((a, b) => a - b);
  const part = (of: number): string => (answered[Math.floor(of * answered.length)] ?? 0).toFixed(0).padStart(8);
  const columns = [
    String(rate).padStart(8),
    String(answered.length).padStart(9),
    String(refused).padStart(8),
    String(served).padStart(7),
    part(0.5),
    part(0.95),
    part(0.99),
    cpuMs.toFixed(0).padStart(15),
    rssMiB.toFixed(0).padStart(9),
    loadavg()[0]!.toFixed(1).padStart(6),
  ];
  process.stdout.write(`${columns.join(' ')}\n`);
  await delay(2_000);
}
const { complaints } = await service.figures();
process.stdout.write(`logged: ${JSON.stringify(complaints)}\n`);
await phones.close();
await service.stop();
