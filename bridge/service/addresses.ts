/** Which addresses and ports are bound, and which are told to others. */
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { Settings } from '../../config/index.ts';

export const LOOPBACK = '127.0.0.1';
const ANY = ['0.0.0.0', '::'];

/** Told to phones: as set, else what is bound, else the first address of this machine on a network. */
export function advertisedAddress(settings: Pick<Settings, 'bind' | 'advertisedAddress'>): string {
  if (settings.advertisedAddress !== undefined) return settings.advertisedAddress;
  if (!ANY.includes(settings.bind)) return settings.bind;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? LOOPBACK;
}

/** `[::1]` for IPv6, as in URIs. */
export function hostInUri(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}
