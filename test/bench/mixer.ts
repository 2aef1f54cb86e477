/**
 * What one leg in a room costs: `npm run bench -- [--udp batched|dgram] [--talkers n] [legs…]`, by default both ways of UDP
 * with 50, 200 and 500 legs. Phones are a process of their own, so that only the engine is counted (all its threads, by
 * process.cpuUsage). Three phones talk, the rest send silence, then all talk. Prints millicores per leg, how late the clock
 * was, how much of what was due reached the phones, and how far apart packets reached three of them.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createLogger } from '../../config/index.ts';
import { startMediaEngine, type MediaEngine, type UdpChoice } from '../../embedded/media/index.ts';

const WARM_UP_MS = 3000;
const MEASURE_MS = 8000;
const FRAME_MS = 20;
const MEMBER = { speak: true, hear: true, volumeIn: 0, volumeOut: 0, energyLevel: 100, muteDetect: false };

type ToPhones = { targets: number[]; talkers: number } | 'count' | 'end';
type FromPhones = { ports: number[] } | Heard;

interface Heard {
  readonly received: number;
  /** Milliseconds between packets, sorted. */
  readonly spacing: number[];
}

/** So many phones note when packets come. */
const WATCHED = 3;

/** The phones' process: one socket each, 50 packets a second each. */
class Phones {
  readonly #sockets: Socket[] = [];
  #received = 0;
  #spacing: number[] = [];
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  async open(count: number): Promise<number[]> {
    for (let n = 0; n < count; n++) {
      const socket = createSocket('udp4');
      socket.on('message', () => this.#received++);
      if (n < WATCHED) this.#watch(socket);
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      this.#sockets.push(socket);
    }
    return this.#sockets.map((socket) => socket.address().port);
  }

  takeHeard(): Heard {
    const heard = { received: this.#received, spacing: this.#spacing.sort((a, b) => a - b) };
    this.#received = 0;
    this.#spacing = [];
    return heard;
  }

  #watch(socket: Socket): void {
    let last = performance.now();
    socket.on('message', () => {
      const now = performance.now();
      this.#spacing.push(now - last);
      last = now;
    });
  }

  talk(targets: readonly number[], talkers: number): void {
    clearTimeout(this.#timer);
    const started = performance.now();
    const before = this.#sent;
    const silence = Buffer.alloc(160, 0xff);
    // µ-law codes of a rough noise: loud enough to talk, different from frame to frame.
    const voices = Array.from({ length: 16 }, () =>
      Buffer.from(Array.from({ length: 160 }, () => 0x90 + Math.floor(Math.random() * 32))),
    );
    const send = (): void => {
      for (const due = before + Math.floor((performance.now() - started) / FRAME_MS); this.#sent <= due; this.#sent++) {
        targets.forEach((port, n) => {
          const payload = n < talkers ? voices[(this.#sent + n) % voices.length]! : silence;
          const header = Buffer.alloc(12);
          header[0] = 0x80;
          header.writeUInt16BE(this.#sent % 65_536, 2);
          header.writeUInt32BE((this.#sent * 160) % 0x1_0000_0000, 4);
          header.writeUInt32BE(n + 1, 8);
          this.#sockets[n]!.send(Buffer.concat([header, payload]), port, '127.0.0.1');
        });
      }
      this.#timer = setTimeout(send, started + (this.#sent - before) * FRAME_MS - performance.now());
    };
    send();
  }

  end(): void {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) socket.close();
  }
}

async function bePhones(count: number): Promise<void> {
  const phones = new Phones();
  const tell = (message: FromPhones): void => void process.send?.(message);
  process.on('message', (message: ToPhones) => {
    if (message === 'count') tell(phones.takeHeard());
    else if (message === 'end') {
      phones.end();
      process.disconnect();
    } else phones.talk(message.targets, message.talkers);
  });
  tell({ ports: await phones.open(count) });
}

async function answer(child: ChildProcess): Promise<FromPhones> {
  const [message] = (await once(child, 'message')) as [FromPhones];
  return message;
}

async function takeHeard(child: ChildProcess): Promise<Heard> {
  const told = answer(child);
  child.send('count');
  const message = await told;
  if (!('received' in message)) throw new Error('the phones did not answer');
  return message;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(engine: MediaEngine, child: ChildProcess, legs: number, what: string): Promise<void> {
  await wait(WARM_UP_MS);
  await takeHeard(child);
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await wait(MEASURE_MS);
  const used = process.cpuUsage(cpu);
  const elapsedMs = performance.now() - started;
  const { received, spacing } = await takeHeard(child);
  const delivered = received / ((legs * elapsedMs) / FRAME_MS);
  const apart = (part: number): string => (spacing[Math.floor(part * spacing.length)] ?? 0).toFixed(1).padStart(9);
  const cores = (used.user + used.system) / 1000 / elapsedMs;
  const load = engine.load();
  const figures = [
    String(legs).padStart(5),
    what.padEnd(12),
    cores.toFixed(3).padStart(7),
    ((1000 * cores) / legs).toFixed(2).padStart(11),
    ((1e6 * cores * FRAME_MS) / 1000 / legs).toFixed(1).padStart(11),
    load.latenessP50Ms.toFixed(1).padStart(9),
    load.latenessP95Ms.toFixed(1).padStart(9),
    `${(100 * delivered).toFixed(1)} %`.padStart(10),
    apart(0.5),
    apart(0.95),
    apart(0.99),
  ];
  process.stdout.write(`${figures.join(' ')}\n`);
}

async function bench(udp: UdpChoice, legs: number, crowds: readonly number[]): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['--phones', String(legs)]);
  const phones = await answer(child);
  if (!('ports' in phones)) throw new Error('the phones did not come');
  const engine = await startMediaEngine({ rtpPorts: [0, 0], udp, logger: createLogger({ logLevel: 'warn' }) });
  const room = await engine.openRoom('bench');
  const targets: number[] = [];
  for (const [index, port] of phones.ports.entries()) {
    const remote = { address: '127.0.0.1', port, audioPayloadType: 0, ptime: FRAME_MS, direction: 'sendrecv' } as const;
    const leg = await engine.openPort({ address: '127.0.0.1', remote });
    await room.addMember(index + 1, leg, MEMBER);
    targets.push(leg.localPort);
  }
  for (const talkers of crowds) {
    child.send({ targets, talkers } satisfies ToPhones);
    await measure(engine, child, legs, `${udp} ${talkers}`);
  }
  child.send('end' satisfies ToPhones);
  await once(child, 'exit');
  await engine.stop();
}

const { values, positionals } = parseArgs({
  options: { phones: { type: 'string' }, udp: { type: 'string' }, talkers: { type: 'string' } },
  allowPositionals: true,
});
if (values.phones !== undefined) await bePhones(Number(values.phones));
else {
  process.stdout.write(
    ' legs     talkers   cores  millicores   µs a leg    late ms   late ms   delivered    spacing ms\n',
  );
  process.stdout.write(
    '                              a leg     a tick        p50       p95                 p50       p95       p99\n',
  );
  const ways: readonly UdpChoice[] =
    values.udp === 'dgram' || values.udp === 'batched' ? [values.udp] : ['batched', 'dgram'];
  for (const udp of ways) {
    for (const legs of positionals.length > 0 ? positionals.map(Number) : [50, 200, 500]) {
      await bench(udp, legs, values.talkers === undefined ? [3, legs] : [Number(values.talkers)]);
    }
  }
}
