/**
 * Which requests came over a WebSocket. drachtio-server shows their protocol as `tcp`, and the Via is the browser's own
 * word; but it tells where each request came in, and what it listens on.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { SrfRequest } from './srf-port.ts';

/**
 * `gateway`: through the web gateway, or by its own word: there all browsers have one address. `direct`: over a secure
 * WebSocket of the SIP server, from the address it has.
 */
export type WebSocketWay = 'none' | 'gateway' | 'direct';

export class WebSocketPoints {
  readonly #gateway: ReadonlySet<string>;
  readonly #direct: ReadonlySet<string>;

  /** @param listeningPoints as drachtio-server tells them: `wss/10.0.0.1:443,udp/10.0.0.1:5060` */
  constructor(listeningPoints: string) {
    const points = listeningPoints.split(',').map((point) => /^(\w+)\/.*:(\d+)$/.exec(point.trim()));
    const portsOf = (protocol: string) =>
      new Set(points.flatMap((match) => (match?.[1] === protocol ? [match[2]!] : [])));
    this.#gateway = portsOf('ws');
    this.#direct = portsOf('wss');
  }

  wayOf(request: Pick<SrfRequest, 'receivedOn' | 'get'>): WebSocketWay {
    const port = /:(\d+)$/.exec(request.receivedOn ?? '')?.[1] ?? '';
    if (this.#direct.has(port)) return 'direct';
    if (this.#gateway.has(port)) return 'gateway';
    // A phone has no reason to say so; whoever does is treated as what it says it is.
    return /^SIP\s*\/\s*2\.0\s*\/\s*WSS?\s/i.test(request.get('Via') ?? '') ? 'gateway' : 'none';
  }
}

/**
 * Whose allowance of INVITEs a browser uses up. Behind the gateway's pass-through all of them have this machine's
 * address, and each a connection of its own.
 */
export function browserSource({ source_address: address, source_port: port }: SrfRequest): string {
  const plain = address.replace(/^\[|\]$/g, '');
  const isLocal = isIP(plain) !== 0 && ipaddr.process(plain).range() === 'loopback';
  return `browser ${plain}${isLocal ? ` ${port}` : ''}`;
}
