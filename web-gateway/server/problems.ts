/** Errors as problem details (RFC 9457), with the codes of the catalogue. */
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { z } from 'zod';
import { PartylineError, type ErrorCode, type Problem } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import { problemPage } from './pages/problem-page.ts';

/** A request that does not fit its schema; tells which fields, never what they held. */
export class InvalidRequest extends PartylineError {
  readonly fields: readonly { path: string; message: string }[];

  constructor(fields: readonly { path: string; message: string }[], detail?: string) {
    super('request/invalid', detail === undefined ? {} : { detail });
    this.fields = fields;
  }
}

const MOST_FIELDS = 20;
const MOST_PATH_CHARACTERS = 100;

/** @throws InvalidRequest */
export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidRequest(
    result.error.issues.slice(0, MOST_FIELDS).map((issue) => ({
      path: issue.path.map(String).join('.').slice(0, MOST_PATH_CHARACTERS),
      message: issue.code === 'unrecognized_keys' ? 'holds a field that is not known here' : issue.message,
    })),
  );
}

export function problemOf(error: PartylineError): Problem {
  const { code, entry, detail } = error;
  return {
    type: `urn:partyline:error:${code}`,
    title: entry.text,
    status: entry.http ?? 500,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(error instanceof InvalidRequest && error.fields.length > 0 ? { fields: [...error.fields] } : {}),
  };
}

/** What express and its body parser throw, in our words. */
const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  'entity.parse.failed': 'request/invalid',
  'entity.verify.failed': 'request/invalid',
  'request.aborted': 'request/invalid',
  'request.size.invalid': 'request/invalid',
  'parameters.too.many': 'request/too-large',
  'entity.too.large': 'request/too-large',
  'encoding.unsupported': 'request/unsupported-type',
  'charset.unsupported': 'request/unsupported-type',
};

export function toPartylineError(error: unknown): PartylineError {
  if (error instanceof PartylineError) return error;
  if (!(error instanceof Error)) return new PartylineError('internal/unexpected', { cause: error });
  const type = 'type' in error && typeof error.type === 'string' ? error.type : '';
  const code = PARSER_ERRORS[type];
  if (code !== undefined) return new PartylineError(code);
  // The path does not decode: `/%zz`.
  if (error instanceof URIError) return new PartylineError('request/invalid');
  const status = 'status' in error ? error.status : undefined;
  if (typeof status === 'number' && status >= 400 && status < 500) return new PartylineError('request/invalid');
  return new PartylineError('internal/unexpected', { cause: error });
}

/** The last middleware. What went wrong on our side is logged here, once, and not told. */
export function createProblemHandler(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    const error = toPartylineError(thrown);
    if (error.entry.fault === 'us') {
      logger.error({ err: thrown, method: request.method, route: response.locals['route'] }, 'a request failed');
    }
    if (response.headersSent) {
      next(thrown);
      return;
    }
    if (isForPeople(request)) sendProblemPage(response, error);
    else sendProblem(response, error);
  };
}

/** The API answers programs; elsewhere whoever asks for HTML is a browser. */
function isForPeople(request: Request): boolean {
  if (request.originalUrl.startsWith('/api/')) return false;
  return request.originalUrl.startsWith('/setup/') || request.accepts(['json', 'html']) === 'html';
}

function sendProblem(response: Response, error: PartylineError): void {
  const problem = problemOf(shownError(error));
  if (problem.status === 401) response.set('WWW-Authenticate', 'Bearer');
  setStatus(response, problem.status, error.retryAfterMs).type('application/problem+json');
  response.send(JSON.stringify(problem));
}

function sendProblemPage(response: Response, error: PartylineError): void {
  const { code, entry } = shownError(error);
  setStatus(response, entry.http ?? 500, error.retryAfterMs)
    .type('html')
    .send(problemPage(code, entry.text));
}

/** What has no HTTP status is none of the client's business. */
function shownError(error: PartylineError): PartylineError {
  return error.entry.http === undefined ? new PartylineError('internal/unexpected') : error;
}

function setStatus(response: Response, status: number, retryAfterMs = status === 503 ? 1_000 : undefined): Response {
  if (retryAfterMs !== undefined) response.set('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  return response.status(status).set('Cache-Control', 'no-store');
}
