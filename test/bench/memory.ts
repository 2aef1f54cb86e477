/**
 * What a leg and an idle room weigh: `npm run bench:memory -- [how many]`, by default 500. One media worker; the process's
 * resident memory (all threads) before and after so many are opened, after a while of running, and of a second such lot, so
 * that what is only taken once (code, first buffers) does not count.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '../../config/index.ts';
import { startMediaEngine, type MediaRoom } from '../../embedded/media/index.ts';

const count = Number(process.argv[2] ?? 500);
const MEMBER = { speak: true, hear: true, volumeIn: 0, volumeOut: 0, energyLevel: 100, muteDetect: false };
const SETTLE_MS = 3_000;
const engine = await startMediaEngine({ rtpPorts: [0, 0], workers: 1, logger: createLogger({ logLevel: 'warn' }) });

async function resident(): Promise<number> {
  await delay(SETTLE_MS);
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1024;
}

/** KiB each, of the first and of the second lot. */
async function weigh(what: string, open: (index: number) => Promise<void>): Promise<void> {
  const each: string[] = [];
  for (let lot = 0; lot < 2; lot++) {
    const before = await resident();
    for (let index = 0; index < count; index++) await open(lot * count + index);
    each.push(((await resident()) / count - before / count).toFixed(1));
  }
  process.stdout.write(`${what.padEnd(44)} ${each[0]!.padStart(8)} ${each[1]!.padStart(8)} KiB each\n`);
}

process.stdout.write(`${count} of each                                    first lot   second\n`);
await weigh('an idle room', async (index) => {
  await engine.openRoom(`idle-${index}`);
});
// One that takes everything, so that no leg is told that nobody listens.
const sink: Socket = createSocket('udp4').bind(0, '127.0.0.1');
await once(sink, 'listening');
const remote = {
  address: '127.0.0.1',
  port: sink.address().port,
  audioPayloadType: 0,
  ptime: 20,
  direction: 'sendrecv',
} as const;
const room: MediaRoom = await engine.openRoom('full');
await weigh('a leg in a room, sent silence', async (index) => {
  const port = await engine.openPort({ address: '127.0.0.1', remote });
  await room.addMember(index + 1, port, MEMBER);
});
await engine.stop();
sink.close();
