import { createHash, randomBytes } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { globalKeys } from './keys.ts';
import { asOptionalText } from './replies.ts';
import { parseStored, tokenSchema } from './schemas.ts';
import type { TokenKind, Tokens } from './store.ts';

/** Random bytes. What lives for a minute, or is typed by nobody but may be printed in a link, has 128 bits. */
const BYTES: Readonly<Record<TokenKind, number>> = {
  login: 32,
  'admin-link': 32,
  participant: 32,
  ticket: 16,
  echo: 16,
  invitation: 16,
};
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** Whether it could be a token of this kind: what cannot is not looked up. */
export function isTokenForm(kind: TokenKind, token: string): boolean {
  return token.length === Math.ceil((BYTES[kind] * 4) / 3) && BASE64URL.test(token);
}

/** 128 random bits and more need no salt and no slow hash: nobody can try them all. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('base64url');
}

export function createTokens(context: StoreContext): Tokens {
  const { connection } = context;
  const keyOf = (kind: TokenKind, token: string) => globalKeys.token(kind, tokenHash(token));

  const ask = async (command: 'GET' | 'GETDEL', kind: TokenKind, token: string): Promise<string | null> => {
    if (!isTokenForm(kind, token)) return null;
    const key = keyOf(kind, token);
    const text = asOptionalText(await connection.send(key, [command, key]));
    return text === null ? null : parseStored('token', tokenSchema, text).subject;
  };

  return {
    issue: async (kind, subject, ttlMs) => {
      if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
        throw new PartylineError('internal/unexpected', { detail: 'A token needs a life of at least a millisecond.' });
      }
      const token = randomBytes(BYTES[kind]).toString('base64url');
      const key = keyOf(kind, token);
      const value = JSON.stringify({ subject, issuedAt: context.now() });
      await connection.send(key, ['SET', key, value, 'PX', String(ttlMs)]);
      return token;
    },
    check: (kind, token) => ask('GET', kind, token),
    redeem: (kind, token) => ask('GETDEL', kind, token),
    revoke: async (kind, token) => {
      if (!isTokenForm(kind, token)) return;
      const key = keyOf(kind, token);
      await connection.send(key, ['DEL', key]);
    },
    revokeHash: async (kind, hash) => {
      if (hash === '') return;
      const key = globalKeys.token(kind, hash);
      await connection.send(key, ['DEL', key]);
    },
  };
}
