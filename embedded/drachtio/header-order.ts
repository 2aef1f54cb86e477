/** Names and order of headers as the real server writes them: known ones first, in a fixed order, then all others. */
import { headerKey, SipHeaders } from '../wire/sip-message.ts';

const KNOWN_IN_ORDER = [
  'Via',
  'Route',
  'Record-Route',
  'Max-Forwards',
  'Proxy-Require',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Contact',
  'RSeq',
  'RAck',
  'Request-Disposition',
  'Accept-Contact',
  'Reject-Contact',
  'Expires',
  'Date',
  'Retry-After',
  'Timestamp',
  'Min-Expires',
  'Subject',
  'Priority',
  'Call-Info',
  'Organization',
  'Server',
  'User-Agent',
  'In-Reply-To',
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Allow',
  'Require',
  'Supported',
  'Unsupported',
  'Event',
  'Allow-Events',
  'Subscription-State',
  'Proxy-Authenticate',
  'Proxy-Authentication-Info',
  'Proxy-Authorization',
  'Authorization',
  'WWW-Authenticate',
  'Authentication-Info',
  'Error-Info',
  'Warning',
  'Refer-To',
  'Referred-By',
  'Replaces',
  'Session-Expires',
  'Min-SE',
  'Path',
  'Service-Route',
  'Reason',
  'Security-Client',
  'Security-Server',
  'Security-Verify',
  'Privacy',
  'SIP-ETag',
  'SIP-If-Match',
  'MIME-Version',
  'Content-Type',
  'Content-Encoding',
  'Content-Language',
  'Content-Disposition',
  'Content-Length',
] as const;

const RANKS = new Map<string, { rank: number; name: string }>(
  KNOWN_IN_ORDER.map((name, rank) => [headerKey(name), { rank, name }]),
);

/** Known headers under their own spelling; others with a capital after each dash, X- headers as they are. */
export function canonicalName(name: string): string {
  const known = RANKS.get(headerKey(name));
  if (known) return known.name;
  if (/^x-/i.test(name)) return name;
  return name.replace(/(^|-)([a-z])/g, (_match, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** Sorted, with canonical names; headers of one name keep their order. Content-Length is there, its value to be filled. */
export function inServerOrder(headers: SipHeaders): SipHeaders {
  const lines = [...headers].filter(([name]) => headerKey(name) !== 'content-length');
  lines.push(['Content-Length', '0']);
  const rankOf = (name: string) => RANKS.get(headerKey(name))?.rank ?? KNOWN_IN_ORDER.length;
  lines.sort(([one], [other]) => rankOf(one) - rankOf(other));
  return new SipHeaders(lines.map(([name, value]) => [canonicalName(name), value] as const));
}
