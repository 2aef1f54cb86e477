/**
 * A soak: `npm run soak -- [minutes] [calls]`, by default an hour of 200 calls at a time. The whole service runs in a process
 * of its own; phones come, key a code, stay, mute themselves, and go in every way there is: most hang up, some during the
 * greeting, some without a word, some after wrong codes. A round of warming up comes first and ends in quiet, which is the
 * start; the end is the quiet after everybody has gone. Fails when descriptors, ports, timers or memory have grown, or when
 * anything is counted that should be gone.
 */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { LightPhones, type LightCall } from './light-phones.ts';
import { ServiceProcess, type Figures } from './service-process.ts';

const [minutes = 60, calls = 200] = process.argv.slice(2).map(Number);
const CALLS_PER_ROOM = 10;
const RTP_TIMEOUT_SECONDS = 10;
const LEAST_WARM_UP_MS = 60_000;
const MOST_WARM_UP_MS = 300_000;
const REPORT_MS = 60_000;
/** After it no SIP transaction is left (timers J and K), and nothing that waits for a minute. */
const QUIET_MS = 90_000;
const QUIET_DEADLINE_MS = 180_000;

/** What may be more at the end: a connection that is being made anew, a cache that was not full. */
const ALLOWED = {
  descriptors: 4,
  ports: 0,
  timers: 4,
  heapMiB: 8,
  serverTimers: 4,
  serverHeapMiB: 8,
  rssMiB: 32,
} as const;

const outcomes = new Map<string, number>();
let live = 0;
const note = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
const between = (low: number, high: number): number => low + Math.random() * (high - low);

interface Place {
  readonly phones: LightPhones;
  readonly sipPort: number;
  readonly codes: readonly string[];
}

/** One caller from the first INVITE to the end, in one of the ways people have. */
async function callOnce({ phones, sipPort, codes }: Place, number: string, until: number): Promise<void> {
  const call = await phones.dial(sipPort, number);
  live++;
  try {
    call.talk(Math.random() < 0.3);
    const fate = Math.random();
    if (fate < 0.1) {
      await delay(between(100, 3000));
      note('hung up during the greeting');
    } else if (fate < 0.12) {
      await call.press('000000001#');
      await stay(call, between(8_000, 15_000), until);
      note('keyed a wrong code');
    } else {
      await call.press(`${codes[Math.floor(Math.random() * codes.length)]!}#`);
      await sit(call, until);
      if (fate < 0.17) {
        note('vanished');
        call.vanish();
        return;
      }
      note(call.letGo ? 'was let go' : 'met and hung up');
    }
    await call.hangUp();
  } finally {
    call.vanish();
    live--;
  }
}

/** In the room, muting and unmuting now and then. */
async function sit(call: LightCall, until: number): Promise<void> {
  for (let times = Math.floor(between(1, 4)); times > 0; times--) {
    await stay(call, between(5_000, 15_000), until);
    if (!call.letGo) await call.press('*6');
  }
  await stay(call, 1000, until);
}

async function stay(call: LightCall, milliseconds: number, until: number): Promise<void> {
  const end = Math.min(until, performance.now() + milliseconds);
  while (!call.letGo && performance.now() < end) await delay(Math.min(200, Math.max(1, end - performance.now())));
}

/** So many callers at a time, each calling again and again. Resolves when all have gone. */
async function round(place: Place, durationMs: number): Promise<void> {
  const until = performance.now() + durationMs;
  await Promise.all(
    Array.from({ length: calls }, async (_, index) => {
      await delay(between(0, Math.min(durationMs / 2, 200 * calls)));
      while (performance.now() < until) {
        await callOnce(place, String(15_550_000_000 + index), until).catch(async (error: unknown) => {
          note(error instanceof Error ? error.message : String(error));
          await delay(1000);
        });
        await delay(between(100, 2000));
      }
    }),
  );
}

async function quiet(service: ServiceProcess): Promise<Figures> {
  const end = performance.now() + QUIET_DEADLINE_MS;
  for (;;) {
    const { counts } = await service.figures();
    const left = Object.entries(counts).filter(([name, count]) => count > 0 && !IDLE.has(name));
    if (left.length === 0) break;
    if (performance.now() > end) throw new Error(`left behind: ${JSON.stringify(Object.fromEntries(left))}`);
    await delay(500);
  }
  await delay(QUIET_MS);
  return service.figures(true);
}

/** Counted also when nobody calls: the application's own connections. */
const IDLE = new Set(['drachtio clients', 'freeswitch inboundSockets']);

function report(label: string, figures: Figures): void {
  const { descriptors, ports, timers, heapMiB, serverTimers, serverHeapMiB, rssMiB, cpuMs } = figures;
  const made = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  const columns = [
    label.padEnd(10),
    `calls ${live} of ${made}`.padEnd(20),
    `descriptors ${descriptors}`.padEnd(17),
    `ports ${ports}`.padEnd(10),
    `timers ${timers} + ${serverTimers}`.padEnd(16),
    `heap ${heapMiB.toFixed(1)} + ${serverHeapMiB.toFixed(1)} MiB`.padEnd(23),
    `rss ${rssMiB.toFixed(0)} MiB`.padEnd(13),
    `cpu ${(cpuMs / 1000).toFixed(0)} s`.padEnd(11),
    `load ${loadavg()[0]!.toFixed(1)}`,
  ];
  process.stdout.write(`${columns.join(' ')}\n`);
}

function grown(start: Figures, end: Figures): string[] {
  return (Object.keys(ALLOWED) as (keyof typeof ALLOWED)[])
    .filter((figure) => end[figure] > start[figure] + ALLOWED[figure])
    .map((figure) => `${figure} have grown from ${start[figure].toFixed(1)} to ${end[figure].toFixed(1)}`);
}

const service = await ServiceProcess.start(
  {
    inviteRatePerSource: 1000,
    maxCalls: 2 * calls + 50,
    rtpTimeoutSeconds: RTP_TIMEOUT_SECONDS,
  },
  { watchTimers: true },
);
const phones = await LightPhones.open();
phones.start();
const codes: string[] = [];
for (let room = 0; room < Math.ceil(calls / CALLS_PER_ROOM); room++) codes.push(await service.conference());
const place: Place = { phones, sipPort: service.sipPort, codes };
const began = performance.now();
const reporting = setInterval(() => {
  const label = `${((performance.now() - began) / 60_000).toFixed(0)} min`;
  void service.figures().then((figures) => report(label, figures));
}, REPORT_MS);
let faults: string[];
try {
  report('new', await service.figures(true));
  await round(place, Math.min(MOST_WARM_UP_MS, Math.max(LEAST_WARM_UP_MS, minutes * 12_000)));
  const start = await quiet(service);
  report('start', start);
  await round(place, minutes * 60_000);
  const end = await quiet(service);
  report('end', end);
  faults = grown(start, end);
  process.stdout.write(`what callers did: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
  process.stdout.write(`what was logged: ${JSON.stringify(end.complaints)}\n`);
} finally {
  clearInterval(reporting);
  await phones.close();
  await service.stop();
}
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(faults.length === 0 ? 'flat\n' : 'not flat\n');
process.exitCode = faults.length === 0 ? 0 : 1;
