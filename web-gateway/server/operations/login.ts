import {
  loginRequest,
  loginResponse,
  PartylineError,
  personView,
  type PersonView,
} from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import { DEFAULT_TENANT_ID, type Person, type Store } from '../../../store/index.ts';
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
 * Per address and per e-mail address, before any password is looked at: a flood costs us no argon2.
 * @returns to be called when the password was right
 * @throws PartylineError request/rate-limited
 */
export async function limitLogin(store: Store, email: string, address: string): Promise<() => Promise<void>> {
  const ofAddress = await store.limits.consume('login-address', limitKeyOf(address));
  const retryAfterMs = ofAddress > 0 ? ofAddress : await store.limits.consume('login', emailKey(email));
  if (retryAfterMs > 0) throw new PartylineError('request/rate-limited', { retryAfterMs });
  return async () => {
    await Promise.all([
      store.limits.reset('login', emailKey(email)),
      store.limits.giveBack('login-address', limitKeyOf(address)),
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
