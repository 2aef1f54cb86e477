/** Mounts the operations below /api/v1: limits, body, authentication, schema, handler, answer; in that order. */
import express, { type RequestHandler, type Response, type Router } from 'express';
import { PartylineError } from '../../config/contract/index.ts';
import type { Store } from '../../store/index.ts';
import { admit } from './authentication.ts';
import type { Operation, OperationInput } from './operation.ts';
import { check, InvalidRequest } from './problems.ts';
import { addressOf, describeRoute } from './request-context.ts';

const MOST_BODY_BYTES = 100 * 1_024;
const MOST_DEPTH = 16;

export function createApiRouter(store: Store, operations: readonly Operation[], limit: RequestHandler): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use(noStore, limit);
  for (const [path, group] of byPath(operations)) {
    const route = router.route(path);
    route.all(describeRoute(`/api/v1${path}`));
    for (const each of group) {
      const hasBody = each.body !== undefined || each.method === 'post';
      route[each.method](...(hasBody ? readBody() : []), serve(store, each));
    }
    route.all(methodNotAllowed(group));
  }
  return router;
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

function byPath(operations: readonly Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const each of operations) groups.set(each.path, [...(groups.get(each.path) ?? []), each]);
  return groups;
}

function methodNotAllowed(group: readonly Operation[]): RequestHandler {
  const methods = group.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (request, response) => {
    response.set('Allow', allow);
    if (request.method !== 'OPTIONS') throw new PartylineError('request/method-not-allowed');
    response.status(204).end();
  };
}

function readBody(): RequestHandler[] {
  return [
    (request, _response, next) => {
      const hasBody =
        request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
      if (hasBody && request.is('application/json') === false) throw new PartylineError('request/unsupported-type');
      next();
    },
    express.json({ limit: MOST_BODY_BYTES, strict: true, type: 'application/json' }),
    (request, _response, next) => {
      if (depthExceeds(request.body, MOST_DEPTH)) throw new InvalidRequest([], 'The body is nested too deeply.');
      next();
    },
  ];
}

/** Level by level, so that a deep value cannot use up the stack. */
export function depthExceeds(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values<unknown>({ ...each }) : [],
    );
  }
  return false;
}

function serve(store: Store, each: Operation): RequestHandler {
  return async (request, response) => {
    const input: OperationInput<unknown, unknown> = {
      ...(await admit(store, request, each.access)),
      body: each.body === undefined ? undefined : check(each.body, request.body ?? {}),
      query: each.query === undefined ? {} : check(each.query, request.query),
      params: request.params as Record<string, string>,
      address: addressOf(response),
    };
    send(response, each, await each.handle(input));
  };
}

function send(response: Response, each: Operation, body: unknown): void {
  response.status(each.answers.status);
  if (each.answers.schema === undefined) response.end();
  // What the schema does not name does not leave the house.
  else response.json(each.answers.schema.parse(body));
}
