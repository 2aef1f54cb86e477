/** Which transaction a message belongs to (RFC 3261 sections 17.1.3 and 17.2.3), and where responses go (18.2). */
import { formatVia, parseCSeq, parseVia, tagOf, type Via } from '../wire/sip-address.ts';
import { formatHostPort, splitOutsideQuotes } from '../wire/sip-syntax.ts';
import { headerKey, SipHeaders, type SipMessage, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import { isBranchOfRfc3261 } from './identifiers.ts';
import { defaultPort } from './transport.ts';
import type { SipHop } from './types.ts';

/** Only of the first line: what others wrote below may be malformed without harm. */
export function topVia(message: SipMessage): Via {
  return parseVia(splitOutsideQuotes(message.headers.get('Via') ?? '', ',')[0] ?? '');
}

/** A response on its way back through a proxy (RFC 3261 section 16.7). */
export function withoutTopVia(response: SipResponse): SipResponse {
  const headers = new SipHeaders();
  let isTop = true;
  for (const [name, value] of response.headers) {
    if (!isTop || headerKey(name) !== 'via') headers.append(name, value);
    else {
      isTop = false;
      const others = splitOutsideQuotes(value, ',').slice(1);
      if (others.length > 0) headers.append(name, others.join(', '));
    }
  }
  return { ...response, headers };
}

/** Of a response: branch and method. */
export function clientKey(branch: string, method: string): string {
  return `${branch} ${method}`;
}

/**
 * Of a request. ACK has the key of the INVITE it acknowledges (unless that was a 2xx); pass 'INVITE' as `method` for a
 * CANCEL to find what it cancels.
 */
export function serverKey(request: SipRequest, via: Via, method: string): string {
  const keyMethod = method === 'ACK' ? 'INVITE' : method;
  const branch = via.parameters.get('branch');
  const sentBy = formatHostPort(via.host.toLowerCase(), via.port);
  if (isBranchOfRfc3261(branch)) return `${branch} ${sentBy} ${keyMethod}`;
  // RFC 2543: no unique branch. The To tag of an ACK is ours, so it cannot be part of the key.
  const { headers } = request;
  const sequence = parseCSeq(headers.get('CSeq') ?? '').sequence;
  const from = tagOf(headers.get('From')) ?? '';
  const branchOf2543 = via.parameters.get('branch') ?? '';
  return `2543 ${request.uri} ${from} ${headers.get('Call-ID') ?? ''} ${sequence} ${sentBy} ${branchOf2543} ${keyMethod}`;
}

/** What an INVITE and the ACK of its 2xx have in common (section 13.2.2.4): the ACK has a branch of its own. */
export function acknowledgementKey(request: SipRequest): string {
  const { headers } = request;
  const sequence = parseCSeq(headers.get('CSeq') ?? '').sequence;
  return `${headers.get('Call-ID') ?? ''} ${sequence} ${tagOf(headers.get('From')) ?? ''}`;
}

/** Writes `received` and `rport` into the top Via (RFC 3261 section 18.2.1, RFC 3581). */
export function markSource(headers: SipHeaders, source: SipHop): void {
  const first = headers.get('Via') ?? '';
  const [top = '', ...others] = splitOutsideQuotes(first, ',');
  const via = parseVia(top);
  const { parameters } = via;
  // A sender has no say in `received`; without ours nobody may believe theirs.
  const received = via.host === source.address ? null : source.address;
  // Browsers know no address of their own; the real server shows where they were seen, asked or not.
  const wantsPort = parameters.has('rport') || source.protocol === 'ws' || source.protocol === 'wss';
  const changed = wantsPort || parameters.has('received') || received !== null;
  if (!changed) return;
  parameters.delete('received');
  if (parameters.has('rport')) parameters.set('rport', String(source.port));
  if (received !== null) parameters.set('received', received);
  if (wantsPort) parameters.set('rport', String(source.port));
  headers.replaceFirst('Via', [formatVia(via), ...others].join(', '));
}

/**
 * Where the response to a request goes (section 18.2.2, RFC 3581 section 4): back through its connection while that is
 * open, and nowhere else for WebSocket, whose clients cannot be connected to (RFC 7118 section 5); datagrams to the
 * source port when `rport` was asked for; else to the port of Via at the source address.
 */
export function responseHop(via: Via, source: SipHop, connected: boolean): SipHop {
  if (
    connected ||
    source.protocol === 'ws' ||
    source.protocol === 'wss' ||
    (source.protocol === 'udp' && via.parameters.has('rport'))
  )
    return source;
  return { ...source, port: via.port ?? defaultPort(source.protocol) };
}
