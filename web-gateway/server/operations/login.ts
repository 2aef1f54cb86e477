import {
  loginRequest,
  loginResponse,
  PartylineError,
  personView,
  type PersonView,
} from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import { DEFAULT_TENANT_ID, type LimitRule, type Person, type Store } from '../../../store/index.ts';
import { issueLogin } from '../authentication.ts';
import { limitKeyOf } from '../client-address.ts';
import { operation, type Operation } from '../operation.ts';

const HOUR_MS = 60 * 60 * 1_000;
/** Logins are for everybody who is logged in; the role decides what they may do afterwards. */
export const ANYBODY = ['admin', 'moderator', 'presenter', 'tsr', 'client', 'prospect'] as const;

export function loginOperations(store: Store, loginHours: number, logger: Logger): Operation[] {
  const login = operation({
    method: 'post',
    path: '/login',
    summary: 'Exchange an e-mail address and a password for a token',
    access: 'public',
    body: loginRequest,
    answers: { status: 200, schema: loginResponse, description: 'A token for the Authorization header.' },
    handle: async ({ body, address }) => {
      const settle = await limitLogin(store, body.email, address);
      const person = await store.people.verifyPassword(body.email, body.password);
      if (person === null) {
        await note(store, logger, DEFAULT_TENANT_ID, { type: 'login.refused', email: body.email, address });
        throw new PartylineError('auth/wrong-credentials');
      }
      await settle();
      const life = Math.round(loginHours * HOUR_MS);
      const expiresAt = Date.now() + life;
      const token = await issueLogin(store, person, life);
      await note(store, logger, person.tenantId, { type: 'login.accepted', personId: person.id, address });
      return { token, expiresAt };
    },
  });

  const logout = operation({
    method: 'post',
    path: '/logout',
    summary: 'End the token at once',
    access: ANYBODY,
    answers: { status: 204, description: 'The token is worth nothing any more.' },
    handle: async ({ token }) => store.tokens.revoke('login', token),
  });

  const me = operation({
    method: 'get',
    path: '/me',
    summary: 'Who is logged in',
    access: ANYBODY,
    answers: { status: 200, schema: personView, description: 'The person the token belongs to.' },
    handle: async ({ person }) => toPersonView(person),
  });

  return [login, logout, me];
}

const emailKey = (email: string) => `email:${email.trim().toLowerCase()}`;

/**
 * Before any password is looked at, so that a flood costs us no argon2: per network; per e-mail address from one network;
 * and, more loosely, per e-mail address from all networks from which that person has not logged in. So nobody keeps
 * somebody else out of their own account by trying wrong passwords in their name.
 * @returns to be called when the password was right
 * @throws PartylineError request/rate-limited
 */
export async function limitLogin(store: Store, email: string, address: string): Promise<() => Promise<void>> {
  const { limits } = store;
  const network = limitKeyOf(address);
  const person = emailKey(email);
  const here = `${person} ${network}`;
  const known = await limits.knows(person, network);
  const counted: [rule: LimitRule, key: string][] = [
    ['login-address', network],
    ['login', here],
    ...(known ? [] : [['login-email', person] as [LimitRule, string]]),
  ];
  for (const [rule, key] of counted) {
    const retryAfterMs = await limits.consume(rule, key);
    if (retryAfterMs > 0) throw new PartylineError('request/rate-limited', { retryAfterMs });
  }
  return async () => {
    await Promise.all([
      limits.reset('login', here),
      limits.giveBack('login-address', network),
      ...(known ? [] : [limits.giveBack('login-email', person)]),
      limits.remember(person, network),
    ]);
  };
}

/** A login does not fail because the journal does. */
async function note(
  store: Store,
  logger: Logger,
  tenantId: string,
  entry: { type: string; [field: string]: unknown },
): Promise<void> {
  try {
    await store.journal.append(tenantId, { ...entry, at: Date.now() });
  } catch (error) {
    logger.warn({ err: error, entry: entry.type }, 'a login was not journalled');
  }
}

export function toPersonView(person: Person): PersonView {
  const { id, tenantId, email, name, roles } = person;
  return { id, tenantId, email, name, roles: [...roles] };
}
