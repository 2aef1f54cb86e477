/** The company: what callers hear and press, and the decoys that tell when somebody guesses. */
import {
  changeTenantRequest,
  createdDecoys,
  createDecoysRequest,
  decoyList,
  keypadView,
  PartylineError,
  replaceKeypadRequest,
  tenantView,
  withDefaults,
} from '../../../config/contract/index.ts';
import type { Decoy, Person, Store, Tenant } from '../../../store/index.ts';
import { operation, withoutUndefined, type Operation } from '../operation.ts';

export function tenantOperations(store: Store): Operation[] {
  const get = operation({
    method: 'get',
    path: '/tenant',
    summary: 'One’s company',
    access: ['admin'],
    answers: { status: 200, schema: tenantView, description: 'The company.' },
    handle: async ({ person }) => findTenant(store, person),
  });

  const patch = operation({
    method: 'patch',
    path: '/tenant',
    summary: 'Change the company; what is not named stays as it is',
    access: ['admin'],
    body: changeTenantRequest,
    answers: { status: 200, schema: tenantView, description: 'The company as it is now.' },
    handle: async ({ person, body }) => store.tenants.change(person.tenantId, withoutUndefined(body)),
  });

  const keypad = operation({
    method: 'get',
    path: '/keypad',
    summary: 'The keys people press in a room',
    access: ['participant', 'admin', 'moderator', 'presenter'],
    answers: { status: 200, schema: keypadView, description: 'The keys of every action.' },
    handle: async ({ person, pass }) => keypadOf(await store.tenants.get(pass?.tenantId ?? person.tenantId)),
  });

  const replaceKeypad = operation({
    method: 'put',
    path: '/keypad',
    summary: 'Lay the keys anew; actions that are not named have their usual keys again',
    access: ['admin'],
    body: replaceKeypadRequest,
    answers: { status: 200, schema: keypadView, description: 'The keys of every action; rooms follow within seconds.' },
    handle: async ({ person, body }) => keypadOf(await store.tenants.change(person.tenantId, body)),
  });

  const decoys = operation({
    method: 'get',
    path: '/decoys',
    summary: 'Codes that lead nowhere and raise an alarm, without their digits',
    access: ['admin'],
    answers: { status: 200, schema: decoyList, description: 'The decoys.' },
    handle: async ({ person }) => ({ decoys: await store.decoys.list(person.tenantId) }),
  });

  const createDecoys = operation({
    method: 'post',
    path: '/decoys',
    summary: 'Make decoys, to be laid out where only somebody curious finds them, or to lie unknown',
    access: ['admin'],
    body: createDecoysRequest,
    answers: { status: 201, schema: createdDecoys, description: 'The decoys, and their codes, which are told once.' },
    handle: async ({ person, body: { count, note } }) => {
      const made: (Decoy & { code: string })[] = [];
      for (let each = 0; each < count; each += 1) {
        const { decoy, code } = await store.decoys.create({ tenantId: person.tenantId, note, by: person.id });
        made.push({ ...decoy, code });
      }
      return { decoys: made };
    },
  });

  const removeDecoy = operation({
    method: 'delete',
    path: '/decoys/:id',
    summary: 'Take a decoy away',
    access: ['admin'],
    answers: { status: 204, description: 'Its code is unknown from now on.' },
    handle: async ({ person, params }) => store.decoys.remove(person.tenantId, params['id'] ?? '', person.id),
  });

  return [get, patch, keypad, replaceKeypad, decoys, createDecoys, removeDecoy];
}

const keypadOf = (tenant: Tenant | null) => ({ keypad: withDefaults(tenant?.keypad) });

async function findTenant(store: Store, person: Person): Promise<Tenant> {
  const tenant = await store.tenants.get(person.tenantId);
  if (tenant === null) throw new PartylineError('request/not-found');
  return tenant;
}
