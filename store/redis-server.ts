/**
 * A redis-server of our own, for a machine that has none running: private address, append-only file under the data
 * folder, ended with us, started again when it crashes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import type { Logger } from '../config/index.ts';
import { reconnectDelay } from './links.ts';
import { DataFolderInUse, endOrphan, OWNER_CONNECTION, removeOwner, writeOwner } from './redis-server-owner.ts';
import { preparePlace, type Place } from './redis-server-place.ts';
import { checkRedisServer, LOCKED, spawnRedis, type Exit, type RedisProcess } from './redis-server-process.ts';

export interface RedisServerOptions {
  /** Folder for everything that is kept; Redis gets `redis` in it. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** Default `redis-server`, looked for in PATH. */
  readonly command?: string;
  readonly patience?: Partial<Patience>;
}

/** Milliseconds. */
export interface Patience {
  /** For a server left by an earlier run, to go when it is asked to. */
  readonly orphanMs: number;
  /** For the lock of the folder: a server that was killed may leave a child that still writes. */
  readonly lockMs: number;
}

export interface RedisServer {
  /** For openStore. Stays the same when the server is started again. */
  readonly url: string;
  /** Process id of the running server, undefined while there is none. */
  readonly pid: number | undefined;
  /** Ends the server in order and resolves when its process is gone. Idempotent. */
  stop(): Promise<void>;
}

const READY_POLL_MS = 20;
const PATIENCE: Patience = { orphanMs: 5_000, lockMs: 10_000 };
const SHUTDOWN_MS = 5_000;
const TERMINATE_MS = 2_000;
/** A run of that length counts as healthy: the next crash starts at the shortest delay again. */
const HEALTHY_MS = 30_000;
const MOST_ADDRESSES = 3;

/**
 * Resolves when the server answers, its data loaded.
 * @throws Error with a sentence: no redis-server, folder in use, or what redis-server said when it refused to start
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const command = options.command ?? 'redis-server';
  await checkRedisServer(command);
  for (let tried = 1; ; tried += 1) {
    const place = await preparePlace(options.dataDir);
    const server = new SupervisedRedis(command, place, options.logger, { ...PATIENCE, ...options.patience });
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      if (place.certain || error instanceof DataFolderInUse || tried >= MOST_ADDRESSES) throw error;
    }
  }
}

class SupervisedRedis implements RedisServer {
  readonly url: string;
  readonly #command: string;
  readonly #place: Place;
  readonly #logger: Logger;
  readonly #patience: Patience;
  readonly #stopping = new AbortController();
  #process: RedisProcess | undefined;
  #owns = false;
  #endConnection: (() => void) | undefined;
  #supervision: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(command: string, place: Place, logger: Logger, patience: Patience) {
    this.#command = command;
    this.#place = place;
    this.#logger = logger;
    this.#patience = patience;
    this.url = place.url;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<void> {
    const run = await this.#runOnce();
    this.#supervision = this.#supervise(run);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  /** Starts the server and resolves when it answers. */
  async #runOnce(): Promise<RedisProcess> {
    const { folder, configuration } = this.#place;
    const until = Date.now() + this.#patience.lockMs;
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      if (!this.#owns) await endOrphan(folder, this.#logger, this.#patience.orphanMs);
      const run = spawnRedis({ command: this.#command, folder, configuration, logger: this.#logger });
      this.#process = run;
      const refused = await Promise.race([this.#answers(run), run.exited]);
      if (refused === undefined) {
        this.#owns = true;
        await writeOwner(folder, { url: this.url, serverPid: run.pid });
        return run;
      }
      this.#process = undefined;
      if (refused.code !== LOCKED) throw new Error(`redis-server did not start: ${describe(refused)}`);
      if (Date.now() > until) throw new DataFolderInUse(folder, 'its Redis is locked');
      await sleep(READY_POLL_MS * 10, undefined, { signal: this.#stopping.signal });
    }
  }

  /** Resolves when the data is loaded and the owner's connection stands; the process's exit is watched elsewhere. */
  async #answers(run: RedisProcess): Promise<undefined> {
    let over = false;
    void run.exited.then(() => (over = true));
    const isOver = () => over || this.#stopping.signal.aborted;
    while (!isOver()) {
      const connection = await connectAsOwner(this.url, run.pid);
      if (connection !== undefined) {
        this.#endConnection = connection;
        return undefined;
      }
      await sleep(READY_POLL_MS);
    }
    // The exit decides.
    return new Promise(() => undefined);
  }

  /** Lives as long as the server is wanted: after each crash it waits and starts it again. */
  async #supervise(first: RedisProcess): Promise<void> {
    let run: RedisProcess | undefined = first;
    let crashes = 0;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (run !== undefined) {
        const startedAt = Date.now();
        const exit = await run.exited;
        this.#closeConnection();
        this.#process = undefined;
        if (Date.now() - startedAt > HEALTHY_MS) crashes = 0;
        if (isAborted(signal)) return;
        this.#logger.error({ how: describe(exit) }, 'redis-server ended by itself; it is started again');
      }
      await sleep(reconnectDelay(crashes), undefined, { signal }).catch(() => undefined);
      crashes += 1;
      run = isAborted(signal) ? undefined : await this.#tryAgain();
    }
  }

  async #tryAgain(): Promise<RedisProcess | undefined> {
    try {
      const run = await this.#runOnce();
      this.#logger.info({ pid: run.pid }, 'redis-server runs again');
      return run;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#logger.error({ err: error }, 'redis-server cannot be started');
      return undefined;
    }
  }

  async #end(): Promise<void> {
    this.#stopping.abort();
    await this.#endProcess();
    this.#closeConnection();
    await this.#supervision;
    // One may have been started while we waited.
    await this.#endProcess();
    if (this.#owns) await removeOwner(this.#place.folder);
    this.#owns = false;
  }

  async #endProcess(): Promise<void> {
    const run = this.#process;
    if (run === undefined) return;
    // SIGTERM makes Redis do what SHUTDOWN does: flush, close, go.
    for (const [signal, patienceMs] of [
      ['SIGTERM', SHUTDOWN_MS],
      ['SIGTERM', TERMINATE_MS],
      ['SIGKILL', TERMINATE_MS],
    ] as const) {
      run.signal(signal);
      if (await within(patienceMs, run.exited)) break;
    }
    this.#process = undefined;
  }

  #closeConnection(): void {
    this.#endConnection?.();
    this.#endConnection = undefined;
  }
}

/** A function, because the compiler remembers what a property was before the await. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/**
 * @param pid of our server: while another one holds the lock, that one answers at this address
 * @returns how to close it, or undefined while our server does not answer or still loads its data
 */
async function connectAsOwner(url: string, pid: number): Promise<(() => void) | undefined> {
  const parsed = new URL(url);
  const target =
    parsed.protocol === 'unix:'
      ? { path: decodeURIComponent(parsed.pathname), tls: false as const }
      : { host: parsed.hostname, port: Number(parsed.port) };
  const client = createClient({
    RESP: 2,
    name: OWNER_CONNECTION,
    password: parsed.password === '' ? undefined : parsed.password,
    socket: { ...target, reconnectStrategy: false },
    maintNotifications: 'disabled',
  });
  client.on('error', () => undefined);
  const close = () => {
    if (client.isOpen) client.destroy();
  };
  try {
    await client.connect();
    await client.sendCommand(['PING']);
    const about = await client.sendCommand<string>(['INFO', 'server']);
    if (Number(/process_id:(\d+)/.exec(about)?.[1]) === pid) return close;
  } catch {
    // Not yet.
  }
  close();
  return undefined;
}

async function within(milliseconds: number, done: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const result = await Promise.race([done.then(() => true), late]);
  timer.abort();
  return result;
}

function describe(exit: Exit): string {
  const how = exit.signal === null ? `exit status ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
  return `${how}. ${exit.lastLines.slice(-4).join(' / ')}`;
}
