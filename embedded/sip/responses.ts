/** Responses that the transaction layer makes or completes by itself (RFC 3261 sections 8.2.6 and 8.2.7). */
import { createHash } from 'node:crypto';
import { tagOf, withTag } from '../wire/sip-address.ts';
import {
  EMPTY_BODY,
  headerKey,
  SipHeaders,
  SipParseError,
  type SipRequest,
  type SipResponse,
} from '../wire/sip-message.ts';

const COPIED = ['From', 'To', 'Call-ID', 'CSeq'] as const;
const ALREADY_THERE = new Set(['Via', ...COPIED].map(headerKey));

/** Adds what every response must copy from its request, in the usual order, then what the response has of its own. */
export function completeResponse(response: SipResponse, request: SipRequest, toTag: string): SipResponse {
  const headers = new SipHeaders();
  const own = response.headers;
  for (const via of own.has('Via') ? own.getAll('Via') : request.headers.getAll('Via')) headers.append('Via', via);
  for (const name of COPIED) {
    const value = own.get(name) ?? request.headers.get(name);
    if (value !== undefined) headers.append(name, name === 'To' ? tagged(value, response.status, toTag) : value);
  }
  for (const [name, value] of own) {
    if (!ALREADY_THERE.has(headerKey(name))) headers.append(name, value);
  }
  return { ...response, headers };
}

function tagged(to: string, status: number, toTag: string): string {
  if (status <= 100 || tagOf(to) !== undefined) return to;
  try {
    return withTag(to, toTag);
  } catch (error) {
    if (error instanceof SipParseError) return to; // refusing a request whose To is the very fault
    throw error;
  }
}

/** 100, with the Timestamp echoed (section 8.2.6.1). */
export function tryingResponse(request: SipRequest): SipResponse {
  const headers = new SipHeaders();
  const timestamp = request.headers.get('Timestamp');
  if (timestamp !== undefined) headers.append('Timestamp', timestamp);
  return { kind: 'response', status: 100, reason: 'Trying', headers, body: EMPTY_BODY };
}

/** A refusal kept nowhere: its To tag is the same each time, because it follows from the request (section 8.2.7). */
export function statelessResponse(
  request: SipRequest,
  status: number,
  reason: string,
  extra: Readonly<Record<string, string>> = {},
): SipResponse {
  const identity = ['Via', 'Call-ID', 'From'].map((name) => request.headers.get(name) ?? '').join('\n');
  const tag = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const headers = new SipHeaders(Object.entries(extra));
  return completeResponse({ kind: 'response', status, reason, headers, body: EMPTY_BODY }, request, tag);
}
