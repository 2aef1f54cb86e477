/** Keys derived from the server secret, and what is done with them. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { CorruptValue } from './errors.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FINGERPRINT_BYTES = 16;
const LEAST_SECRET_BYTES = 32;
const SEAL_VERSION = '1';

/** One key per purpose (HKDF, RFC 5869): what is found by one cannot be opened by another. */
export type Purpose = 'access-code' | 'code-guard' | 'caller' | 'email' | 'limit' | 'security-stamp';

export interface Secrets {
  /** HMAC-SHA-256 over the text, cut to 128 bits: equal texts are found again, nobody can go back. base64url. */
  fingerprint(purpose: Purpose, text: string): string;
  /** AES-256-GCM; `context` is authenticated, so that a copy moved elsewhere does not open. */
  seal(text: string, context: readonly string[]): string;
  /** @throws CorruptValue when it was changed, moved, or sealed with another secret */
  unseal(sealed: string, context: readonly string[]): string;
}

/** @param secret at least 32 characters or bytes; lose it, and no access code can be found any more */
export function deriveSecrets(secret: string | Uint8Array): Secrets {
  const master = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : Buffer.from(secret);
  if (master.length < LEAST_SECRET_BYTES) throw new TypeError('The server secret must be at least 32 characters.');
  const derive = (info: string) => Buffer.from(hkdfSync('sha256', master, '', `partyline/v1/${info}`, KEY_BYTES));
  const finding: Record<Purpose, Buffer> = {
    'access-code': derive('find/access-code'),
    'code-guard': derive('find/code-guard'),
    caller: derive('find/caller'),
    email: derive('find/email'),
    limit: derive('find/limit'),
    'security-stamp': derive('find/security-stamp'),
  };
  const sealing = derive('seal/access-code');
  return {
    fingerprint: (purpose, text) =>
      createHmac('sha256', finding[purpose])
        .update(text, 'utf8')
        .digest()
        .subarray(0, FINGERPRINT_BYTES)
        .toString('base64url'),
    seal: (text, context) => seal(sealing, text, context),
    unseal: (sealed, context) => unseal(sealing, sealed, context),
  };
}

/** JSON keeps the parts apart: ["a","bc"] and ["ab","c"] differ. */
const contextBytes = (context: readonly string[]) => Buffer.from(JSON.stringify(context), 'utf8');

function seal(key: Buffer, text: string, context: readonly string[]): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(contextBytes(context));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `${SEAL_VERSION}.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
}

function unseal(key: Buffer, sealed: string, context: readonly string[]): string {
  const [version, payload] = sealed.split('.', 2);
  const bytes = Buffer.from(payload ?? '', 'base64url');
  if (version !== SEAL_VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) {
    throw new CorruptValue('sealed code', 'has no known form');
  }
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(contextBytes(context));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const body = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    throw new CorruptValue('sealed code', 'was changed, moved, or sealed with another server secret');
  }
}
