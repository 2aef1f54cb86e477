/** Socket addresses as Linux keeps them in memory (sockaddr_in, sockaddr_in6), as eight 32-bit words. */

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCKADDR_WORDS = 8;

const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

export interface HostAndPort {
  readonly address: string;
  readonly port: number;
}

export function sockaddrBytes(family: number): number {
  return family === AF_INET ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES;
}

export function readSockaddr(words: Int32Array): HostAndPort {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, 4 * SOCKADDR_WORDS);
  const port = (bytes[2]! << 8) | bytes[3]!;
  if (bytes[0] === AF_INET) return { address: bytes.subarray(4, 8).join('.'), port };
  return { address: textOfIpv6(bytes.subarray(8, 24)), port };
}

/** As RFC 5952 wants it written, and `::ffff:192.0.2.1` for IPv4 inside IPv6: the way node:dgram tells addresses. */
export function textOfIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join('.')}`;
  }
  const [start, length] = longestZeros(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** @returns where the longest run of zero groups begins, and how long it is */
function longestZeros(groups: readonly number[]): readonly [number, number] {
  let [best, length] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > length) [best, length] = [start, end - start];
  }
  return [best, length];
}
