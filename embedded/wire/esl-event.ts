/** Events as text: headers in order, `Name: value` with the value URL-encoded, or JSON. Pure. */

export type EslEventValue = string | readonly string[];

export interface EslEventText {
  readonly headers: ReadonlyMap<string, EslEventValue>;
  readonly body?: string;
}

const UNSAFE = new Set(Array.from('\r\n #%&+:;<=>?@[\\]^`{|}"', (character) => character.charCodeAt(0)));

/** FreeSWITCH's URL encoding: bytes outside printable ASCII and its own list of unsafe characters. */
export function encodeEslValue(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const plain = byte >= 0x20 && byte <= 0x7e && !UNSAFE.has(byte);
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Malformed escapes stay as they are. */
export function decodeEslValue(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A list becomes `ARRAY::a|:b`. */
export function flattenEslValue(value: EslEventValue): string {
  return typeof value === 'string' ? value : `ARRAY::${value.join('|:')}`;
}

/** @param encode false leaves values as they are: a line break in one then reads as another header */
export function serializeEventPlain(event: EslEventText, encode = true): string {
  let text = '';
  for (const [name, value] of event.headers) text += plainLine(name, value, encode);
  return endPlain(text, event.body);
}

/** One header as it stands in a plain event, line break included. */
export function plainLine(name: string, value: EslEventValue, encode = true): string {
  const flat = flattenEslValue(value);
  return `${name}: ${encode ? encodeEslValue(flat) : flat}\n`;
}

/** @param lines of all headers */
export function endPlain(lines: string, body: string | undefined): string {
  return body === undefined ? `${lines}\n` : `${lines}Content-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}

/** Written by hand: an object of two hundred names, made for one use, costs several times as much. */
export function serializeEventJson(event: EslEventText): string {
  const { headers, body } = event;
  let text = '';
  for (const [name, value] of headers) {
    // As in an object, the body's own headers come once, and last wins.
    if (body !== undefined && BODY_HEADERS.has(name)) continue;
    text += `${text === '' ? '' : ','}${jsonMember(name, value)}`;
  }
  if (body === undefined) return `{${text}}`;
  const length = Buffer.byteLength(body);
  return `{${text}${text === '' ? '' : ','}"Content-Length":"${length}","_body":${jsonText(body)}}`;
}

/** One header as it stands in a JSON event. */
export function jsonMember(name: string, value: EslEventValue): string {
  return `${jsonText(name)}:${typeof value === 'string' ? jsonText(value) : JSON.stringify(value)}`;
}

const BODY_HEADERS: ReadonlySet<string> = new Set(['Content-Length', '_body']);

/** JSON's own writer is for what needs it: most names and values hold nothing that has to be escaped. */
function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const PLAIN = /^[ !#-[\]-~]*$/;
