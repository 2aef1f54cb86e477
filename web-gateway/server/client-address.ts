/**
 * Who is asking: the address of the socket's peer, unless that is a reverse proxy of ours. Only then X-Forwarded-For is
 * read, from the right: each of our proxies appended the address it saw, so the right-most one that is not ours is the
 * client. Everything left of it, and every other header, is the client's own invention.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** @param ranges addresses and ranges, checked by the settings' schema */
export function createAddressFinder(
  ranges: readonly string[],
): (peer: string | undefined, forwardedFor: string | undefined) => string {
  const isTrusted = createRangeCheck(ranges);
  return (peer, forwardedFor) => {
    let address = canonical(peer ?? '') ?? 'unknown';
    if (forwardedFor === undefined || !isTrusted(address)) return address;
    for (const hop of forwardedFor.split(',').reverse()) {
      const next = canonical(withoutPort(hop.trim()));
      // What a proxy of ours wrote can be read; this was not, so the last one we know stands.
      if (next === undefined) return address;
      address = next;
      if (!isTrusted(address)) return address;
    }
    return address;
  };
}

/** @param ranges as above */
export function createRangeCheck(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map(parseRange);
  return (address) => parsed.some((range) => contains(range, address));
}

/** `203.0.113.7:5060`, `[2001:db8::1]` and `[2001:db8::1]:5060`, as some proxies write it. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop);
  if (bracketed) return bracketed[1]!;
  const dotted = /^([^:]+):\d{1,5}$/.exec(hop);
  return dotted ? dotted[1]! : hop;
}

/** One spelling per address; IPv4 inside IPv6 becomes IPv4. No octal, hexadecimal or zoned forms: isIP refuses them. */
function canonical(address: string): string | undefined {
  const withoutZone = address.startsWith('fe80:') ? (address.split('%', 1)[0] ?? '') : address;
  if (isIP(withoutZone) === 0 || withoutZone.includes('%')) return undefined;
  return ipaddr.process(withoutZone).toString();
}

function parseRange(range: string): Range {
  if (range.includes('/')) return ipaddr.parseCIDR(range);
  const address = ipaddr.process(range);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function contains([network, bits]: Range, address: string): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && parsed.match(network, bits);
  return network instanceof ipaddr.IPv6 && parsed.match(network, bits);
}

/** Limits count the network of an IPv6 address: whoever has one has 2^64 of them. */
export function limitKeyOf(address: string): string {
  if (isIP(address) !== 6) return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString()}/64`;
}
