/** One entry of the API: what it is called, who may call it, what goes in and out. Routing and OpenAPI follow from it. */
import type { z } from 'zod';
import type { Pass, Person, Role } from '../../store/index.ts';

/**
 * Everybody; whoever is logged in with one of these roles (root may do everything); or whoever has the token of a
 * participant, which is no login: it holds for one conference.
 */
export type Access = 'public' | 'participant' | readonly (Role | 'participant')[];

export interface OperationInput<Body, Query> {
  /** Whoever is logged in; for public operations, and for participants, nobody. */
  readonly person: Person;
  /** Of a participant; null for everybody else. */
  readonly pass: Pass | null;
  readonly token: string;
  readonly body: Body;
  readonly query: Query;
  readonly params: Readonly<Record<string, string>>;
  /** Of the client, behind our proxies. */
  readonly address: string;
}

export interface Definition<B extends z.ZodType, Q extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As express writes it, below /api/v1. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly body?: B;
  readonly query?: Q;
  readonly answers: { readonly status: 200 | 201 | 204; readonly schema?: z.ZodType; readonly description: string };
  /** Resolves with the body of the answer. */
  readonly handle: (input: OperationInput<z.output<B>, z.output<Q>>) => Promise<unknown>;
}

/** An operation whose types have been checked against its handler; the router needs only this. */
export type Operation = Omit<Definition<z.ZodType, z.ZodType>, 'handle'> & {
  readonly handle: (input: OperationInput<unknown, unknown>) => Promise<unknown>;
};

export function operation<B extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodType<object>>(
  definition: Definition<B, Q>,
): Operation {
  const { handle, ...rest } = definition;
  return {
    ...rest,
    // The router passes only what `body` and `query` have checked.
    handle: (input) => handle(input as OperationInput<z.output<B>, z.output<Q>>),
  };
}

/** Absent and undefined are the same in a request: `{announce: undefined}` must not overwrite a default. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
