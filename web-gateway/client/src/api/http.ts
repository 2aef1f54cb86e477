/** The HTTP API, as the pages use it: JSON in and out, problems (RFC 9457) as errors. No cookies travel. */
import type { Problem } from '../../../../config/contract/index.ts';

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  /** 0 when there was no answer at all. */
  readonly status: number;
  /** Of the error catalogue; `network` when there was no answer. */
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: readonly { path: string; message: string }[];

  constructor(status: number, problem: Partial<Problem>, retryAfterSeconds?: number) {
    super([problem.title, problem.detail].filter(Boolean).join(' ') || 'The server cannot be reached.');
    this.status = status;
    this.code = problem.code ?? (status === 0 ? 'network' : 'internal/unexpected');
    this.fields = problem.fields ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface ApiOptions {
  readonly token?: string;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/** @throws ApiProblem */
export async function api<T>(method: 'GET' | 'POST', path: string, options: ApiOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  const body = parse(text);
  if (response.ok) return body as T;
  const seconds = Number(response.headers.get('retry-after'));
  throw new ApiProblem(response.status, body ?? {}, seconds > 0 ? seconds : undefined);
}

async function send(method: string, path: string, { token, body, signal }: ApiOptions): Promise<Response> {
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      credentials: 'omit',
      cache: 'no-store',
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiProblem(0, {});
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
