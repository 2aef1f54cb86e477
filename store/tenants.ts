import { keypadChanges, PartylineError, type KeypadChanges } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { isSafeId, tenantKeys } from './keys.ts';
import { asOptionalText } from './replies.ts';
import { parseStored, tenantSchema } from './schemas.ts';
import type { Tenants } from './store.ts';
import type { Tenant } from './types.ts';

/** Whom everything belongs to until there are several companies. */
export const DEFAULT_TENANT_ID = 'default';

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
  const setKeypad = async (id: string, keypad: KeypadChanges): Promise<void> => {
    if (!keypadChanges.safeParse(keypad).success)
      throw new PartylineError('request/invalid', { detail: 'The keys do not fit together.' });
    const tenant = await get(id);
    if (tenant === null) throw new PartylineError('request/invalid', { detail: 'There is no such company.' });
    const key = tenantKeys(id).tenant;
    await context.connection.send(key, ['SET', key, JSON.stringify({ ...tenant, keypad })]);
  };
  return { get, ensureDefault, setKeypad };
}
