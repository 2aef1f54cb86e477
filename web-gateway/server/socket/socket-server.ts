/** The pages' sockets: who may open one, which room it shows, and what it may ask. */
import { Server as Engine } from 'engine.io';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Server, type Socket } from 'socket.io';
import {
  MOST_PAGES_OF_ONE,
  SOCKET_PATH,
  type BrowserEvents,
  type ServerEvents,
} from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import type { Pass, Store } from '../../../store/index.ts';
import type { TakeConnection } from '../connection-limits.ts';
import { authenticateSocket } from './handshake.ts';
import { Rooms } from './rooms.ts';
import { Session } from './session.ts';

export interface SocketServerLimits {
  /** Of one message; the longest command holds a name of a hundred characters. */
  readonly messageBytes: number;
  readonly pingMs: number;
  readonly pongMs: number;
  /** From the first byte to the token. */
  readonly handshakeMs: number;
  /** How long what a lost page misses is kept for it. */
  readonly recoveryMs: number;
  /** How often tokens are looked at again. */
  readonly recheckMs: number;
  readonly burstMessages: number;
  readonly messagesPerSecond: number;
  /** Pages one person may have open at a time, by each process; a lost one counts until its pong is missed. */
  readonly pagesPerPerson: number;
  /** Messages that are refused, or that nobody can read, until the socket is closed. */
  readonly strikes: number;
}

export const SOCKET_LIMITS: SocketServerLimits = {
  messageBytes: 16 * 1_024,
  pingMs: 10_000,
  pongMs: 8_000,
  handshakeMs: 8_000,
  recoveryMs: 30_000,
  recheckMs: 20_000,
  burstMessages: 30,
  messagesPerSecond: 10,
  pagesPerPerson: MOST_PAGES_OF_ONE,
  strikes: 40,
};

/** Kept by a lost connection, so that it can be recovered. */
export interface SocketData {
  pass: Pass;
  token: string;
  /** The row in the room; null until the room has answered. */
  participantId: string | null;
  /** Of the audience it follows: who comes back to the same one has missed nothing. */
  epoch: string | null;
}

export type PageServer = Server<BrowserEvents, ServerEvents, Record<string, never>, SocketData>;
export type PageSocket = Socket<BrowserEvents, ServerEvents, Record<string, never>, SocketData>;

export interface SocketServerOptions {
  readonly store: Store;
  readonly logger: Logger;
  readonly isOurPage: (request: IncomingMessage) => boolean;
  readonly takeConnection: TakeConnection;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly limits?: Partial<SocketServerLimits>;
}

export interface SocketServer {
  /** Pages that are connected now. */
  readonly count: number;
  /** Whether a request belongs here: the long-polling transport, and upgrades. */
  owns(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Idempotent. */
  stop(): Promise<void>;
}

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const limits = { ...SOCKET_LIMITS, ...options.limits };
  const logger = options.logger.child({ room: 'socket' });
  const engine = createEngine(options, limits);
  const io: PageServer = new Server({
    serveClient: false,
    connectTimeout: limits.handshakeMs,
    connectionStateRecovery: { maxDisconnectionDuration: limits.recoveryMs, skipMiddlewares: false },
    cleanupEmptyChildNamespaces: true,
  });
  io.bind(engine);
  const rooms = new Rooms({ store: options.store, io, logger });
  const sessions = new Set<Session>();
  io.use(authenticateSocket({ store: options.store, logger, pagesPerPerson: limits.pagesPerPerson }));
  io.on('connection', (socket) => {
    const session = new Session({ socket, store: options.store, rooms, logger, limits });
    sessions.add(session);
    socket.once('disconnect', () => sessions.delete(session));
    void session.start();
  });
  const recheck = setInterval(() => {
    for (const session of sessions) void session.recheck();
  }, limits.recheckMs);
  recheck.unref();
  let stopping: Promise<void> | undefined;
  return {
    get count() {
      return sessions.size;
    },
    owns: ({ url }) => (url ?? '').startsWith(SOCKET_PATH),
    handle: (request, response) => engine.handleRequest(request, response),
    upgrade: (request, socket, head) => {
      engine.handleUpgrade(request, socket, head);
    },
    stop: () =>
      (stopping ??= (async () => {
        clearInterval(recheck);
        await Promise.all(Array.from(sessions, (session) => session.goodbye()));
        io.disconnectSockets();
        // Once that is written. The library's own close would wait half a minute for a page by long polling to ask again.
        await nextTurn();
        engine.close();
        rooms.close();
      })()),
  };
}

function createEngine(options: SocketServerOptions, limits: SocketServerLimits): Engine {
  const engine = new Engine({
    pingInterval: limits.pingMs,
    pingTimeout: limits.pongMs,
    upgradeTimeout: limits.handshakeMs,
    maxHttpBufferSize: limits.messageBytes,
    transports: ['websocket', 'polling'],
    allowEIO3: false,
    cookie: false,
    httpCompression: { threshold: 2_048 },
    perMessageDeflate: false,
    allowRequest: (request, answer) => {
      void mayOpen(request).then(
        (refusal) => answer(refusal ?? undefined, refusal === null),
        () => answer('the request failed', false),
      );
    },
  });
  const releases = new WeakMap<IncomingMessage, () => void>();
  const mayOpen = async (request: IncomingMessage): Promise<string | null> => {
    if (!options.isOurPage(request)) return 'another page';
    const release = await options.takeConnection(options.addressOf(request));
    if (release === null) return 'too many connections';
    releases.set(request, release);
    // An upgrade that never becomes a connection.
    request.socket.once('close', () => {
      if (!opened.has(request)) release();
    });
    return null;
  };
  const opened = new WeakSet<IncomingMessage>();
  engine.on('connection', (socket: { request: IncomingMessage; once(event: 'close', listener: () => void): void }) => {
    opened.add(socket.request);
    const release = releases.get(socket.request);
    if (release !== undefined) socket.once('close', release);
  });
  return engine;
}
