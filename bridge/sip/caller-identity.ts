/** What a phone says of itself is text from outside: cleaned here, once, before anybody shows, stores or logs it. */

export const MAX_NAME_LENGTH = 64;
export const MAX_NUMBER_LENGTH = 64;
/** Longer From, To or Contact headers are not parsed at all. */
export const MAX_ADDRESS_HEADER_LENGTH = 1_024;

export interface NameAddress {
  /** Unquoted, not cleaned. Empty when there is none. */
  readonly displayName: string;
  readonly uri: string;
}

/** RFC 3261 section 25.1, name-addr or addr-spec; header parameters are left out. Linear in the input's length. */
export function parseNameAddress(header: string): NameAddress | null {
  const text = header.trim();
  if (text.length > MAX_ADDRESS_HEADER_LENGTH) return null;
  if (text.startsWith('"')) {
    const end = closingQuote(text);
    if (end < 0) return null;
    const uri = bracketed(text.slice(end + 1).trimStart());
    return uri === null ? null : { displayName: unescapeQuoted(text.slice(1, end)), uri };
  }
  const open = text.indexOf('<');
  if (open < 0) {
    // addr-spec: what follows a semicolon are header parameters (RFC 3261 section 20.10).
    const uri = text.split(';', 1)[0]?.trim() ?? '';
    return uri === '' ? null : { displayName: '', uri };
  }
  const uri = bracketed(text.slice(open));
  return uri === null ? null : { displayName: text.slice(0, open).trim(), uri };
}

function closingQuote(text: string): number {
  for (let index = 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index;
  }
  return -1;
}

function unescapeQuoted(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function bracketed(text: string): string | null {
  const close = text.indexOf('>');
  if (!text.startsWith('<') || close < 0) return null;
  const uri = text.slice(1, close).trim();
  return uri === '' ? null : uri;
}

/** The user part of a sip, sips or tel URI without parameters, percent-decoded; empty when there is none. */
export function userOf(uri: string): string {
  const match = /^(sips?|tel):([^@;>?]*)(;[^@]*)?(@)?/i.exec(uri.slice(0, MAX_ADDRESS_HEADER_LENGTH));
  if (!match) return '';
  const isTelephone = match[1]?.toLowerCase() === 'tel';
  if (!isTelephone && match[4] === undefined) return '';
  const user = (match[2] ?? '').split(':', 1)[0] ?? '';
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}

/** Cc, Cf (direction and zero-width marks), Co, Cs, and the line and paragraph separators. */
const NOT_TEXT = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu;
const MARKUP = /<[^<>]*>|[<>]/g;

/** A name as text: one line, no control or direction characters, no markup, at most 64 characters. */
export function cleanName(text: string): string {
  const flat = text.slice(0, MAX_ADDRESS_HEADER_LENGTH).normalize('NFC').replace(MARKUP, ' ').replace(NOT_TEXT, ' ');
  return shorten(flat.replace(/\s+/g, ' ').trim()).trim();
}

/** Cuts between characters as people see them, never inside one. */
function shorten(text: string): string {
  if (text.length <= MAX_NAME_LENGTH) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (kept.length + segment.length > MAX_NAME_LENGTH) break;
    kept += segment;
  }
  return kept;
}

/** A telephone number or SIP user: visual separators and everything unexpected left out, at most 64 characters. */
export function cleanNumber(user: string): string {
  return user.replace(/[^0-9A-Za-z+*#._-]/g, '').slice(0, MAX_NUMBER_LENGTH);
}

/** Only the last digits, and never more than half: `+15551230001` → `••••0001`. */
export function maskNumber(number: string): string {
  const shown = Math.min(4, Math.floor(number.length / 2));
  return shown === 0 ? '••••' : `••••${number.slice(-shown)}`;
}
