/** The express application: headers, pages, API, problems; in that order. */
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { PartylineError } from '../../config/contract/index.ts';
import { createApiRouter } from './api-router.ts';
import { createAddressFinder } from './client-address.ts';
import { describeApi } from './openapi.ts';
import type { Operation } from './operation.ts';
import { conferenceOperations } from './operations/conferences.ts';
import { inviteeOperations } from './operations/invitees.ts';
import { joinOperations } from './operations/join.ts';
import { liveOperations } from './operations/live.ts';
import { loginOperations } from './operations/login.ts';
import { peopleOperations } from './operations/people.ts';
import { tenantOperations } from './operations/tenant.ts';
import { roomOperations } from './operations/rooms.ts';
import type { GatewayParts } from './parts.ts';
import { createProblemHandler } from './problems.ts';
import { createRequestContext, describeRoute } from './request-context.ts';
import { API_LIMITS, limitRequests, type ApiLimits } from './request-limit.ts';
import { createServiceRouter } from './service-router.ts';
import { createSetupRouter } from './setup-router.ts';

const API_VERSION = '1';

export function createApp(parts: GatewayParts, apiLimits: ApiLimits = API_LIMITS): Express {
  const { settings, logger, store, metrics } = parts;
  const operations = apiOperations(parts);
  const limit = limitRequests(apiLimits);
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('strict routing').enable('case sensitive routing');
  app.use(createRequestContext({ findAddress: createAddressFinder(settings.trustProxy), logger, metrics }));
  app.use(securityHeaders(settings.publicUrl));
  app.use(createServiceRouter(parts));
  app.use('/setup', createSetupRouter(store, limit));
  app.get(
    '/api/v1/openapi.json',
    describeRoute('/api/v1/openapi.json'),
    serveJson(describeApi(operations, API_VERSION)),
  );
  app.use('/api/v1', createApiRouter(store, operations, limit));
  app.use(() => {
    throw new PartylineError('request/not-found');
  });
  app.use(createProblemHandler(logger));
  return app;
}

export function apiOperations(
  parts: Pick<GatewayParts, 'store' | 'settings' | 'logger' | 'dial'>,
): readonly Operation[] {
  return [
    ...loginOperations(parts.store, parts.settings.loginHours, parts.logger),
    ...joinOperations(parts),
    ...conferenceOperations(parts.store),
    ...inviteeOperations(parts.store),
    ...tenantOperations(parts.store),
    ...peopleOperations(parts.store, parts.settings.loginHours),
    ...roomOperations(parts.store),
    ...liveOperations(parts.store),
  ];
}

const serveJson =
  (value: object): RequestHandler =>
  (_request, response) =>
    void response.json(value);

/** HSTS only where people come by https: on a plain http address it would do nothing but puzzle. */
function securityHeaders(publicUrl: string | undefined): RequestHandler {
  const secure = publicUrl?.startsWith('https:') ?? false;
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: secure,
    crossOriginOpenerPolicy: secure,
    originAgentCluster: secure,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  }) as RequestHandler;
}
