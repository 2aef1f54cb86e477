/**
 * What a room costs and how fast it is: `npm run bench:rooms [commits|keys|joins]`. Commits: inputs of one room and of two hundred,
 * against a private Redis. Keys: from a pressed key to what others hear, through a whole service. Joins: five hundred SIPp
 * callers in ten seconds, while a telephone listens to what is announced; that service is another process, whose CPU counts.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RoomService, type RoomIdentity } from '../../bridge/conferences/index.ts';
import { systemClock } from '../../bridge/support/clock.ts';
import { DEFAULT_POLICY } from '../../config/contract/index.ts';
import { createLogger } from '../../config/index.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../helpers/redis.ts';
import { toneVoice } from '../helpers/tone-voice.ts';
import { cut, lengthMs, toneLevel } from '../helpers/tones.ts';
import { runService } from '../paired/bridge/running-service.ts';
import { Baresip, scenarios, Service, Sipp } from '../peers/index.ts';

const PEOPLE = 20;
const PEOPLE_OF_MANY = 5;
const INPUTS = 20_000;
const AT_ONCE = 100;
const ROOMS = 200;
const PRESSES = 60;
const JOINS = 500;
const JOINS_PER_SECOND = 50;
const HEARD_DB = -40;
const [VOICE, JOIN_TONE] = [440, 1_330];

const say = (line: string) => void process.stdout.write(`${line}\n`);

function percentile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((one, other) => one - other);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(0);
}

async function redisCpuMs(redis: TestRedis): Promise<number> {
  const info = String(await redis.command('INFO', 'cpu'));
  const read = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  return (read('used_cpu_user') + read('used_cpu_sys')) * 1_000;
}

/** Everybody mutes and unmutes themselves, so many at once, spread over so many rooms. */
async function commits(rooms: number, people: number): Promise<void> {
  const redis = await startTestRedis();
  const store = await openTestStore(redis);
  try {
    let [effects, written] = [0, 0];
    const counted = {
      read: store.rooms.read,
      commit: async (input: Parameters<typeof store.rooms.commit>[0]) => {
        written += 1;
        return store.rooms.commit(input);
      },
    };
    const service = new RoomService({
      rooms: counted,
      runEffect: async () => void (effects += 1),
      logger: createLogger({ logLevel: 'silent' }),
      clock: systemClock,
      random: Math.random,
    });
    const identities: readonly RoomIdentity[] = Array.from({ length: rooms }, (_, index) => ({
      tenantId: 'default',
      conferenceId: `c${index}`,
    }));
    const policy = { ...DEFAULT_POLICY, announce: 'silent' } as const;
    for (const identity of identities) {
      for (let who = 0; who < people; who += 1) {
        const callId = `${identity.conferenceId}-${who}`;
        const person = {
          id: `p${who}`,
          name: `Person ${who}`,
          number: '',
          line: '',
          role: 'guest',
          language: 'en',
        } as const;
        const leg = { kind: 'phone', callId, channelUuid: callId } as const;
        const at = Date.now();
        await service.apply(identity, {
          type: 'enter',
          at,
          plan: { title: 'x', policy },
          mediaServer: 'm',
          who: person,
          leg,
        });
        await service.apply(identity, { type: 'joined', at, callId, memberId: who + 1, speak: true, hear: true });
      }
    }
    [effects, written] = [0, 0];
    const [cpu, redisCpu, startedAt] = [process.cpuUsage(), await redisCpuMs(redis), performance.now()];
    const times: number[] = [];
    let next = 0;
    const worker = async () => {
      while (next < INPUTS) {
        const index = next++;
        const from = performance.now();
        const participantId = `p${Math.floor(index / rooms) % people}`;
        await service.apply(identities[index % rooms]!, {
          type: 'key',
          at: Date.now(),
          participantId,
          action: 'toggle-mute',
        });
        times.push(performance.now() - from);
      }
    };
    await Promise.all(Array.from({ length: Math.max(AT_ONCE, rooms) }, worker));
    const seconds = (performance.now() - startedAt) / 1_000;
    const used = process.cpuUsage(cpu);
    say(
      `${rooms} rooms of ${people}: ${(INPUTS / seconds).toFixed(0)} inputs/s in ${(written / seconds).toFixed(0)} commits/s, ` +
        `${((used.user + used.system) / INPUTS).toFixed(0)} µs of CPU here and ` +
        `${((((await redisCpuMs(redis)) - redisCpu) * 1_000) / INPUTS).toFixed(0)} µs in Redis each, ` +
        `p50 ${percentile(times, 0.5)} p95 ${percentile(times, 0.95)} ms, ${effects} effects`,
    );
  } finally {
    await store.close();
    await redis.stop();
  }
}

/** From the last packet of `*6` until the other phone hears the change, to the 20 ms of a packet. */
async function keys(): Promise<void> {
  const running = await runService({ logLevel: 'warn' });
  try {
    const meeting = await running.conference({ announce: 'silent' });
    const [talker, listener] = [await running.phone(), await running.phone()];
    await talker.connect(running.port, VOICE);
    await listener.connect(running.port, 0);
    for (const phone of [talker, listener]) phone.press(`${meeting.guestCode}#`);
    await meeting.joined(2);
    await listener.hears(VOICE);
    const times: number[] = [];
    for (let press = 0; press < PRESSES; press += 1) {
      const wanted = press % 2 === 1;
      // One and the same key within a second would count once.
      await delay(1_100);
      const pressedAt = performance.now();
      talker.press('*6');
      for (;;) {
        const heard = toneLevel(await listener.rtp.hear(20), VOICE) >= HEARD_DB;
        if (heard === wanted) break;
      }
      times.push(performance.now() - pressedAt);
    }
    say(`key to effect, ${PRESSES} times *6: p50 ${percentile(times, 0.5)} p95 ${percentile(times, 0.95)} ms`);
    await Promise.all([talker.hangUp(), listener.hangUp()]);
  } finally {
    await running.stop();
  }
}

/** CPU of a process and all below it, in milliseconds. A tick is 10 ms. */
async function cpuMs(pids: readonly number[]): Promise<number> {
  const all = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
    }),
  );
  return all.reduce((sum, each) => sum + each, 0);
}

async function joins(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'partyline-bench-'));
  const sounds = await toneVoice(folder, new Map([['tones/join-tone', JOIN_TONE]]));
  const environment = {
    PARTYLINE_SOUNDS_DIR: sounds,
    PARTYLINE_LOG_LEVEL: 'debug',
    PARTYLINE_INVITE_RATE_PER_SOURCE: '500',
  };
  const service = await Service.start({ environment });
  const witness = await Baresip.start();
  try {
    const { id, hostCode, guestCode } = await service.createConference('Everybody', {
      announce: 'tone',
      maxParticipants: 1_000,
    });
    await witness.dial(service.uri);
    await witness.established();
    await witness.keys(`${hostCode}#`);
    await service.callsJoined(1);
    const [before, startedAt] = [await cpuMs(service.tree), performance.now()];
    const callers = await Sipp.start({
      scenario: scenarios.keysAndHangsUp(`${guestCode}#`, 60_000),
      target: service.sipTarget,
      calls: JOINS,
      callLimit: JOINS,
      callsPerSecond: JOINS_PER_SECOND,
      timeoutSeconds: 100,
    });
    await service.callsJoined(JOINS + 1, 45_000).catch((error: unknown) => say(String(error)));
    const seconds = (performance.now() - startedAt) / 1_000;
    const used = (await cpuMs(service.tree)) - before;
    const { participants } = await service.room(id);
    await delay(3_000);
    const tones = tonesIn(cut(await witness.heard(), 0));
    const started = JOINS / JOINS_PER_SECOND;
    say(
      `${JOINS} callers begun in ${started} s: ${participants.length - 1} in after ${seconds.toFixed(1)} s, ` +
        `${used} ms of CPU (${(used / JOINS).toFixed(1)} each, sound included), ${tones} tones told of ${JOINS + 1} comings`,
    );
    const reasons = new Map<string, number>();
    for (const reason of service.endings) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    for (const [reason, count] of reasons) say(`ended: ${count} ${reason}`);
    await callers.stop();
    const { messages } = await callers.finished();
    for (const status of new Set(messages.match(/^SIP\/2\.0 [3-6]\d\d.*$/gm))) say(`answered: ${status}`);
  } finally {
    await witness.stop();
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** How often the tone began. */
function tonesIn(sound: Parameters<typeof toneLevel>[0]): number {
  let [count, heard] = [0, false];
  for (let at = 0; at + 60 <= lengthMs(sound); at += 20) {
    const now = toneLevel(cut(sound, at, at + 60), JOIN_TONE) >= HEARD_DB;
    if (now && !heard) count += 1;
    heard = now;
  }
  return count;
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  commits: async () => {
    await commits(1, PEOPLE);
    await commits(ROOMS, PEOPLE_OF_MANY);
  },
  keys,
  joins,
};
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  const part = parts[name];
  if (!part) throw new Error(`There is no part ${name}: ${Object.keys(parts).join(', ')}.`);
  await part();
}
