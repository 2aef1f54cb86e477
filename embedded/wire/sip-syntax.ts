/** Small parts of the SIP grammar (RFC 3261 section 25) that several codecs need. All run in linear time. */

export type SipParseProblem =
  | 'too-large'
  | 'too-many-headers'
  | 'start-line'
  | 'version'
  | 'header-syntax'
  | 'missing-header'
  | 'repeated-header'
  | 'content-length'
  | 'address'
  | 'uri'
  | 'via'
  | 'cseq'
  | 'method-mismatch'
  | 'truncated';

/** Bytes or text that are not SIP. `problem` is stable; `message` is for people and holds nothing of the input. */
export class SipParseError extends Error {
  override readonly name = 'SipParseError';
  readonly problem: SipParseProblem;

  constructor(problem: SipParseProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const DIGITS = /^[0-9]+$/;
const IPV4 = /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/;
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Control characters other than tab: never allowed inside a start line or a header. */
export function hasControlCharacter(text: string): boolean {
  return CONTROL.test(text);
}

/** A whole number from 0 to `max`, digits only; undefined for anything else. */
export function parseWholeNumber(text: string, max: number): number | undefined {
  if (text.length > 16 || !DIGITS.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

/**
 * Splits at `separator` outside quoted strings and outside `<…>`. Pieces are trimmed; empty ones are kept.
 * @throws SipParseError on a quoted string or an angle bracket left open
 */
export function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const pieces: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '<') bracketed = true;
    else if (character === '>') bracketed = false;
    else if (character === separator && !bracketed) {
      pieces.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  if (quoted || bracketed) throw new SipParseError('address', 'a quoted string or an angle bracket is not closed');
  pieces.push(text.slice(start).trim());
  return pieces;
}

/** Parameters in their order; names in lower case; null for a flag; quoted values stay quoted. */
export type SipParameters = Map<string, string | null>;

/**
 * `;a=1;b;c="x"` (the first semicolon included).
 * @throws SipParseError
 */
export function parseParameters(text: string): SipParameters {
  const parameters: SipParameters = new Map();
  const trimmed = text.trim();
  if (trimmed === '') return parameters;
  const pieces = splitOutsideQuotes(trimmed, ';');
  if (pieces.shift() !== '') throw new SipParseError('address', 'parameters begin with a semicolon');
  for (const piece of pieces) addParameter(parameters, piece);
  return parameters;
}

function addParameter(parameters: SipParameters, piece: string): void {
  const equals = piece.indexOf('=');
  const name = (equals < 0 ? piece : piece.slice(0, equals)).trim().toLowerCase();
  const value = equals < 0 ? null : piece.slice(equals + 1).trim();
  if (!isToken(name)) throw new SipParseError('address', 'a parameter name is not a token');
  if (value !== null && !isParameterValue(value)) throw new SipParseError('address', 'a parameter value is malformed');
  // A repeated parameter is an error by the grammar; the first one counts, so that nobody can override it later.
  if (!parameters.has(name)) parameters.set(name, value);
}

function isParameterValue(value: string): boolean {
  if (value.startsWith('"')) return isQuotedString(value);
  return value !== '' && !/[\s"<>,;]/.test(value);
}

export function isQuotedString(text: string): boolean {
  if (text.length < 2 || !text.startsWith('"')) return false;
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at === text.length - 1;
  }
  return false;
}

export function formatParameters(parameters: SipParameters): string {
  let text = '';
  for (const [name, value] of parameters) text += value === null ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** `"a \"b\""` → `a "b"`. */
export function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** Control characters become spaces: a name that somebody chose must not end a header line. */
export function quote(text: string): string {
  return `"${text.replace(/[\x00-\x1f\x7f]+/g, ' ').replace(/(["\\])/g, '\\$1')}"`;
}

export interface HostPort {
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port?: number;
}

/**
 * `host`, `host:port`, `[v6]:port`; spaces around the colon as RFC 3261 allows in Via.
 * @throws SipParseError
 */
export function parseHostPort(text: string): HostPort {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    const end = trimmed.indexOf(']');
    const host = trimmed.slice(1, end);
    if (end < 0 || !IPV6.test(host)) throw new SipParseError('uri', 'an IPv6 address is malformed');
    return withPort(host, trimmed.slice(end + 1).trim());
  }
  const colon = trimmed.indexOf(':');
  const host = (colon < 0 ? trimmed : trimmed.slice(0, colon)).trim();
  if (!IPV4.test(host) && !HOST_NAME.test(host)) throw new SipParseError('uri', 'a host is malformed');
  return withPort(host, colon < 0 ? '' : trimmed.slice(colon));
}

function withPort(host: string, rest: string): HostPort {
  if (rest === '') return { host };
  const port = rest.startsWith(':') ? parseWholeNumber(rest.slice(1).trim(), 65_535) : undefined;
  if (port === undefined || port === 0) throw new SipParseError('uri', 'a port is malformed');
  return { host, port };
}

export function formatHostPort(host: string, port?: number): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? bracketed : `${bracketed}:${port}`;
}
