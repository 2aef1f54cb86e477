import { createHash, randomBytes } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { globalKeys } from './keys.ts';
import { asOptionalText } from './replies.ts';
import { parseStored, tokenSchema } from './schemas.ts';
import type { Tokens } from './store.ts';

const TOKEN_BYTES = 32;
const FORM = /^[A-Za-z0-9_-]{43}$/;

export function createTokens(context: StoreContext): Tokens {
  const { connection } = context;
  /** 256 random bits need no salt and no slow hash: nobody can try them all. */
  const keyOf = (kind: string, token: string) =>
    globalKeys.token(kind, createHash('sha256').update(token, 'utf8').digest('base64url'));

  const ask = async (command: 'GET' | 'GETDEL', kind: string, token: string): Promise<string | null> => {
    if (!FORM.test(token)) return null;
    const key = keyOf(kind, token);
    const text = asOptionalText(await connection.send(key, [command, key]));
    return text === null ? null : parseStored('token', tokenSchema, text).subject;
  };

  return {
    issue: async (kind, subject, ttlMs) => {
      if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
        throw new PartylineError('internal/unexpected', { detail: 'A token needs a life of at least a millisecond.' });
      }
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const key = keyOf(kind, token);
      const value = JSON.stringify({ subject, issuedAt: context.now() });
      await connection.send(key, ['SET', key, value, 'PX', String(ttlMs)]);
      return token;
    },
    check: (kind, token) => ask('GET', kind, token),
    redeem: (kind, token) => ask('GETDEL', kind, token),
    revoke: async (kind, token) => {
      if (!FORM.test(token)) return;
      const key = keyOf(kind, token);
      await connection.send(key, ['DEL', key]);
    },
  };
}
