/** The HTTP server around the application: limits on time and size, and an end that comes in bounded time. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CertificateSource } from './certificate.ts';

const SECOND_MS = 1_000;

export interface HttpLimits {
  /** Milliseconds until all headers must be there: whoever drips them is cut off. */
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly headerBytes: number;
  readonly headers: number;
  readonly requestsPerSocket: number;
  readonly connections: number;
  /** What `stop` gives requests that are being answered. */
  readonly graceMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersMs: 10 * SECOND_MS,
  requestMs: 30 * SECOND_MS,
  keepAliveMs: 5 * SECOND_MS,
  headerBytes: 16 * 1_024,
  headers: 100,
  requestsPerSocket: 1_000,
  connections: 4_000,
  graceMs: 3 * SECOND_MS,
};

const IDLE_CHECK_MS = 50;

export interface HttpServer {
  readonly port: number;
  /**
   * Idempotent; resolves when the last connection is gone, within the grace time. What was upgraded is its owner's to
   * close.
   */
  stop(): Promise<void>;
}

export interface HttpServerOptions {
  readonly listener: RequestListener;
  /** What is not taken over must be answered or destroyed. */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly address: string;
  readonly port: number;
  readonly limits?: HttpLimits;
  /** With it, https. */
  readonly certificate?: CertificateSource;
}

/** @throws Error of node:net when the address is in use or not ours */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { address, port, limits = HTTP_LIMITS } = options;
  const server = createAnyServer(options, limits);
  server.on('upgrade', options.onUpgrade);
  server.maxHeadersCount = limits.headers;
  server.maxRequestsPerSocket = limits.requestsPerSocket;
  server.maxConnections = limits.connections;
  server.listen(port, address);
  await once(server, 'listening');
  let stopped: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => (stopped ??= stopServer(server, limits.graceMs)),
  };
}

function createAnyServer({ listener, certificate }: HttpServerOptions, limits: HttpLimits): Server {
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(limits.headersMs, SECOND_MS),
    requireHostHeader: true,
    insecureHTTPParser: false,
  };
  if (certificate === undefined) return createServer(options, listener);
  const tls = ({ certificate: cert, key }: CertificateSource['current']) =>
    ({ cert, key, minVersion: 'TLSv1.2' }) as const;
  const server = createTlsServer(
    { ...options, ...tls(certificate.current), handshakeTimeout: limits.headersMs },
    listener,
  );
  certificate.onChange((fresh) => server.setSecureContext(tls(fresh)));
  return server;
}

async function stopServer(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection becomes idle when its request is answered; the client may keep it open for ever.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const enough = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(enough);
}
