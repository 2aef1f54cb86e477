/** Where there is https, whoever comes from elsewhere by plain http is sent there: codes and tokens do not travel open. */
import type { RequestHandler } from 'express';
import { PartylineError } from '../../config/contract/index.ts';
import { createRangeCheck } from './client-address.ts';
import { addressOf } from './request-context.ts';

const isLocal = createRangeCheck(['127.0.0.0/8', '::1/128']);
const HTTPS_PORT = 443;

export function redirectToHttps(httpsPort: () => number | undefined): RequestHandler {
  return (request, response, next) => {
    const port = httpsPort();
    if (port === undefined || request.secure || isLocal(addressOf(response))) {
      next();
      return;
    }
    const host = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d+)?$/i.exec(request.headers.host ?? '')?.[1];
    if (host === undefined) throw new PartylineError('request/invalid');
    // 308: with the same method and body.
    response.redirect(308, `https://${host}${port === HTTPS_PORT ? '' : `:${port}`}${request.originalUrl}`);
  };
}
