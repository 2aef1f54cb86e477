/** The people of one's company. */
import {
  changePasswordRequest,
  changePasswordResponse,
  createPersonRequest,
  PartylineError,
  personList,
  personView,
} from '../../../config/contract/index.ts';
import type { Person, Role, Store } from '../../../store/index.ts';
import { issueLogin } from '../authentication.ts';
import { operation, type Operation } from '../operation.ts';
import { ANYBODY, limitLogin, toPersonView } from './login.ts';

const HOUR_MS = 60 * 60 * 1_000;

export function peopleOperations(store: Store, loginHours: number): Operation[] {
  const list = operation({
    method: 'get',
    path: '/people',
    summary: 'Everybody in one’s company who can log in',
    access: ['admin'],
    answers: { status: 200, schema: personList, description: 'The people, by name.' },
    handle: async ({ person }) => ({ people: (await store.people.list(person.tenantId)).map(toPersonView) }),
  });

  const create = operation({
    method: 'post',
    path: '/people',
    summary: 'Add somebody to one’s company',
    access: ['admin'],
    body: createPersonRequest,
    answers: { status: 201, schema: personView, description: 'The person.' },
    handle: async ({ person, body }) => {
      refuseHigherRoles(person, body.roles);
      const made = await store.people.create({ tenantId: person.tenantId, ...body });
      const entry = { type: 'person.created', personId: made.id, roles: [...made.roles], by: person.id };
      await store.journal.append(person.tenantId, { ...entry, at: Date.now() });
      return toPersonView(made);
    },
  });

  const changePassword = operation({
    method: 'post',
    path: '/me/password',
    summary: 'Change one’s own password; every login ends but the one in the answer',
    access: ANYBODY,
    body: changePasswordRequest,
    answers: { status: 200, schema: changePasswordResponse, description: 'A new token.' },
    handle: async ({ person, body, address }) => {
      // A stolen token must not be a place to guess the password at.
      const settle = await limitLogin(store, person.email, address);
      if ((await store.people.verifyPassword(person.email, body.password)) === null) {
        throw new PartylineError('auth/wrong-credentials');
      }
      await settle();
      await store.people.setPassword(person.id, body.newPassword);
      await store.journal.append(person.tenantId, {
        type: 'person.password-changed',
        personId: person.id,
        at: Date.now(),
      });
      const changed = await store.people.get(person.id);
      if (changed === null) throw new PartylineError('auth/required');
      const life = Math.round(loginHours * HOUR_MS);
      return { token: await issueLogin(store, changed, life), expiresAt: Date.now() + life };
    },
  });

  return [list, create, changePassword];
}

/** Root sees all companies: only root makes another. @throws PartylineError auth/forbidden */
function refuseHigherRoles(person: Person, roles: readonly Role[]): void {
  if (roles.includes('root') && !person.roles.includes('root')) throw new PartylineError('auth/forbidden');
}
