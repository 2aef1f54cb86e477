/** The pages behind the one-time admin link: GET shows the form, POST redeems the link. They work without JavaScript. */
import express, { type RequestHandler, type Response, type Router } from 'express';
import { firstAdminRequest, PartylineError } from '../../config/contract/index.ts';
import type { Store } from '../../store/index.ts';
import { limitKeyOf } from './client-address.ts';
import { isLinkGood, redeemAdminLink } from './first-admin.ts';
import { setupDonePage, setupPage } from './pages/setup-page.ts';
import { check, InvalidRequest } from './problems.ts';
import { addressOf, describeRoute } from './request-context.ts';

const MOST_FORM_BYTES = 4 * 1_024;
const MOST_FIELDS = 10;

export function createSetupRouter(store: Store, limit: RequestHandler): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router
    .route('/:token')
    .all(describeRoute('/setup/:token'), noStore, limit, limitTries(store))
    .get(async (request, response) => {
      if (!(await isLinkGood(store, request.params.token))) throw new PartylineError('auth/link-used');
      sendPage(response, 200, setupPage({ email: '', errors: {} }));
    })
    .post(
      express.urlencoded({ extended: false, limit: MOST_FORM_BYTES, parameterLimit: MOST_FIELDS }),
      async (request, response) => {
        // Looked at first: whoever mistypes an address may try again with the same link.
        if (!(await isLinkGood(store, request.params.token))) throw new PartylineError('auth/link-used');
        const form = readForm(request.body, response);
        if (form === undefined) return;
        const person = await redeemAdminLink(store, request.params.token, form);
        sendPage(response, 201, setupDonePage(person.email));
      },
    )
    .all((request, response) => {
      response.set('Allow', 'GET, HEAD, POST, OPTIONS');
      if (request.method !== 'OPTIONS') throw new PartylineError('request/method-not-allowed');
      response.status(204).end();
    });
  return router;
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

function limitTries(store: Store): RequestHandler {
  return async (_request, response, next) => {
    const retryAfterMs = await store.limits.consume('login-address', limitKeyOf(addressOf(response)));
    if (retryAfterMs > 0) throw new PartylineError('request/rate-limited', { retryAfterMs });
    next();
  };
}

/** Answers by itself, with the form again, when something in it is wrong. */
function readForm(body: unknown, response: Response): { email: string; password: string } | undefined {
  try {
    return check(firstAdminRequest, body ?? {});
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    const email = typeof body === 'object' && body !== null && 'email' in body ? body.email : '';
    const errors = Object.fromEntries(error.fields.map(({ path, message }) => [path, message]));
    sendPage(response, 400, setupPage({ email: typeof email === 'string' ? email.slice(0, 254) : '', errors }));
    return undefined;
  }
}

function sendPage(response: Response, status: number, text: string): void {
  response.status(status).type('html').send(text);
}
