import { keypadConflict, PartylineError, withDefaults } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { isSafeId, tenantKeys } from './keys.ts';
import { asInteger, asOptionalText } from './replies.ts';
import { parseStored, tenantSchema } from './schemas.ts';
import { replaceText } from './scripts/texts.ts';
import type { Tenants } from './store.ts';
import type { Tenant } from './types.ts';

/** Whom everything belongs to until there are several companies. */
export const DEFAULT_TENANT_ID = 'default';

const MOST_RACES = 10;

export function createTenants(context: StoreContext, language: string): Tenants {
  const get = async (id: string): Promise<Tenant | null> => {
    if (!isSafeId(id)) return null;
    const key = tenantKeys(id).tenant;
    const text = asOptionalText(await context.connection.send(key, ['GET', key]));
    return text === null ? null : parseStored('tenant', tenantSchema, text);
  };
  const ensureDefault = async (): Promise<Tenant> => {
    const key = tenantKeys(DEFAULT_TENANT_ID).tenant;
    const fresh: Tenant = { id: DEFAULT_TENANT_ID, name: 'Default', language, createdAt: context.now() };
    const written = await context.connection.send(key, ['SET', key, JSON.stringify(fresh), 'NX']);
    return written === 'OK' ? fresh : ((await get(DEFAULT_TENANT_ID)) ?? fresh);
  };
  const replace = async (id: string, changes: Partial<Tenant>): Promise<Tenant> => {
    const key = tenantKeys(id).tenant;
    const conflict = keypadConflict(withDefaults(changes.keypad));
    if (conflict) throw new PartylineError('keypad/conflict', { detail: `These do: ${conflict.join(', ')}.` });
    for (let races = 0; races < MOST_RACES; races += 1) {
      const before = asOptionalText(await context.connection.send(key, ['GET', key]));
      if (before === null) throw new PartylineError('request/not-found');
      const after: Tenant = { ...parseStored('tenant', tenantSchema, before), ...changes };
      const reply = await context.connection.run(replaceText, [key], [before, JSON.stringify(after)]);
      if (asInteger(reply) === 1) return after;
    }
    throw new PartylineError('room/contention');
  };
  return { get, ensureDefault, change: replace };
}
