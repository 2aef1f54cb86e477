/** What is known of every request: the client's address, the route it met, how long it took. */
import type { RequestHandler, Response } from 'express';
import { Histogram, type Registry } from 'prom-client';
import type { Logger } from '../../config/index.ts';

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);
const UNMATCHED = 'unmatched';
const METRIC = 'partyline_http_request_duration_seconds';

type FindAddress = (peer: string | undefined, forwardedFor: string | undefined) => string;

/** First in line. The route's pattern is logged and counted, never the URL: it may hold a token. */
export function createRequestContext(parts: {
  findAddress: FindAddress;
  logger: Logger;
  metrics: Registry;
}): RequestHandler {
  const durations = durationsOf(parts.metrics);
  return (request, response, next) => {
    const startedAt = performance.now();
    const forwardedFor = request.headers['x-forwarded-for'];
    const address = parts.findAddress(request.socket.remoteAddress, joined(forwardedFor));
    response.locals['address'] = address;
    response.once('close', () => {
      const milliseconds = performance.now() - startedAt;
      const method = KNOWN_METHODS.has(request.method) ? request.method : 'other';
      const route = routeOf(response);
      // 499: the client left before the answer was complete.
      const status = response.writableFinished ? response.statusCode : 499;
      durations.observe({ method, route, status: String(status) }, milliseconds / 1_000);
      parts.logger.debug({ method, route, status, address, milliseconds: Math.round(milliseconds) }, 'http request');
    });
    next();
  };
}

export function addressOf(response: Response): string {
  const address: unknown = response.locals['address'];
  return typeof address === 'string' ? address : 'unknown';
}

/** Names the route for logs and metrics. */
export function describeRoute(pattern: string): RequestHandler {
  return (_request, response, next) => {
    response.locals['route'] = pattern;
    next();
  };
}

function routeOf(response: Response): string {
  const route: unknown = response.locals['route'];
  return typeof route === 'string' ? route : UNMATCHED;
}

/** Node joins repeated headers of this name with a comma; the type allows a list. */
const joined = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : value);

function durationsOf(metrics: Registry): Histogram<'method' | 'route' | 'status'> {
  const known = metrics.getSingleMetric(METRIC);
  if (known instanceof Histogram) return known;
  return new Histogram({
    name: METRIC,
    help: 'Duration of HTTP requests by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS_SECONDS,
    registers: [metrics],
  });
}
