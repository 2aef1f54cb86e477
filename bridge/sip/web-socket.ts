/**
 * Which requests came over a WebSocket. drachtio-server shows their protocol as `tcp`, and the Via is the browser's own
 * word; but it tells where each request came in, and what it listens on.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { SrfRequest } from './srf-port.ts';

/**
 * @param listeningPoints as drachtio-server tells them: `wss/10.0.0.1:443,udp/10.0.0.1:5060`
 * @returns the ports of WebSocket, plain and secure
 */
export function webSocketPorts(listeningPoints: string): ReadonlySet<string> {
  const points = listeningPoints.split(',').map((point) => /^(\w+)\/.*:(\d+)$/.exec(point.trim()));
  return new Set(points.flatMap((match) => (match?.[1] === 'ws' || match?.[1] === 'wss' ? [match[2]!] : [])));
}

export function cameOverWebSocket(request: SrfRequest, ports: ReadonlySet<string>): boolean {
  const port = /:(\d+)$/.exec(request.receivedOn ?? '')?.[1];
  if (port !== undefined && ports.has(port)) return true;
  // A phone has no reason to say so; whoever does is treated as what it says it is.
  return /^SIP\s*\/\s*2\.0\s*\/\s*WSS?\s/i.test(request.get('Via') ?? '');
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
