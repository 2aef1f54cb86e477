import { isIP } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { SIP_PATH } from '../../config/contract/index.ts';
import type { Settings } from '../../config/index.ts';
import { createApp } from './app.ts';
import { openCertificate, type CertificateSource } from './certificate.ts';
import { createAddressFinder } from './client-address.ts';
import { limitConnections, type ConnectionRules } from './connection-limits.ts';
import { startHttpServer, type HttpLimits, type HttpServer } from './http-server.ts';
import { createOriginCheck } from './origin.ts';
import type { GatewayParts } from './parts.ts';
import type { ApiLimits } from './request-limit.ts';
import { createSipRelay, refuse, type SipRelay, type SipRelayLimits } from './sip-relay.ts';
import { createSocketServer, type SocketServer, type SocketServerLimits } from './socket/socket-server.ts';

export interface Gateway {
  readonly port: number;
  /** Of the listener for https; undefined without one. */
  readonly httpsPort: number | undefined;
  /** Browsers will warn of the certificate: we made it ourselves. */
  readonly selfSigned: boolean;
  /** Where people reach it: `publicUrl`, or the address it is bound to. No slash at the end. */
  readonly url: string;
  /** Stops accepting, lets running requests finish, resolves in bounded time. Idempotent. */
  stop(): Promise<void>;
}

export interface GatewayOptions extends GatewayParts {
  readonly apiLimits?: ApiLimits;
  readonly httpLimits?: HttpLimits;
  readonly socketLimits?: Partial<SocketServerLimits>;
  readonly sipLimits?: Partial<SipRelayLimits>;
  readonly connectionRules?: Partial<ConnectionRules>;
}

/** Sockets of pages; a browser in a room has one, and one for its sound. */
const MOST_CONNECTIONS = 20_000;
const OPENED_IN_TEN_SECONDS = 300;

/** @throws Error with a sentence when a certificate cannot be used; of node:net when a port cannot be opened */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, logger, metrics } = options;
  collectOnce(metrics);
  const certificate = settings.httpsPort === undefined ? undefined : await openCertificate(settings, logger);
  const pages = createPageServers(options);
  let secure: HttpServer | undefined;
  const app = createApp(options, options.apiLimits, () => secure?.port);
  const shared = {
    listener: (request: IncomingMessage, response: ServerResponse) => {
      if (pages.sockets.owns(request)) pages.sockets.handle(request, response);
      else app(request, response);
    },
    onUpgrade: pages.upgrade,
    address: settings.bind,
    ...(options.httpLimits === undefined ? {} : { limits: options.httpLimits }),
  };
  const plain = await startHttpServer({ ...shared, port: settings.httpPort });
  try {
    if (certificate !== undefined) {
      secure = await startHttpServer({ ...shared, port: settings.httpsPort ?? 0, certificate });
    }
  } catch (error) {
    await stopAll([plain], pages, certificate);
    throw error;
  }
  const url = (settings.publicUrl ?? localUrl(settings, plain.port, secure?.port)).replace(/\/+$/, '');
  logger.info({ url }, 'web gateway listens');
  const servers = secure === undefined ? [plain] : [plain, secure];
  let stopped: Promise<void> | undefined;
  return {
    port: plain.port,
    httpsPort: secure?.port,
    selfSigned: certificate?.selfSigned ?? false,
    url,
    stop: () => (stopped ??= stopAll(servers, pages, certificate)),
  };
}

interface PageServers {
  readonly sockets: SocketServer;
  readonly sip: SipRelay;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** What browsers hold open: the socket of the room, and SIP. */
function createPageServers(options: GatewayOptions): PageServers {
  const { settings, logger, store, sipWebSocket } = options;
  const findAddress = createAddressFinder(settings.trustProxy);
  const addressOf = ({ socket, headers }: IncomingMessage) => {
    const forwarded = headers['x-forwarded-for'];
    return findAddress(socket.remoteAddress, Array.isArray(forwarded) ? forwarded.join(',') : forwarded);
  };
  const rules: ConnectionRules = {
    perAddress: settings.browsersPerAddress,
    total: MOST_CONNECTIONS,
    opened: Math.max(OPENED_IN_TEN_SECONDS, settings.browsersPerAddress),
    ...options.connectionRules,
  };
  const isOurPage = createOriginCheck(settings.publicUrl);
  const sockets = createSocketServer({
    ...{ store, logger, isOurPage, addressOf },
    takeConnection: limitConnections(rules),
    ...(options.socketLimits === undefined ? {} : { limits: options.socketLimits }),
  });
  const sip = createSipRelay({
    ...{ target: sipWebSocket, logger, isOurPage },
    takeConnection: limitConnections(rules),
    ...(options.sipLimits === undefined ? {} : { limits: options.sipLimits }),
  });
  measure(options.metrics, sockets, sip);
  return {
    sockets,
    sip,
    upgrade: (request, socket, head) => {
      if (sockets.owns(request)) sockets.upgrade(request, socket, head);
      else if (request.url === SIP_PATH) void sip.upgrade(request, socket, head, addressOf(request));
      else refuse(socket, 404);
    },
  };
}

async function stopAll(
  servers: readonly HttpServer[],
  pages: PageServers,
  certificate: CertificateSource | undefined,
): Promise<void> {
  certificate?.stop();
  const closed = servers.map((server) => server.stop());
  pages.sip.stop();
  await pages.sockets.stop();
  await Promise.all(closed);
}

/** The process's own metrics, unless whoever handed in the registry collects them already. */
function collectOnce(metrics: Registry): void {
  if (metrics.getSingleMetric('process_cpu_user_seconds_total') === undefined)
    collectDefaultMetrics({ register: metrics });
}

function measure(metrics: Registry, sockets: SocketServer, sip: SipRelay): void {
  const gauge = (name: string, help: string, count: () => number) => {
    metrics.removeSingleMetric(name); // of a gateway before, in the same process
    return new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(count());
      },
    });
  };
  gauge('partyline_web_pages', 'Browser pages that are in a room.', () => sockets.count);
  gauge('partyline_web_sip_connections', 'Browsers whose SIP is passed on.', () => sip.count);
}

function localUrl(settings: Settings, port: number, httpsPort: number | undefined): string {
  const wildcard = ['0.0.0.0', '::'].includes(settings.bind);
  const host = settings.advertisedAddress ?? (wildcard ? 'localhost' : settings.bind);
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return httpsPort === undefined
    ? `http://${shown}:${port}`
    : `https://${shown}${httpsPort === 443 ? '' : `:${httpsPort}`}`;
}
