/** The event socket applications connect to: access by address and password, then commands. */
import { timingSafeEqual, createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../../config/index.ts';
import { ESL_LIMITS, ESL_LIMITS_UNAUTHENTICATED, serializeEslFrame, type EslCommand } from '../../wire/esl-frame.ts';
import type { Clock } from '../clock.ts';
import { handleCommand, type CommandServices } from './commands.ts';
import { EventSocketSession } from './session.ts';

export interface InboundServerOptions {
  readonly address: string;
  readonly port: number;
  readonly password: string;
  /** Addresses that may connect; others are told to go away. */
  readonly allows: (address: string) => boolean;
  readonly services: CommandServices;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface InboundServer {
  readonly port: number;
  readonly connections: number;
  stop(): Promise<void>;
}

const AUTHENTICATION_DEADLINE_MS = 25_000;
const MAX_CONNECTIONS = 200;

export async function startInboundServer(options: InboundServerOptions): Promise<InboundServer> {
  const sessions = new Set<EventSocketSession>();
  const server = createServer((socket) => accept(socket, options, sessions));
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options.port, options.address);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    get connections() {
      return sessions.size;
    },
    stop: () => close(server, sessions),
  };
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server, sessions: ReadonlySet<EventSocketSession>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const session of sessions) session.destroy();
  });
}

function accept(socket: Socket, options: InboundServerOptions, sessions: Set<EventSocketSession>): void {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  if (!options.allows(address)) {
    reject(socket, address, options.logger);
    return;
  }
  let authenticated = false;
  const session = new EventSocketSession({
    socket,
    clock: options.clock,
    logger: options.logger,
    limits: ESL_LIMITS_UNAUTHENTICATED,
    handle: async (command) => {
      if (!authenticated) authenticated = authenticate(command, session, options);
      else await handleCommand({ services: options.services, session, own: undefined }, command);
      if (authenticated) deadline.cancel();
    },
    closed: () => {
      deadline.cancel();
      unsubscribe();
      sessions.delete(session);
    },
  });
  const deadline = options.clock.startTimer('event socket authentication', AUTHENTICATION_DEADLINE_MS, () =>
    session.destroy(),
  );
  const unsubscribe = session.listenTo(options.services.bus);
  sessions.add(session);
  session.send(serializeEslFrame([['Content-Type', 'auth/request']]));
}

function reject(socket: Socket, address: string, logger: Logger): void {
  logger.warn({ address }, 'an event socket connection is refused: its address is not allowed');
  socket.on('error', () => socket.destroy());
  socket.end(serializeEslFrame([['Content-Type', 'text/rude-rejection']], 'Access Denied, go away.\n'));
  socket.resume();
}

/** One try: a wrong password ends the connection. */
function authenticate({ line }: EslCommand, session: EventSocketSession, options: InboundServerOptions): boolean {
  const given = /^auth (.*)$/i.exec(line)?.[1]?.trim();
  if (given !== undefined && sameText(given, options.password)) {
    session.limits = ESL_LIMITS;
    session.reply('+OK accepted');
    return true;
  }
  session.reply(/^exit/i.test(line) ? '+OK bye' : given === undefined ? '-ERR command not found' : '-ERR invalid');
  session.disconnect();
  return false;
}

/** In a time that tells nothing about either text. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
