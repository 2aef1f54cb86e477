/** Requests the transaction layer makes by itself, and what it adds to those of its users. */
import { formatVia, parseCSeq, type SipParameters } from '../wire/sip-address.ts';
import { EMPTY_BODY, SipHeaders, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import { newBranch } from './identifiers.ts';
import { defaultPort } from './transport.ts';
import type { ListeningPoint } from './types.ts';

const MAX_FORWARDS = '70';

/** Our Via on top, and Max-Forwards. The branch is returned inside the request only. */
export function withVia(request: SipRequest, from: ListeningPoint, branch: string = newBranch()): SipRequest {
  const headers = request.headers.clone();
  if (!headers.has('Max-Forwards')) headers.prepend('Max-Forwards', MAX_FORWARDS);
  headers.prepend('Via', viaOf(from, branch));
  return { ...request, headers };
}

function viaOf(from: ListeningPoint, branch: string): string {
  const parameters: SipParameters = new Map<string, string | null>([
    ['rport', null],
    ['branch', branch],
  ]);
  const port = from.port === defaultPort(from.protocol) ? {} : { port: from.port };
  return formatVia({ transport: from.protocol.toUpperCase(), host: from.advertisedAddress, ...port, parameters });
}

/** ACK to a final response other than 2xx (section 17.1.1.3): same Via, same Request-URI, To of the response. */
export function ackForFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const headers = sharedHeaders(invite, 'ACK');
  const to = response.headers.get('To');
  if (to !== undefined) headers.set('To', to);
  return { kind: 'request', method: 'ACK', uri: invite.uri, headers, body: EMPTY_BODY };
}

/** CANCEL of an INVITE (section 9.1). */
export function cancelFor(invite: SipRequest, extra: Readonly<Record<string, string>>): SipRequest {
  const headers = sharedHeaders(invite, 'CANCEL');
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  return { kind: 'request', method: 'CANCEL', uri: invite.uri, headers, body: EMPTY_BODY };
}

function sharedHeaders(invite: SipRequest, method: string): SipHeaders {
  const headers = new SipHeaders();
  headers.append('Via', invite.headers.get('Via') ?? '');
  headers.append('Max-Forwards', MAX_FORWARDS);
  for (const route of invite.headers.getAll('Route')) headers.append('Route', route);
  for (const name of ['From', 'To', 'Call-ID']) headers.append(name, invite.headers.get(name) ?? '');
  headers.append('CSeq', `${parseCSeq(invite.headers.get('CSeq') ?? '').sequence} ${method}`);
  return headers;
}
