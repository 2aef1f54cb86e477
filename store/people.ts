import { randomUUID } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { globalKeys, isSafeId, tenantKeys } from './keys.ts';
import { NOBODYS_HASH, type PasswordHasher } from './passwords.ts';
import { readEach } from './read-each.ts';
import { asInteger, asOptionalText, asTexts } from './replies.ts';
import { parseStored, personSchema, type StoredPerson } from './schemas.ts';
import type { People } from './store.ts';
import type { Person } from './types.ts';

/** Mail servers tell capitals apart in theory only; people do not. */
export const normalizeEmail = (email: string): string => email.trim().normalize('NFKC').toLowerCase();

export function createPeople(context: StoreContext, hasher: PasswordHasher): People {
  const { connection } = context;
  const emailKey = (email: string) => globalKeys.email(context.secrets.fingerprint('email', normalizeEmail(email)));

  /** Each hash has a salt of its own, so the same password set again gives another stamp as well. */
  const shown = ({ passwordHash, ...person }: StoredPerson): Person => ({
    ...person,
    securityStamp: context.secrets.fingerprint('security-stamp', passwordHash),
  });

  const read = async (id: string): Promise<StoredPerson | null> => {
    if (!isSafeId(id)) return null;
    const key = globalKeys.person(id);
    const text = asOptionalText(await connection.send(key, ['GET', key]));
    return text === null ? null : parseStored('person', personSchema, text);
  };

  const write = async (person: StoredPerson): Promise<void> => {
    const key = globalKeys.person(person.id);
    await connection.send(key, ['SET', key, JSON.stringify(person)]);
  };

  const findByEmail = async (email: string): Promise<StoredPerson | null> => {
    const key = emailKey(email);
    const id = asOptionalText(await connection.send(key, ['GET', key]));
    // The same number of reads for an unknown address.
    return read(id ?? 'nobody');
  };

  /**
   * Three shards of a Cluster take part, so the order makes it safe: the record first, reachable by nobody; then the
   * e-mail address, which decides; the counts last. A crash in between leaves at most a record nobody can reach.
   */
  const create: People['create'] = async (input) => {
    const person: StoredPerson = {
      id: randomUUID(),
      tenantId: input.tenantId,
      email: normalizeEmail(input.email),
      name: input.name,
      roles: [...input.roles],
      createdAt: context.now(),
      passwordHash: await hasher.hash(input.password),
    };
    const tenantPeople = tenantKeys(input.tenantId).people;
    await write(person);
    const key = emailKey(person.email);
    const claimed = await connection.send(key, ['SET', key, person.id, 'NX']);
    if (claimed !== 'OK') {
      const recordKey = globalKeys.person(person.id);
      await connection.send(recordKey, ['DEL', recordKey]);
      throw new PartylineError('person/email-taken');
    }
    await connection.send(globalKeys.people, ['SADD', globalKeys.people, person.id]);
    await connection.send(tenantPeople, ['SADD', tenantPeople, person.id]);
    return shown(person);
  };

  return {
    create,
    get: async (id) => {
      const person = await read(id);
      return person === null ? null : shown(person);
    },
    verifyPassword: async (email, password) => {
      const person = await findByEmail(email);
      const right = await hasher.verify(person?.passwordHash ?? NOBODYS_HASH, password);
      return person !== null && right ? shown(person) : null;
    },
    setPassword: async (id, password) => {
      const passwordHash = await hasher.hash(password);
      const person = await read(id);
      if (person === null) throw new PartylineError('request/not-found');
      await write({ ...person, passwordHash });
    },
    list: async (tenantId) => {
      const key = tenantKeys(tenantId).people;
      const ids = asTexts(await connection.send(key, ['SMEMBERS', key]));
      const found = await readEach(context.logger, ids, read);
      return found
        .flatMap((person) => (person === null ? [] : [shown(person)]))
        .sort((one, other) => one.name.localeCompare(other.name) || one.id.localeCompare(other.id));
    },
    count: async () => asInteger(await connection.send(globalKeys.people, ['SCARD', globalKeys.people])),
  };
}
