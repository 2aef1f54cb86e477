/** A gateway on a free port over a test's Redis, and a small HTTP client that shows everything of an answer. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { loadSettings } from '../../config/index.ts';
import type { Store } from '../../store/index.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../web-gateway/server/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  json(): Record<string, unknown>;
}

export async function startTestGateway(store: Store, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  return startGateway({
    settings: loadSettings({ environment: {}, overrides: { httpPort: 0 } }),
    logger: pino({ level: 'silent' }),
    store,
    readiness: () => Promise.resolve({ ready: true, reasons: [] }),
    metrics: new Registry(),
    ...options,
  });
}

/** @param body objects are sent as JSON, text as it is */
export async function call(
  gateway: { port: number },
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string | string[]>; token?: string } = {},
): Promise<Answer> {
  const body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
  const request = httpRequest({
    host: '127.0.0.1',
    port: gateway.port,
    method,
    path,
    agent: false,
    headers: {
      ...(options.body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
  });
  request.end(options.body === undefined ? undefined : body);
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}
