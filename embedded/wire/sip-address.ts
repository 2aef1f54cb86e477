/** URIs, name-addr, Via and CSeq (RFC 3261 sections 19.1, 20.10, 20.42, 20.16), both directions. */
import {
  formatHostPort,
  formatParameters,
  hasControlCharacter,
  isQuotedString,
  isToken,
  parseHostPort,
  parseParameters,
  parseWholeNumber,
  quote,
  SipParseError,
  unquote,
  type SipParameters,
} from './sip-syntax.ts';

export { quote, type SipParameters };

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** As written: escapes stay. */
  readonly user?: string;
  readonly password?: string;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port?: number;
  readonly parameters: SipParameters;
  /** What follows `?`, as written. */
  readonly headers?: string;
}

export interface NameAddr {
  /** Unquoted. */
  readonly displayName?: string;
  /** Any URI scheme; without angle brackets. */
  readonly uri: string;
  /** Header parameters such as `tag`; with `sip:a@b;x=1` outside angle brackets they belong to the header. */
  readonly parameters: SipParameters;
}

export interface Via {
  /** Only when it is not 2.0: who is told 505 must find its own Via in the answer. */
  readonly version?: string;
  /** In upper case: UDP, TCP, TLS, WS, WSS. */
  readonly transport: string;
  readonly host: string;
  readonly port?: number;
  readonly parameters: SipParameters;
}

export interface CSeq {
  readonly sequence: number;
  readonly method: string;
}

const MAX_SEQUENCE = 2 ** 32 - 1;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,31}:/;

/** @throws SipParseError unless it is a `sip:` or `sips:` URI */
export function parseSipUri(text: string): SipUri {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') throw new SipParseError('uri', 'the URI scheme is neither sip nor sips');
  if (/[\s<>"]/.test(text)) throw new SipParseError('uri', 'a URI holds a character it must not hold');
  const rest = text.slice(colon + 1);
  const at = rest.indexOf('@');
  const userInfo = at < 0 ? undefined : rest.slice(0, at);
  const location = rest.slice(at + 1);
  const question = location.indexOf('?');
  const address = question < 0 ? location : location.slice(0, question);
  const semicolon = address.indexOf(';');
  const hostPort = parseHostPort(semicolon < 0 ? address : address.slice(0, semicolon));
  return {
    scheme,
    ...parseUserInfo(userInfo),
    ...hostPort,
    parameters: semicolon < 0 ? new Map<string, string | null>() : parseParameters(address.slice(semicolon)),
    ...(question < 0 ? {} : { headers: location.slice(question + 1) }),
  };
}

function parseUserInfo(text: string | undefined): { user?: string; password?: string } {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  if (user === '') throw new SipParseError('uri', 'the user of a URI is empty');
  return colon < 0 ? { user } : { user, password: text.slice(colon + 1) };
}

export function formatSipUri(uri: SipUri): string {
  const password = uri.password === undefined ? '' : `:${uri.password}`;
  const user = uri.user === undefined ? '' : `${uri.user}${password}@`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${formatHostPort(uri.host, uri.port)}${formatParameters(uri.parameters)}${headers}`;
}

/** Is it shaped like a URI of any scheme, without spaces, brackets, quotes or control characters? */
export function isUri(text: string): boolean {
  return SCHEME.test(text) && !hasControlCharacter(text) && !/[\s<>"]/.test(text);
}

/**
 * From, To, Contact, Route and the like: `"Name" <uri>;p=v`, `Name <uri>`, `<uri>`, `uri;p=v`.
 * @throws SipParseError
 */
export function parseNameAddr(text: string): NameAddr {
  const trimmed = text.trim();
  if (hasControlCharacter(trimmed)) throw new SipParseError('address', 'an address holds a control character');
  const nameEnd = trimmed.startsWith('"') ? endOfQuotedString(trimmed) : 0;
  const open = trimmed.indexOf('<', nameEnd);
  if (open < 0) return bareAddress(trimmed, nameEnd);
  const close = trimmed.indexOf('>', open);
  const uri = trimmed.slice(open + 1, close);
  if (close < 0 || !isUri(uri)) throw new SipParseError('address', 'there is no URI between the angle brackets');
  const displayName = parseDisplayName(trimmed.slice(0, open).trim());
  const parameters = parseParameters(trimmed.slice(close + 1));
  return displayName === undefined ? { uri, parameters } : { displayName, uri, parameters };
}

function bareAddress(text: string, nameEnd: number): NameAddr {
  const semicolon = text.indexOf(';');
  const uri = (semicolon < 0 ? text : text.slice(0, semicolon)).trim();
  if (nameEnd > 0 || !isUri(uri)) throw new SipParseError('address', 'an address has no URI');
  return { uri, parameters: semicolon < 0 ? new Map<string, string | null>() : parseParameters(text.slice(semicolon)) };
}

function endOfQuotedString(text: string): number {
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  throw new SipParseError('address', 'a display name is not closed');
}

function parseDisplayName(text: string): string | undefined {
  if (text === '') return undefined;
  if (isQuotedString(text)) return unquote(text);
  // The grammar wants tokens here; phones send commas, dots and letters beyond ASCII, and nothing hangs on it.
  if (text.includes('"')) throw new SipParseError('address', 'a display name holds a stray quote');
  return text;
}

export function formatNameAddr(address: NameAddr): string {
  const name = address.displayName === undefined ? '' : `${quote(address.displayName)} `;
  return `${name}<${address.uri}>${formatParameters(address.parameters)}`;
}

/** One element of a Via header. @throws SipParseError */
export function parseVia(text: string): Via {
  const match =
    /^SIP\s{0,8}\/\s{0,8}([0-9]{1,3}\.[0-9]{1,3})\s{0,8}\/\s{0,8}([A-Za-z0-9\-.!%*_+`'~]{1,32})\s+(\S.*)$/i.exec(
      text.trim(),
    );
  if (!match) throw new SipParseError('via', 'Via is malformed');
  const [, version = '', transport = '', rest = ''] = match;
  const semicolon = rest.indexOf(';');
  const hostPort = parseHostPort(semicolon < 0 ? rest : rest.slice(0, semicolon));
  const parameters: SipParameters =
    semicolon < 0 ? new Map<string, string | null>() : parseParameters(rest.slice(semicolon));
  const other = version === '2.0' ? {} : { version };
  return { ...other, transport: transport.toUpperCase(), ...hostPort, parameters };
}

export function formatVia(via: Via): string {
  return `SIP/${via.version ?? '2.0'}/${via.transport} ${formatHostPort(via.host, via.port)}${formatParameters(via.parameters)}`;
}

/** @throws SipParseError */
export function parseCSeq(text: string): CSeq {
  const parts = text.trim().split(/\s+/, 3);
  const sequence = parts.length === 2 ? parseWholeNumber(parts[0] ?? '', MAX_SEQUENCE) : undefined;
  const method = parts[1] ?? '';
  if (sequence === undefined || !isToken(method)) throw new SipParseError('cseq', 'CSeq is malformed');
  return { sequence, method };
}

export function formatCSeq(cseq: CSeq): string {
  return `${cseq.sequence} ${cseq.method}`;
}

/** The tag of a From or To value; undefined when there is none or the value is malformed. */
export function tagOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return parseNameAddr(value).parameters.get('tag') ?? undefined;
  } catch (error) {
    if (error instanceof SipParseError) return undefined;
    throw error;
  }
}

/** The same value with this tag. @throws SipParseError */
export function withTag(value: string, tag: string): string {
  const parsed = parseNameAddr(value);
  if (parsed.parameters.has('tag')) {
    parsed.parameters.set('tag', tag);
    return formatNameAddr(parsed);
  }
  // Outside angle brackets a parameter is the header's own, so both forms can simply be lengthened.
  return `${value.trim()};tag=${tag}`;
}
