/** Codes that lead nowhere and raise an alarm: nobody has them but who guesses, or who read what was laid out for them. */
import { randomInt, randomUUID } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import { claimArguments, codeFingerprint, drawUntilFree, personalDigits, type CodeOptions } from './code-claims.ts';
import { randomCode } from './code-space.ts';
import type { StoreContext } from './context.ts';
import { encodeEntry } from './journal.ts';
import { isSafeId, tenantKeys } from './keys.ts';
import { asInteger, asOptionalText, asPairs, asText } from './replies.ts';
import { readEach } from './read-each.ts';
import { decoySchema, parseStored } from './schemas.ts';
import { createDecoy, removeDecoy } from './scripts/codes.ts';
import type { Decoys } from './store.ts';

const MOST_DECOYS = 10_000;

/** Whoever guesses guesses one length: half of the decoys look like a conference's codes, half like personal ones. */
const digitsOf = (codeDigits: number, draw: (limit: number) => number = randomInt) =>
  draw(2) === 0 ? codeDigits : personalDigits(codeDigits);

export function createDecoys(context: StoreContext, { codeDigits, draw }: CodeOptions): Decoys {
  const { connection, retention } = context;
  return {
    create: async ({ tenantId, note, by }) => {
      const keys = tenantKeys(tenantId);
      const decoy = { id: randomUUID(), note, createdAt: context.now() };
      const entry = encodeEntry({ type: 'decoy.created', at: decoy.createdAt, decoyId: decoy.id, by });
      const code = await drawUntilFree(
        () => randomCode(digitsOf(codeDigits, draw), draw),
        async (digits) => {
          const stored = { ...decoy, codeFingerprint: codeFingerprint(context, tenantId, digits) };
          const reply = await connection.run(
            createDecoy,
            [keys.codes, keys.codeGuards, keys.decoys, keys.journal],
            [
              ...[decoy.id, JSON.stringify(stored), String(MOST_DECOYS), entry, String(retention.journalEntries)],
              ...claimArguments(context, tenantId, [{ value: `decoy ${decoy.id}`, digits }]),
            ],
          );
          if (asText(reply) === 'full') throw new PartylineError('decoy/too-many');
          return asText(reply) === 'written' ? digits : null;
        },
      );
      return { decoy: { ...decoy, hits: 0 }, code };
    },
    list: async (tenantId) => {
      const keys = tenantKeys(tenantId);
      const [stored, hits] = await Promise.all([
        connection.send(keys.decoys, ['HVALS', keys.decoys]),
        connection.send(keys.decoyHits, ['HGETALL', keys.decoyHits]),
      ]);
      const counts = asPairs(hits);
      const decoys = await readEach(context.logger, stored as readonly unknown[], (json) => {
        const { codeFingerprint: _code, ...decoy } = parseStored('decoy', decoySchema, asText(json));
        return { ...decoy, hits: Number(counts.get(decoy.id) ?? 0) };
      });
      return decoys.sort((one, other) => one.createdAt - other.createdAt || one.id.localeCompare(other.id));
    },
    remove: async (tenantId, id, by) => {
      const keys = tenantKeys(tenantId);
      const json = isSafeId(id) ? asOptionalText(await connection.send(keys.decoys, ['HGET', keys.decoys, id])) : null;
      if (json === null) throw new PartylineError('decoy/not-found');
      const { codeFingerprint: fingerprint } = parseStored('decoy', decoySchema, json);
      const entry = encodeEntry({ type: 'decoy.removed', at: context.now(), decoyId: id, by });
      const reply = await connection.run(
        removeDecoy,
        [keys.codes, keys.decoys, keys.decoyHits, keys.journal],
        [id, fingerprint, entry, String(retention.journalEntries)],
      );
      if (asInteger(reply) === 0) throw new PartylineError('decoy/not-found');
    },
  };
}
