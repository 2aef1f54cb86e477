/** How the first admin comes to be: from the settings, or by a link that works once. */
import { PartylineError } from '../../config/contract/index.ts';
import { DEFAULT_TENANT_ID, type Person, type Store } from '../../store/index.ts';

const LINK_LIFE_MS = 24 * 60 * 60 * 1_000;
const LINK_SUBJECT = 'first-admin';

/**
 * A link under which the first admin sets e-mail address and password, good for one day and once. It must be printed
 * where only the operator reads, and never logged.
 * @returns undefined when there is somebody already
 */
export async function createAdminLink(store: Store, baseUrl: string): Promise<string | undefined> {
  if ((await store.people.count()) > 0) return undefined;
  const token = await store.tokens.issue('admin-link', LINK_SUBJECT, LINK_LIFE_MS);
  return `${baseUrl.replace(/\/+$/, '')}/setup/${token}`;
}

/** Makes the admin of the settings when the store is empty; otherwise does nothing. */
export async function ensureConfiguredAdmin(store: Store, admin: { email: string; password: string }): Promise<void> {
  if ((await store.people.count()) > 0) return;
  try {
    await createFirstAdmin(store, admin);
  } catch (error) {
    // Another process of the same service was faster.
    if (error instanceof PartylineError && error.code === 'person/email-taken') return;
    throw error;
  }
}

export async function isLinkGood(store: Store, token: string): Promise<boolean> {
  return (await store.tokens.check('admin-link', token)) === LINK_SUBJECT && (await store.people.count()) === 0;
}

/** @throws PartylineError auth/link-used: of many who come at once, one wins */
export async function redeemAdminLink(
  store: Store,
  token: string,
  admin: { email: string; password: string },
): Promise<Person> {
  const subject = await store.tokens.redeem('admin-link', token);
  if (subject !== LINK_SUBJECT || (await store.people.count()) > 0) throw new PartylineError('auth/link-used');
  return createFirstAdmin(store, admin);
}

async function createFirstAdmin(store: Store, admin: { email: string; password: string }): Promise<Person> {
  await store.tenants.ensureDefault();
  const person = await store.people.create({
    tenantId: DEFAULT_TENANT_ID,
    email: admin.email,
    name: admin.email,
    roles: ['root', 'admin'],
    password: admin.password,
  });
  await store.journal.append(DEFAULT_TENANT_ID, { type: 'person.created', at: Date.now(), personId: person.id });
  return person;
}
