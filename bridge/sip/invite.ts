/** An INVITE, checked and cleaned: nothing behind the gate reads the raw request. */
import { TICKET_HEADER, type TerminationReason } from '../../config/contract/index.ts';
import { cleanName, cleanNumber, parseNameAddress, userOf } from './caller-identity.ts';
import type { SrfRequest } from './srf-port.ts';

const MAX_CALL_ID_LENGTH = 256;
const MAX_OFFER_BYTES = 16_384;
const PLAIN_AUDIO = /^m=audio \d+ RTP\/AVP /m;
const ANY_AUDIO = /^m=audio \d+ (RTP\/AVP|UDP\/TLS\/RTP\/SAVPF?) /m;

export interface Invite {
  readonly sipCallId: string;
  /** Display name, cleaned; may be empty. */
  readonly callerName: string;
  /** From's user part, cleaned; empty when withheld. */
  readonly callerNumber: string;
  /** User part of the Request-URI: what was dialled. */
  readonly dialledNumber: string;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly protocol: string;
  /** The caller's SDP; empty when it wants ours, and answers in its ACK (RFC 3261 section 13.2.1). */
  readonly offer: string;
  /** Of a browser, which has no number and is nobody without it. */
  readonly ticket?: string;
}

const TICKET = /^[A-Za-z0-9_-]{22}$/;

/** The ticket of a browser's INVITE; null when there is none, or something else in its place. */
export function readTicket(request: SrfRequest): string | null {
  const value = request.get(TICKET_HEADER)?.trim() ?? '';
  return TICKET.test(value) ? value : null;
}

export interface Refusal {
  readonly status: number;
  readonly reason: TerminationReason;
  readonly headers?: Record<string, string>;
}

export type ReadInvite = { readonly invite: Invite } | { readonly refusal: Refusal; readonly why: string };

const bad = (why: string): ReadInvite => ({ refusal: { status: 400, reason: 'bad-request' }, why });

/** RFC 3261 section 8.1.1 says what must be there; what we build a dialog from must be readable (section 12.1.1). */
export function readInvite(request: SrfRequest, ticket: string | null = null): ReadInvite {
  const sipCallId = request.get('Call-ID') ?? '';
  if (!/^[\x21-\x7e]+$/.test(sipCallId) || sipCallId.length > MAX_CALL_ID_LENGTH) return bad('Call-ID');
  const from = parseNameAddress(request.get('From') ?? '');
  if (!from) return bad('From');
  if (!parseNameAddress(request.get('To') ?? '')) return bad('To');
  if (!contactIsReadable(request)) return bad('Contact');
  const offer = readOffer(request, ticket !== null);
  if (typeof offer !== 'string') return offer;
  return {
    invite: {
      sipCallId,
      // What a browser writes into From means nothing: its ticket says who it is.
      callerName: ticket === null ? cleanName(from.displayName) : '',
      callerNumber: ticket === null ? cleanNumber(userOf(from.uri)) : '',
      ...(ticket === null ? {} : { ticket }),
      dialledNumber: cleanNumber(userOf(request.uri)),
      sourceAddress: request.source_address,
      sourcePort: request.source_port,
      protocol: request.protocol,
      offer,
    },
  };
}

/** drachtio-srf reads the Contact only after the 200 has left, and throws then: so it is tried before. */
function contactIsReadable(request: SrfRequest): boolean {
  const contact = request.get('Contact');
  if (contact === undefined || contact.length > 1_024 || !parseNameAddress(contact)) return false;
  try {
    const parsed = request.getParsedHeader('Contact') as { uri?: unknown }[];
    return typeof parsed[0]?.uri === 'string' && parsed[0].uri !== '';
  } catch {
    return false;
  }
}

function readOffer(request: SrfRequest, isBrowser: boolean): string | ReadInvite {
  const body = request.body ?? '';
  const type = (request.get('Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (body === '' && !isBrowser) return '';
  if (type !== 'application/sdp') {
    return { refusal: { status: 415, reason: 'bad-request', headers: { Accept: 'application/sdp' } }, why: 'body' };
  }
  if (!isReadableSdp(body)) return bad('SDP');
  // A telephone sends plain RTP, a browser DTLS-SRTP (RFC 8827 section 6.5).
  if (!(isBrowser ? ANY_AUDIO : PLAIN_AUDIO).test(body)) {
    return { refusal: { status: 488, reason: 'no-common-codec' }, why: 'no audio we take' };
  }
  return body;
}

function isReadableSdp(body: string): boolean {
  return Buffer.byteLength(body) <= MAX_OFFER_BYTES && body.startsWith('v=0');
}

/** What came with the ACK, where the offer was ours. */
export function isTelephoneAnswer(body: string): boolean {
  return isReadableSdp(body) && PLAIN_AUDIO.test(body);
}
