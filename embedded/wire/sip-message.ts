/** SIP messages (RFC 3261 section 7): bytes in, message out, and back. Pure; every fault is a SipParseError. */
import { parseCSeq, parseNameAddr, parseSipUri, parseVia } from './sip-address.ts';
import { headerKey, SipHeaders } from './sip-headers.ts';
import { hasControlCharacter, isToken, parseWholeNumber, SipParseError, splitOutsideQuotes } from './sip-syntax.ts';

export { headerKey, SipHeaders, SipParseError };
export type { SipParseProblem } from './sip-syntax.ts';

export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: SipHeaders;
  readonly body: Buffer;
}

export interface SipResponse {
  readonly kind: 'response';
  /** 100 to 699. */
  readonly status: number;
  readonly reason: string;
  readonly headers: SipHeaders;
  readonly body: Buffer;
}

export type SipMessage = SipRequest | SipResponse;

export const MAX_MESSAGE_BYTES = 65_535;
export const MAX_HEADER_LINES = 256;
export const EMPTY_BODY: Buffer = Buffer.alloc(0);
const VERSION = 'SIP/2.0';
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A message that could be read so far that it can be refused with a response, but must not be used. */
export class MalformedSipMessage extends SipParseError {
  readonly partial: SipMessage;
  /** 505 for another version of SIP, otherwise 400. */
  readonly status: 400 | 505;

  constructor(error: SipParseError, partial: SipMessage) {
    super(error.problem, error.message);
    this.partial = partial;
    this.status = error.problem === 'version' ? 505 : 400;
  }
}

/**
 * One whole message, as in a datagram. Bytes after the body that Content-Length announces are dropped (section 18.3);
 * without Content-Length the body is all that is left.
 * Checked: limits, syntax, the headers every message must have, each of them once, and CSeq against the method.
 * @throws SipParseError; MalformedSipMessage when the headers could be read
 */
export function parseSipMessage(bytes: Buffer): SipMessage {
  const message = parseLenient(bytes);
  try {
    checkMandatoryHeaders(message);
    if (message.kind === 'request' && /^sips?:/i.test(message.uri)) parseSipUri(message.uri);
    return { ...message, body: takeBody(message) };
  } catch (error) {
    if (error instanceof SipParseError) throw new MalformedSipMessage(error, message);
    throw error;
  }
}

/**
 * Like parseSipMessage, but neither asks for the mandatory headers nor looks at Content-Length: for messages that a
 * program hands over to be completed (drachtio frames).
 * @throws SipParseError
 */
export function parseIncompleteSipMessage(bytes: Buffer): SipMessage {
  return parseLenient(bytes);
}

function parseLenient(bytes: Buffer): SipMessage {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new SipParseError('too-large', 'the message is larger than 65,535 bytes');
  let start = 0;
  while (bytes[start] === CARRIAGE_RETURN || bytes[start] === LINE_FEED) start++; // section 7.5
  const head = findEndOfHead(bytes, start);
  if (!head) throw new SipParseError('truncated', 'the headers do not end with an empty line');
  const lines = unfold(bytes.toString('utf8', start, head.headEnd));
  const startLine = lines.shift() ?? '';
  const headers = parseHeaderLines(lines);
  return completeMessage(startLine, headers, bytes.subarray(head.bodyStart));
}

/** Finds the empty line from `start` on; lines may end with CRLF or, from some phones, with LF alone. */
export function findEndOfHead(bytes: Buffer, start: number): { headEnd: number; bodyStart: number } | undefined {
  for (let at = bytes.indexOf(LINE_FEED, start); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    const next = bytes[at + 1] === CARRIAGE_RETURN ? at + 2 : at + 1;
    if (bytes[next] === LINE_FEED) return { headEnd: at, bodyStart: next + 1 };
  }
  return undefined;
}

/**
 * Lines of a head, continuation lines joined (section 7.3.1).
 * @throws SipParseError above the limit
 */
export function unfold(head: string): string[] {
  const lines: string[] = [];
  for (const raw of head.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const last = lines.length - 1;
    if (last > 0 && (line.startsWith(' ') || line.startsWith('\t'))) {
      lines[last] = `${lines[last] ?? ''} ${line.trim()}`;
    } else lines.push(line);
    if (lines.length > MAX_HEADER_LINES + 1) {
      throw new SipParseError('too-many-headers', `there are more than ${MAX_HEADER_LINES} header lines`);
    }
  }
  return lines;
}

function parseHeaderLines(lines: readonly string[]): SipHeaders {
  const headers = new SipHeaders();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 0) throw new SipParseError('header-syntax', 'a header line has no colon');
    headers.append(line.slice(0, colon).trimEnd(), withoutEscapedControls(line.slice(colon + 1)));
  }
  return headers;
}

/**
 * A quoted string may hold control characters behind a backslash (quoted-pair, section 25.1; RFC 4475, 3.1.1.2). Nobody
 * needs them, and drachtio's and FreeSWITCH's protocols end lines at some: a space stands for each.
 */
function withoutEscapedControls(value: string): string {
  return value.replace(/\\[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '\\ ');
}

function completeMessage(startLine: string, headers: SipHeaders, body: Buffer): SipMessage {
  if (hasControlCharacter(startLine)) throw new SipParseError('start-line', 'the start line holds a control character');
  return /^SIP\/[0-9]/i.test(startLine)
    ? completeResponse(startLine, headers, body)
    : completeRequest(startLine, headers, body);
}

function completeResponse(startLine: string, headers: SipHeaders, body: Buffer): SipResponse {
  const [version = '', code = ''] = startLine.split(' ', 2);
  const status = code.length === 3 ? parseWholeNumber(code, 699) : undefined;
  if (version.toUpperCase() !== VERSION) throw new SipParseError('version', 'the response is not SIP/2.0');
  if (status === undefined || status < 100) throw new SipParseError('start-line', 'the status line is malformed');
  return { kind: 'response', status, reason: startLine.slice(version.length + 5), headers, body };
}

function completeRequest(startLine: string, headers: SipHeaders, body: Buffer): SipRequest {
  const first = startLine.indexOf(' ');
  const last = startLine.lastIndexOf(' ');
  const method = startLine.slice(0, first);
  const uri = startLine.slice(first + 1, last);
  const version = startLine.slice(last + 1);
  if (first < 0 || !isToken(method)) throw new SipParseError('start-line', 'the request line is malformed');
  const request: SipRequest = { kind: 'request', method, uri, headers, body };
  const refuse = (problem: 'version' | 'start-line', text: string) => {
    throw new MalformedSipMessage(new SipParseError(problem, text), request);
  };
  if (/^SIP\/[0-9]+\.[0-9]+$/i.test(version) && version.toUpperCase() !== VERSION) refuse('version', 'not SIP/2.0');
  if (version.toUpperCase() !== VERSION) refuse('start-line', 'the request line does not end with SIP/2.0');
  if (uri === '' || /[\s<>"]/.test(uri) || !uri.includes(':')) refuse('start-line', 'the Request-URI is malformed');
  return request;
}

function checkMandatoryHeaders(message: SipMessage): void {
  for (const name of ['From', 'To', 'Call-ID', 'CSeq']) {
    const values = message.headers.getAll(name);
    if (values.length > 1) throw new SipParseError('repeated-header', `${name} comes more than once`);
    if (!values[0]) throw new SipParseError('missing-header', `${name} is missing`);
  }
  const via = message.headers.get('Via');
  if (via === undefined) throw new SipParseError('missing-header', 'Via is missing');
  // Of the first line, even if it is empty: there the source is going to be written.
  parseVia(splitOutsideQuotes(via, ',')[0] ?? '');
  parseNameAddr(message.headers.get('From') ?? '');
  parseNameAddr(message.headers.get('To') ?? '');
  const cseq = parseCSeq(message.headers.get('CSeq') ?? '');
  if (message.kind === 'request' && cseq.method !== message.method) {
    throw new SipParseError('method-mismatch', 'CSeq names another method than the request line');
  }
}

function takeBody(message: SipMessage): Buffer {
  const announced = contentLengthOf(message.headers);
  if (announced === undefined) return message.body;
  if (announced > message.body.length) throw new SipParseError('content-length', 'the body is shorter than announced');
  return message.body.subarray(0, announced);
}

/**
 * Content-Length in bytes; undefined when there is none.
 * @throws SipParseError when it is no number, too large, or given twice with different values
 */
export function contentLengthOf(headers: SipHeaders): number | undefined {
  const values = new Set(headers.getAll('Content-Length'));
  if (values.size === 0) return undefined;
  const [value = ''] = values;
  const length = values.size === 1 ? parseWholeNumber(value, MAX_MESSAGE_BYTES) : undefined;
  if (length === undefined) throw new SipParseError('content-length', 'Content-Length is malformed');
  return length;
}

/**
 * Content-Length is always written to fit the body: in its own place when there is one, otherwise last.
 * @throws SipParseError when the start line would hold a line break or is malformed
 */
export function serializeSipMessage(message: SipMessage): Buffer {
  let text = `${formatStartLine(message)}\r\n`;
  let lengthWritten = false;
  for (const [name, value] of message.headers) {
    const isLength = headerKey(name) === 'content-length';
    if (isLength && lengthWritten) continue;
    text += `${name}: ${isLength ? message.body.length : value}\r\n`;
    lengthWritten ||= isLength;
  }
  if (!lengthWritten) text += `Content-Length: ${message.body.length}\r\n`;
  return Buffer.concat([Buffer.from(`${text}\r\n`, 'utf8'), message.body]);
}

function formatStartLine(message: SipMessage): string {
  const line =
    message.kind === 'request'
      ? `${message.method} ${message.uri} ${VERSION}`
      : `${VERSION} ${message.status} ${message.reason}`;
  if (hasControlCharacter(line)) throw new SipParseError('start-line', 'the start line would hold a control character');
  if (message.kind === 'request' && (!isToken(message.method) || /[\s<>"]/.test(message.uri))) {
    throw new SipParseError('start-line', 'the request line would be malformed');
  }
  return line;
}
