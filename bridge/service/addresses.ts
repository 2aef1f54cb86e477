/** Which addresses and ports are bound, and which are told to others. */
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isIPv6 } from 'node:net';
import type { Settings } from '../../config/index.ts';

const ANY = ['0.0.0.0', '::'];

/** Told to phones: as set, else what is bound, else the first address of this machine on a network. */
export function advertisedAddress(settings: Pick<Settings, 'bind' | 'advertisedAddress'>): string {
  if (settings.advertisedAddress !== undefined) return settings.advertisedAddress;
  if (!ANY.includes(settings.bind)) return settings.bind;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

/** `[::1]` for IPv6, as in URIs. */
export function hostInUri(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/** A port that is free just now: where SIP over UDP and TCP shall have the same number and any will do. */
export function anyFreePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, address, () => {
      const bound = probe.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
