/** Addresses and ranges as the settings name them: `10.0.0.0/8`, `2001:db8::1`. */
import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

export class AddressRanges {
  readonly #ranges: readonly Range[];

  /** @param cidrs checked by the settings' schema */
  constructor(cidrs: readonly string[]) {
    this.#ranges = cidrs.map(toRange);
  }

  /** False for what is no address. IPv4 in IPv6 counts as IPv4; some SIP servers put IPv6 in brackets. */
  includes(address: string): boolean {
    const plain = address.replace(/^\[|\]$/g, '');
    if (!ipaddr.isValid(plain)) return false;
    const parsed = ipaddr.process(plain);
    return this.#ranges.some((range) => range[0].kind() === parsed.kind() && parsed.match(range));
  }
}

function toRange(cidr: string): Range {
  if (cidr.includes('/')) return ipaddr.parseCIDR(cidr);
  const address = ipaddr.process(cidr);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
