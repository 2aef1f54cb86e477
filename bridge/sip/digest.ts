/** Digest access authentication (RFC 7616, for SIP RFC 8760): reads challenges, answers them. Pure but for its random numbers. */
import { createHash, randomBytes } from 'node:crypto';

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  readonly isSession: boolean;
  readonly opaque?: string;
  /** The nonce was too old, the credentials were right. */
  readonly isStale: boolean;
  /** `auth` where it is offered. */
  readonly qop?: 'auth';
}

export type DigestAlgorithm = 'SHA-512-256' | 'SHA-256' | 'MD5';

export interface Account {
  readonly username: string;
  readonly password: string;
}

const HASHES: Readonly<Record<DigestAlgorithm, string>> = {
  'SHA-512-256': 'sha512-256',
  'SHA-256': 'sha256',
  MD5: 'md5',
};
/** The strongest first. */
const ALGORITHMS = Object.keys(HASHES) as DigestAlgorithm[];
const MAX_HEADER_LENGTH = 8_192;

/**
 * The challenges of a WWW-Authenticate or Proxy-Authenticate header that can be answered, strongest first. Several may
 * stand in one value, parted by commas.
 */
export function readChallenges(header: string): Challenge[] {
  if (header.length > MAX_HEADER_LENGTH) return [];
  const challenges = splitChallenges(header).flatMap((parameters) => toChallenge(parameters) ?? []);
  return challenges.sort((one, other) => ALGORITHMS.indexOf(one.algorithm) - ALGORITHMS.indexOf(other.algorithm));
}

/** Value of Authorization or Proxy-Authorization. @param cnonce for tests: the examples of RFC 7616 have theirs */
export function answerChallenge(
  challenge: Challenge,
  account: Account,
  request: { readonly method: string; readonly uri: string },
  cnonce: string = randomBytes(12).toString('hex'),
): string {
  const { realm, nonce, algorithm, isSession, qop, opaque } = challenge;
  const hash = (...parts: string[]) => createHash(HASHES[algorithm]).update(parts.join(':')).digest('hex');
  const count = '00000001'; // a nonce is used once
  const secret = hash(account.username, realm, account.password);
  const first = isSession ? hash(secret, nonce, cnonce) : secret;
  const second = hash(request.method, request.uri);
  const response = qop ? hash(first, nonce, count, cnonce, qop, second) : hash(first, nonce, second);
  const quoted = (name: string, value: string) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`;
  return `Digest ${[
    quoted('username', account.username),
    quoted('realm', realm),
    quoted('nonce', nonce),
    quoted('uri', request.uri),
    quoted('response', response),
    `algorithm=${algorithm}${isSession ? '-sess' : ''}`,
    ...(qop ? [`qop=${qop}`, `nc=${count}`] : []),
    ...(qop || isSession ? [quoted('cnonce', cnonce)] : []),
    ...(opaque === undefined ? [] : [quoted('opaque', opaque)]),
  ].join(', ')}`;
}

function toChallenge(parameters: ReadonlyMap<string, string>): Challenge | undefined {
  const [realm, nonce, opaque] = [parameters.get('realm'), parameters.get('nonce'), parameters.get('opaque')];
  const named = (parameters.get('algorithm') ?? 'MD5').toUpperCase();
  const isSession = named.endsWith('-SESS');
  const algorithm = ALGORITHMS.find((known) => known === (isSession ? named.slice(0, -5) : named));
  const offered = parameters
    .get('qop')
    ?.split(',')
    .map((each) => each.trim().toLowerCase());
  if (realm === undefined || nonce === undefined || !algorithm) return undefined;
  if (offered && !offered.includes('auth')) return undefined; // auth-int alone cannot be answered
  return {
    realm,
    nonce,
    algorithm,
    isSession,
    isStale: parameters.get('stale')?.toLowerCase() === 'true',
    ...(opaque === undefined ? {} : { opaque }),
    ...(offered ? { qop: 'auth' as const } : {}),
  };
}

/** Each `Digest` in the text with its parameters; other schemes are left out. Linear in the length of the text. */
function splitChallenges(text: string): Map<string, string>[] {
  const challenges: Map<string, string>[] = [];
  let current: Map<string, string> | undefined;
  for (const piece of splitAtCommas(text)) {
    const scheme = /^([A-Za-z][A-Za-z0-9-]*)\s+(?=\S)/.exec(piece)?.[1];
    const isNew = scheme !== undefined && !piece.slice(0, scheme.length + 2).includes('=');
    if (isNew) {
      current = scheme.toLowerCase() === 'digest' ? new Map() : undefined;
      if (current) challenges.push(current);
    }
    const parameter = isNew ? piece.slice(scheme.length).trim() : piece;
    const equals = parameter.indexOf('=');
    const name = parameter.slice(0, equals).trim().toLowerCase();
    if (equals > 0 && !current?.has(name)) current?.set(name, unquoted(parameter.slice(equals + 1).trim()));
  }
  return challenges;
}

function splitAtCommas(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\' && isQuoted) at += 1;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === ',' && !isQuoted) {
      pieces.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  pieces.push(text.slice(start).trim());
  return pieces;
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/gs, '$1')
    : text;
}
