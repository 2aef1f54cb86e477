/** The HTTP server around the application: limits on time and size, and an end that comes in bounded time. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

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
  /** Idempotent; resolves when the last connection is gone, within the grace time. */
  stop(): Promise<void>;
}

/** @throws Error of node:net when the address is in use or not ours */
export async function startHttpServer(
  listener: RequestListener,
  at: { address: string; port: number },
  limits: HttpLimits = HTTP_LIMITS,
): Promise<HttpServer> {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, SECOND_MS),
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    listener,
  );
  server.maxHeadersCount = limits.headers;
  server.maxRequestsPerSocket = limits.requestsPerSocket;
  server.maxConnections = limits.connections;
  server.listen(at.port, at.address);
  await once(server, 'listening');
  let stopped: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => (stopped ??= stopServer(server, limits.graceMs)),
  };
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
