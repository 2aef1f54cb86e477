/** The browser application: its page at every address it knows, and its files, which never change under one name. */
import express, { type RequestHandler, type Router } from 'express';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { PartylineError } from '../../config/contract/index.ts';
import { startPage } from './pages/start-page.ts';
import type { GatewayParts } from './parts.ts';
import { describeRoute } from './request-context.ts';

const BUILT = fileURLToPath(new URL('../client/dist', import.meta.url));
const YEAR_SECONDS = 31_536_000;
/** As in client/src/app.tsx. */
const ADDRESSES = ['/', '/j/:way', '/room', '/admin'];

/**
 * The page is read once: a build under a running service must not mix its pages. Before anything was built there is a page
 * that works without it.
 */
export function createClientPages(parts: Pick<GatewayParts, 'dial' | 'settings' | 'clientDir'>): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  const folder = parts.clientDir ?? BUILT;
  const about = startPage(parts.dial, parts.settings.codeTries);
  const file = path.join(folder, 'index.html');
  const page = existsSync(file) ? readFileSync(file, 'utf8') : about;
  for (const address of ADDRESSES) router.route(address).all(describeRoute(address)).get(sendPage(page)).all(onlyGet);
  router.route('/about').all(describeRoute('/about')).get(sendPage(about)).all(onlyGet);
  router.use('/app', describeRoute('/app/*'), serveFiles(path.join(folder, 'app')));
  return router;
}

const sendPage =
  (page: string): RequestHandler =>
  (_request, response) =>
    // `no-cache` asks whether it is still the same; with the bare page that costs less than keeping it.
    void response.set('Cache-Control', 'no-cache').type('html').send(page);

function serveFiles(folder: string): RequestHandler {
  if (!existsSync(folder)) return (_request, _response, next) => next();
  const serve = sirv(folder, { etag: true, immutable: true, maxAge: YEAR_SECONDS, gzip: true, brotli: true });
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      onlyGet(request, response, next);
      return;
    }
    serve(request, response, () => next());
  };
}

export const onlyGet: RequestHandler = (request, response) => {
  response.set('Allow', 'GET, HEAD, OPTIONS');
  if (request.method !== 'OPTIONS') throw new PartylineError('request/method-not-allowed');
  response.status(204).end();
};
