/** The whole service, started as a user starts it, on ports and in a folder of its own. */
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ConferencePolicy, ConferenceView, RoomView } from '../../config/contract/index.ts';
import { OwnedProcess, type Ended } from './owned-process.ts';
import { commandLine, descendants, isAlive } from './proc.ts';

export interface ServiceOptions {
  /** Settings over the ones every test has. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Kept when the service stops, so that another can begin where it ended. Default: a new one, removed at the end. */
  readonly dataDir?: string;
  /** How it is started. Default: scripts/start.mjs itself, without npm's second of time. */
  readonly through?: 'npm' | 'node';
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };
const READY_MS = 30_000;
/** The API allows some requests a second, and no more than that is needed. */
const LOOK_MS = 250;

export class Service {
  /** Where phones dial: its own, or that of the real SIP server. */
  sipPort: number;
  readonly httpPort: number;
  readonly dataDir: string;
  readonly #process: OwnedProcess;
  readonly #ownsDataDir: boolean;
  #token = '';

  private constructor(parts: {
    process: OwnedProcess;
    sipPort: number;
    httpPort: number;
    dataDir: string;
    ownsDataDir: boolean;
  }) {
    this.#process = parts.process;
    this.sipPort = parts.sipPort;
    this.httpPort = parts.httpPort;
    this.dataDir = parts.dataDir;
    this.#ownsDataDir = parts.ownsDataDir;
  }

  /** Resolves when a call can be taken. */
  static async start(options: ServiceOptions = {}): Promise<Service> {
    const [sipPort, httpPort] = [await freePort(), await freePort()];
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'partyline-data-')));
    const [program, ...args] = options.through === 'npm' ? ['npm', 'start'] : [process.execPath, 'scripts/start.mjs'];
    const owned = await OwnedProcess.start(program, args, {
      cwd: ROOT,
      graceMs: 15_000,
      environment: {
        ...withoutOurs(process.env),
        PARTYLINE_SIP_PORT: String(sipPort),
        PARTYLINE_HTTP_PORT: String(httpPort),
        PARTYLINE_RTP_PORTS: '0-0',
        PARTYLINE_DATA_DIR: dataDir,
        PARTYLINE_LOG_LEVEL: 'trace', // what must never be logged must not be logged here either
        PARTYLINE_LOG_FORMAT: 'json',
        PARTYLINE_ADMIN_EMAIL: ADMIN.email,
        PARTYLINE_ADMIN_PASSWORD: ADMIN.password,
        ...realServers(),
        ...options.environment,
      },
    });
    const ownsDataDir = options.dataDir === undefined;
    const service = new Service({ process: owned, sipPort, httpPort, dataDir, ownsDataDir });
    try {
      await service.#ready();
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Everything it printed. */
  get log(): string {
    return this.#process.output;
  }

  get ended(): Ended | null {
    return this.#process.ended;
  }

  /** What to dial. */
  get uri(): string {
    return `sip:1000@127.0.0.1:${this.sipPort}`;
  }

  get sipTarget(): string {
    return `127.0.0.1:${this.sipPort}`;
  }

  /** It and all below it. */
  get tree(): number[] {
    return [this.pid, ...descendants(this.pid)];
  }

  /** Its private Redis. */
  get redisPid(): number {
    const found = descendants(this.pid).find((pid) => /redis-server/.test(commandLine(pid)));
    if (found === undefined) throw new Error('the service has no redis-server of its own');
    return found;
  }

  async request(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}${path}`, {
      method,
      headers: {
        ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }

  async logIn(credentials: { email: string; password: string } = ADMIN): Promise<void> {
    const { status, body } = await this.request('POST', '/api/v1/login', credentials);
    if (status !== 200) throw new Error(`login answered ${status}: ${JSON.stringify(body)}`);
    this.#token = (body as { token: string }).token;
  }

  async createConference(title: string, policy?: Partial<ConferencePolicy>): Promise<Required<ConferenceView>> {
    if (this.#token === '') await this.logIn();
    const { status, body } = await this.request('POST', '/api/v1/conferences', { title, policy });
    if (status !== 201) throw new Error(`conferences answered ${status}: ${JSON.stringify(body)}`);
    return body as Required<ConferenceView>;
  }

  async room(conferenceId: string): Promise<RoomView> {
    const { status, body } = await this.request('GET', `/api/v1/rooms/${conferenceId}`);
    if (status !== 200) throw new Error(`rooms answered ${status}: ${JSON.stringify(body)}`);
    return body as RoomView;
  }

  /** Resolves with the roster once it satisfies `accept`. */
  async roomWhen(conferenceId: string, accept: (room: RoomView) => boolean, timeoutMs = 10_000): Promise<RoomView> {
    return eventually(
      () => this.room(conferenceId),
      accept,
      timeoutMs,
      (room) => `the room is ${JSON.stringify(room)}`,
    );
  }

  async participants(conferenceId: string, count: number): Promise<RoomView> {
    return this.roomWhen(conferenceId, ({ participants }) => participants.length === count);
  }

  /** Samples of /metrics by name with labels, as Prometheus writes them. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const { body } = await this.request('GET', '/metrics');
    const lines = String(body).split('\n');
    return new Map(
      lines.flatMap((line) => {
        const match = /^([a-z_]+(?:\{.*\})?) ([0-9.e+-]+|NaN)$/i.exec(line);
        return match ? [[match[1] ?? '', Number(match[2])] as const] : [];
      }),
    );
  }

  /** Log lines, as they were written. */
  get lines(): readonly Readonly<Record<string, unknown>>[] {
    return this.log.split('\n').flatMap((line) => {
      if (!line.startsWith('{')) return [];
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return []; // not written to its end yet
      }
    });
  }

  /** Resolves when `count` calls have got so far as to be in a room, since the service started. */
  async callsJoined(count: number, timeoutMs = 15_000): Promise<void> {
    await eventually(
      () => this.lines.filter(({ msg, to }) => msg === 'call moved on' && to === 'in-conference').length,
      (joined) => joined >= count,
      timeoutMs,
      (joined) => `${joined} calls joined`,
    );
  }

  /** Reasons of the calls that have ended, in order: from the one summary line each call has. */
  get endings(): readonly string[] {
    return this.lines.flatMap((line) =>
      line['msg'] === 'call ended' ? [(line['termination'] as { reason: string }).reason] : [],
    );
  }

  /** Resolves when `count` calls have ended since the service started. */
  async callsEnded(count: number, timeoutMs = 15_000): Promise<readonly string[]> {
    return eventually(
      () => this.endings,
      (endings) => endings.length >= count,
      timeoutMs,
      (endings) => `calls ended: ${endings.join(', ') || 'none'}`,
    );
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  /** Nobody reads its log any more: `pause` as a reader that hangs, `close` as one that has ended. */
  abandonLog(how: 'pause' | 'close'): void {
    if (how === 'pause') this.#process.pauseOutput();
    else this.#process.closeOutput();
  }

  /** kill -9 for the whole tree at once, as a power cut would. */
  async kill(): Promise<void> {
    for (const pid of this.tree) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // gone already
      }
    }
    await this.#process.exited;
  }

  /** Idempotent. What is left of the tree afterwards is killed, and told. */
  async stop(): Promise<Ended> {
    const tree = this.tree;
    const ended = await this.#process.stop();
    for (const pid of tree) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    if (this.#ownsDataDir) await rm(this.dataDir, { recursive: true, force: true });
    return ended;
  }

  async #ready(): Promise<void> {
    await eventually(
      async () => {
        if (this.ended !== null) throw new Error(`the service ended:\n${this.log.slice(-3_000)}`);
        return this.request('GET', '/readyz').catch(() => ({ status: 0, body: '' }));
      },
      ({ status }) => status === 200,
      READY_MS,
      ({ status, body }) => `/readyz answers ${status} ${JSON.stringify(body)}:\n${this.log.slice(-3_000)}`,
    );
    // A real SIP server tells where it listens.
    const listens = this.lines.findLast(({ listeningPoints }) => typeof listeningPoints === 'string');
    const port = /\budp\/[^,]*:(\d+)/.exec(String(listens?.['listeningPoints']))?.[1];
    if (port !== undefined) this.sipPort = Number(port);
  }
}

/**
 * Looks again and again, for what tells nobody when it changes.
 * @throws when it is not accepted within `timeoutMs`
 */
export async function eventually<T>(
  look: () => Promise<T> | T,
  accept: (value: T) => boolean,
  timeoutMs: number,
  describe: (value: T) => string,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (accept(value)) return value;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${describe(value)}`);
    await delay(LOOK_MS);
  }
}

function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('PARTYLINE_')));
}

/** `SUBJECT=real`: the servers named in the environment, instead of those inside. */
function realServers(): NodeJS.ProcessEnv {
  if (process.env['SUBJECT'] !== 'real') return {};
  const { PARTYLINE_DRACHTIO, PARTYLINE_DRACHTIO_WEB_SOCKET, PARTYLINE_FREESWITCH } = process.env;
  return { PARTYLINE_DRACHTIO, PARTYLINE_DRACHTIO_WEB_SOCKET, PARTYLINE_FREESWITCH };
}

/** Free for TCP and UDP. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      }),
    );
    const socket = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) {
      await new Promise<void>((resolve) => socket.close(resolve));
      return port;
    }
  }
}
