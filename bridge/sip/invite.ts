/** An INVITE, checked and cleaned: nothing behind the gate reads the raw request. */
import type { TerminationReason } from '../../config/contract/index.ts';
import { cleanName, cleanNumber, parseNameAddress, userOf } from './caller-identity.ts';
import type { SrfRequest } from './srf-port.ts';

const MAX_CALL_ID_LENGTH = 256;
const MAX_OFFER_BYTES = 16_384;

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
  /** The caller's SDP. */
  readonly offer: string;
}

export interface Refusal {
  readonly status: number;
  readonly reason: TerminationReason;
  readonly headers?: Record<string, string>;
}

export type ReadInvite = { readonly invite: Invite } | { readonly refusal: Refusal; readonly why: string };

const bad = (why: string): ReadInvite => ({ refusal: { status: 400, reason: 'bad-request' }, why });

/** RFC 3261 section 8.1.1 says what must be there; what we build a dialog from must be readable (section 12.1.1). */
export function readInvite(request: SrfRequest): ReadInvite {
  const sipCallId = request.get('Call-ID') ?? '';
  if (!/^[\x21-\x7e]+$/.test(sipCallId) || sipCallId.length > MAX_CALL_ID_LENGTH) return bad('Call-ID');
  const from = parseNameAddress(request.get('From') ?? '');
  if (!from) return bad('From');
  if (!parseNameAddress(request.get('To') ?? '')) return bad('To');
  if (!contactIsReadable(request)) return bad('Contact');
  const offer = readOffer(request);
  if (typeof offer !== 'string') return offer;
  return {
    invite: {
      sipCallId,
      callerName: cleanName(from.displayName),
      callerNumber: cleanNumber(userOf(from.uri)),
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

function readOffer(request: SrfRequest): string | ReadInvite {
  const body = request.body ?? '';
  const type = (request.get('Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (body === '') return { refusal: { status: 488, reason: 'no-common-codec' }, why: 'no offer' };
  if (type !== 'application/sdp') {
    return { refusal: { status: 415, reason: 'bad-request', headers: { Accept: 'application/sdp' } }, why: 'body' };
  }
  if (Buffer.byteLength(body) > MAX_OFFER_BYTES || !body.startsWith('v=0')) return bad('SDP');
  // Only a telephone's plain RTP is taken here; a browser's call (DTLS-SRTP) needs a ticket.
  if (!/^m=audio \d+ RTP\/AVP /m.test(body)) {
    return { refusal: { status: 488, reason: 'no-common-codec' }, why: 'no plain audio offered' };
  }
  return body;
}
