/** What is neither the API nor the application: style, health, readiness, metrics. */
import express, { type Request, type RequestHandler, type Router } from 'express';
import { health, PartylineError, readiness } from '../../config/contract/index.ts';
import { createRangeCheck } from './client-address.ts';
import { onlyGet } from './client-pages.ts';
import { ICON, STYLE } from './pages/assets.ts';
import type { GatewayParts, Readiness } from './parts.ts';
import { addressOf, describeRoute } from './request-context.ts';

const READINESS_MS = 2_000;
const ASSET_SECONDS = 3_600;

export function createServiceRouter(parts: GatewayParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const get = (path: string, handler: RequestHandler) =>
    router.route(path).all(describeRoute(path)).get(handler).all(onlyGet);

  get('/assets/style.css', asset('text/css', STYLE));
  get('/assets/icon.svg', asset('image/svg+xml', ICON));
  get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json(health.parse({ status: 'ok' }));
  });
  get('/readyz', async (_request, response) => {
    const state = await askReadiness(parts);
    response.set('Cache-Control', 'no-store').status(state.ready ? 200 : 503);
    response.json(readiness.parse(state));
  });
  const mayReadMetrics = createRangeCheck(parts.settings.metricsSources);
  get('/metrics', async (request, response) => {
    if (hasUnknownProxy(request, parts.settings.trustProxy) || !mayReadMetrics(addressOf(response))) {
      throw new PartylineError('request/address-refused');
    }
    response
      .set('Cache-Control', 'no-store')
      .type(parts.metrics.contentType)
      .send(await parts.metrics.metrics());
  });
  return router;
}

/** Behind a proxy on this machine that the settings do not name, everybody would have this machine's address. */
function hasUnknownProxy(request: Request, trustProxy: readonly string[]): boolean {
  return trustProxy.length === 0 && ['x-forwarded-for', 'forwarded', 'via'].some((name) => name in request.headers);
}

function asset(type: string, text: string): RequestHandler {
  return (_request, response) => {
    response.set('Cache-Control', `public, max-age=${ASSET_SECONDS}`).type(type).send(text);
  };
}

/** Whoever cannot say in time whether it is ready is not. */
async function askReadiness(parts: GatewayParts): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => resolve({ ready: false, reasons: ['the check took too long'] }), READINESS_MS);
  });
  try {
    return await Promise.race([parts.readiness(), late]);
  } catch (error) {
    parts.logger.error({ err: error }, 'the readiness check failed');
    return { ready: false, reasons: ['the check failed'] };
  } finally {
    clearTimeout(timer);
  }
}
