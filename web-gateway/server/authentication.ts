/** Bearer tokens (RFC 6750), in the Authorization header only: no cookies, nothing in the URL. */
import type { Request } from 'express';
import { PartylineError } from '../../config/contract/index.ts';
import type { Person, Role, Store } from '../../store/index.ts';

const BEARER = /^Bearer ([A-Za-z0-9_-]{43})$/i;

export interface Login {
  readonly person: Person;
  readonly token: string;
}

/** The token of a login. It ends with its life, at logout, and when the person's password changes. */
export function issueLogin(store: Store, person: Person, lifeMs: number): Promise<string> {
  return store.tokens.issue('login', subjectOf(person), lifeMs);
}

const subjectOf = ({ id, securityStamp }: Person) => `${id}.${securityStamp}`;

/** @throws PartylineError auth/required */
export async function authenticate(store: Store, request: Request): Promise<Login> {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new PartylineError('auth/required');
  const subject = await store.tokens.check('login', token);
  const person = subject === null ? null : await store.people.get(subject.split('.')[0]!);
  if (person === null || subject !== subjectOf(person)) throw new PartylineError('auth/required');
  return { person, token };
}

/** @throws PartylineError auth/forbidden */
export function authorize(person: Person, roles: readonly Role[]): void {
  if (!hasRole(person, roles)) throw new PartylineError('auth/forbidden');
}

export function hasRole(person: Person, roles: readonly Role[]): boolean {
  return person.roles.some((role) => role === 'root' || roles.includes(role));
}
