import { isIP } from 'node:net';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { Settings } from '../../config/index.ts';
import { createApp } from './app.ts';
import { startHttpServer, type HttpLimits } from './http-server.ts';
import type { GatewayParts } from './parts.ts';
import type { ApiLimits } from './request-limit.ts';

export interface Gateway {
  readonly port: number;
  /** Where people reach it: `publicUrl`, or the address it is bound to. No slash at the end. */
  readonly url: string;
  /** Stops accepting, lets running requests finish, resolves in bounded time. Idempotent. */
  stop(): Promise<void>;
}

export interface GatewayOptions extends GatewayParts {
  readonly apiLimits?: ApiLimits;
  readonly httpLimits?: HttpLimits;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, logger, metrics } = options;
  collectOnce(metrics);
  const app = createApp(options, options.apiLimits);
  const server = await startHttpServer(app, { address: settings.bind, port: settings.httpPort }, options.httpLimits);
  const url = (settings.publicUrl ?? localUrl(settings, server.port)).replace(/\/+$/, '');
  logger.info({ url }, 'web gateway listens');
  return { port: server.port, url, stop: () => server.stop() };
}

/** The process's own metrics, unless whoever handed in the registry collects them already. */
function collectOnce(metrics: Registry): void {
  if (metrics.getSingleMetric('process_cpu_user_seconds_total') === undefined)
    collectDefaultMetrics({ register: metrics });
}

function localUrl(settings: Settings, port: number): string {
  const wildcard = ['0.0.0.0', '::'].includes(settings.bind);
  const host = settings.advertisedAddress ?? (wildcard ? 'localhost' : settings.bind);
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
