import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { CorruptValue } from './errors.ts';
import { checkId, isSafeId, tenantKeys } from './keys.ts';
import { readEach } from './read-each.ts';
import { asInteger, asPairs, asTexts } from './replies.ts';
import { callRecordSchema, checkStored } from './schemas.ts';
import { endCall, putCall, updateCall } from './scripts/calls.ts';
import type { Calls } from './store.ts';
import type { CallRecord } from './types.ts';

/** Written by end() only, or never changed. */
const FIXED = ['id', 'tenantId', 'termination', 'endedAt'] as const;

export function createCalls(context: StoreContext): Calls {
  const { connection, retention } = context;

  const get: Calls['get'] = async (tenantId, id) => {
    if (!isSafeId(id)) return null;
    const key = tenantKeys(tenantId).call(id);
    const fields = asPairs(await connection.send(key, ['HGETALL', key]));
    return fields.size === 0 ? null : decodeRecord(fields);
  };

  return {
    get,
    put: async (record) => {
      if (record.termination !== undefined || record.endedAt !== undefined) {
        throw new PartylineError('internal/unexpected', { detail: 'A call is ended by end(), not by put().' });
      }
      const keys = tenantKeys(record.tenantId);
      const fields = encodeFields(record).filter(([, json]) => json !== '');
      await connection.run(putCall, [keys.call(record.id), keys.liveCalls], [record.id, ...fields.flat()]);
    },
    update: async (tenantId, id, change) => {
      const fixed = FIXED.find((field) => field in change);
      if (fixed !== undefined) {
        throw new PartylineError('internal/unexpected', { detail: `update() does not write ${fixed}.` });
      }
      const fields = encodeFields(change);
      if (fields.length > 0) await connection.run(updateCall, [tenantKeys(tenantId).call(id)], fields.flat());
    },
    end: async (tenantId, id, termination, at) => {
      const keys = tenantKeys(tenantId);
      const args = [id, JSON.stringify(termination), String(at), retention.endedCallMs, retention.journalEntries];
      const reply = await connection.run(endCall, [keys.call(id), keys.liveCalls, keys.journal], args.map(String));
      return asInteger(reply) === 1;
    },
    live: async (tenantId) => {
      const key = tenantKeys(tenantId).liveCalls;
      const ids = asTexts(await connection.send(key, ['SMEMBERS', key]));
      const records = await readEach(context.logger, ids, (id) => get(tenantId, checkId(id)));
      // One may have ended between the two reads.
      return records.filter((record): record is CallRecord => record !== null && record.termination === undefined);
    },
  };
}

/** Each field as JSON; '' stands for "not there". */
function encodeFields(record: Partial<CallRecord>): [string, string][] {
  return Object.entries<unknown>(record).map(([field, value]) => [
    field,
    value === undefined ? '' : JSON.stringify(value),
  ]);
}

function decodeRecord(fields: ReadonlyMap<string, string>): CallRecord {
  const record: Record<string, unknown> = {};
  for (const [field, json] of fields) {
    try {
      record[field] = JSON.parse(json) as unknown;
    } catch {
      throw new CorruptValue('call', `field ${field} is not JSON`);
    }
  }
  return checkStored('call', callRecordSchema, record);
}
