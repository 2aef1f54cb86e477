/** Bearer tokens (RFC 6750), in the Authorization header only: no cookies, nothing in the URL. */
import type { Request } from 'express';
import { PartylineError } from '../../config/contract/index.ts';
import type { Pass, Person, Role, Store } from '../../store/index.ts';
import type { Access } from './operation.ts';

const BEARER = /^Bearer ([A-Za-z0-9_-]{43})$/i;

/** Who is asking: somebody logged in, or a participant of one conference, or nobody that is known. */
export interface Caller {
  readonly person: Person;
  readonly pass: Pass | null;
  readonly token: string;
}

const NOBODY: Person = { id: '', tenantId: '', email: '', name: '', roles: [], createdAt: 0, securityStamp: '' };

/** The token of a login. It ends with its life, at logout, and when the person's password changes. */
export function issueLogin(store: Store, person: Person, lifeMs: number): Promise<string> {
  return store.tokens.issue('login', subjectOf(person), lifeMs);
}

const subjectOf = ({ id, securityStamp }: Person) => `${id}.${securityStamp}`;

/** @throws PartylineError auth/required, auth/forbidden */
export async function admit(store: Store, request: Request, access: Access): Promise<Caller> {
  if (access === 'public') return { person: NOBODY, pass: null, token: '' };
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new PartylineError('auth/required');
  const allowed = access === 'participant' ? [access] : access;
  const pass = allowed.includes('participant') ? await store.passes.check(token) : null;
  if (pass !== null) return { person: NOBODY, pass, token };
  const person = access === 'participant' ? null : await personOf(store, token);
  if (person === null) throw new PartylineError('auth/required');
  if (!hasRole(person, allowed)) throw new PartylineError('auth/forbidden');
  return { person, pass: null, token };
}

/** Whoever is logged in with this token. */
async function personOf(store: Store, token: string): Promise<Person | null> {
  const subject = await store.tokens.check('login', token);
  const person = subject === null ? null : await store.people.get(subject.split('.')[0]!);
  return person !== null && subject === subjectOf(person) ? person : null;
}

export function hasRole(person: Person, allowed: readonly (Role | 'participant')[]): boolean {
  return person.roles.some((role) => role === 'root' || allowed.includes(role));
}
