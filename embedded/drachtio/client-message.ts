/** What a client hands over to be sent: which of its headers count, and what is filled in. */
import { formatNameAddr, formatSipUri, parseNameAddr, parseSipUri } from '../wire/sip-address.ts';
import { headerKey, SipHeaders, SipParseError, type SipMessage } from '../wire/sip-message.ts';

/** The server's own: a client cannot set them. */
const NEVER = ['via', 'route', 'record-route', 'rseq', 'content-length'];
/** Set by the dialog for requests inside it. */
const DIALOG = ['from', 'to', 'call-id', 'cseq'];
/** `localhost` in these stands for the address of the listening point. */
const WITH_LOCALHOST = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

export interface LocalAddress {
  readonly host: string;
  readonly port: number;
}

/** @param inside true leaves out what the dialog sets as well */
export function clientHeaders(message: SipMessage, local: LocalAddress, inside: boolean): SipHeaders {
  const left = new Set(inside ? [...NEVER, ...DIALOG] : NEVER);
  const headers = new SipHeaders();
  for (const [name, value] of message.headers) {
    const key = headerKey(name);
    if (left.has(key)) continue;
    headers.append(name, WITH_LOCALHOST.has(key) ? replaceLocalhost(value, local) : value);
  }
  return headers;
}

function replaceLocalhost(value: string, local: LocalAddress): string {
  if (!value.includes('localhost')) return value;
  try {
    const address = parseNameAddr(value);
    const uri = parseSipUri(address.uri);
    if (uri.host !== 'localhost') return value;
    return formatNameAddr({ ...address, uri: formatSipUri({ ...uri, host: local.host, port: local.port }) });
  } catch (error) {
    if (error instanceof SipParseError) return value;
    throw error;
  }
}

/** A client may leave out Content-Type for SDP, and for nothing else. */
export class MissingContentType extends Error {
  constructor() {
    super('missing content-type');
  }
}

/**
 * Adds the Content-Type of SDP.
 * @throws MissingContentType when `strict` and the body is something else
 */
export function fillContentType(headers: SipHeaders, body: Buffer, strict: boolean): void {
  if (body.length === 0 || headers.has('Content-Type')) return;
  if (body.subarray(0, 3).toString('latin1') === 'v=0') headers.append('Content-Type', 'application/sdp');
  else if (strict) throw new MissingContentType();
}
