/**
 * A private Redis for one test file: its own process and socket, nothing on disk, gone with the test run. Fast enough to
 * be started for each file; `flush()` between tests.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient } from 'redis';
import { pino } from 'pino';
import { openStore, type Store, type StoreOptions } from '../../store/index.ts';

export interface TestRedis {
  readonly url: string;
  readonly cluster: boolean;
  readonly pid: number;
  /** A raw command, for what the store's door does not show. */
  command(...args: string[]): Promise<unknown>;
  /** Forgets everything. */
  flush(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again at the same place after `kill()`; what it knew is gone. */
  restart(): Promise<void>;
  /** Stops answering without closing anything (SIGSTOP), and goes on (SIGCONT). */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export const TEST_SECRET = 'a-server-secret-for-tests-only-0123456789';
const READY_MS = 10_000;
const SLOTS = 16_384;

/** @param options.cluster one Cluster node that owns every slot: scripts over keys of different hash tags fail on it */
export async function startTestRedis(options: { cluster?: boolean } = {}): Promise<TestRedis> {
  const cluster = options.cluster ?? false;
  const folder = await mkdtemp(path.join(tmpdir(), 'partyline-redis-'));
  const port = cluster ? await freePort() : 0;
  const socket = path.join(folder, 's');
  const url = cluster ? `redis://127.0.0.1:${port}` : `unix://${socket}`;
  let server = await spawnRedis(folder, port, socket, url);
  if (cluster) await ownAllSlots(url);

  return {
    url,
    cluster,
    get pid() {
      return server.pid!;
    },
    command: (...args) => sendOnce(url, args),
    flush: async () => {
      await sendOnce(url, ['FLUSHALL']);
    },
    kill: () => end(server, 'SIGKILL'),
    restart: async () => {
      server = await spawnRedis(folder, port, socket, url);
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    stop: async () => {
      server.kill('SIGCONT');
      await end(server, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A store on it, with a secret of its own and silent logs. */
export function openTestStore(redis: TestRedis, options: Partial<StoreOptions> = {}): Promise<Store> {
  return openStore({
    url: redis.url,
    cluster: redis.cluster,
    secret: TEST_SECRET,
    logger: pino({ level: 'silent' }),
    ...options,
  });
}

async function spawnRedis(folder: string, port: number, socket: string, url: string): Promise<ChildProcess> {
  const server = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', '-'], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const lines = [`port ${port}`, 'bind 127.0.0.1', 'save ""', 'appendonly no'];
  if (port === 0) lines.push(`unixsocket ${socket}`);
  else lines.push('cluster-enabled yes', 'cluster-announce-ip 127.0.0.1', 'cluster-require-full-coverage no');
  server.stdin.end(`${lines.join('\n')}\n`);
  const failed = once(server, 'exit').then(([code]) => {
    throw new Error(`redis-server ended at once with ${String(code)}; is the Debian package redis-server installed?`);
  });
  failed.catch(() => undefined);
  await Promise.race([failed, answers(url)]);
  return server;
}

async function answers(url: string): Promise<void> {
  const until = Date.now() + READY_MS;
  for (;;) {
    try {
      await sendOnce(url, ['PING']);
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function ownAllSlots(url: string): Promise<void> {
  await sendOnce(url, ['CLUSTER', 'ADDSLOTSRANGE', '0', String(SLOTS - 1)]);
  for (;;) {
    const info = String(await sendOnce(url, ['CLUSTER', 'INFO']));
    if (info.includes('cluster_state:ok')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One command on a connection of its own. */
async function sendOnce(url: string, args: readonly string[]): Promise<unknown> {
  const socket = url.startsWith('unix:')
    ? { path: new URL(url).pathname, tls: false as const, reconnectStrategy: false as const }
    : { host: '127.0.0.1', port: Number(new URL(url).port), reconnectStrategy: false as const };
  const client = createClient({ RESP: 2, socket, maintNotifications: 'disabled' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand([...args]);
  } finally {
    client.destroy();
  }
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.kill(signal);
  await gone;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  // A Cluster node takes port + 10000 as well.
  return port > 55_000 ? freePort() : port;
}
