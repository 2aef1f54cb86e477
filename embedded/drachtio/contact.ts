import { formatHostPort } from '../wire/sip-syntax.ts';
import type { ListeningPoint } from '../sip/index.ts';

/** `<sip:127.0.0.1:5060>`, `<sip:127.0.0.1:5060;transport=tcp>`: always with the port. */
export function contactOf(point: ListeningPoint): string {
  const scheme = point.protocol === 'tls' || point.protocol === 'wss' ? 'sips' : 'sip';
  const transport = point.protocol === 'udp' ? '' : `;transport=${point.protocol}`;
  return `<${scheme}:${formatHostPort(point.advertisedAddress, point.port)}${transport}>`;
}
