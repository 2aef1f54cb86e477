/** RTP packets, RFC 3550 section 5: parse and print, every length checked before it is used. */

export interface RtpHeader {
  readonly marker: boolean;
  /** 0…127. */
  readonly payloadType: number;
  /** 0…65,535, wraps. */
  readonly sequence: number;
  /** 32 bits unsigned, wraps. In units of the payload's clock (8,000 a second for everything here). */
  readonly timestamp: number;
  readonly ssrc: number;
}

export interface RtpExtension {
  /** "Defined by profile", 16 bits. */
  readonly profile: number;
  /** Length is a multiple of four. */
  readonly data: Uint8Array;
}

export interface RtpPacket extends RtpHeader {
  readonly csrcs: readonly number[];
  readonly extension?: RtpExtension;
  /** Bytes of padding removed from the payload's end, the count byte included. 0 = no padding. */
  readonly paddingLength: number;
  /** A view into the parsed bytes, not a copy. */
  readonly payload: Uint8Array;
}

/** Why bytes are not an RTP packet. */
export type RtpFault = 'too-short' | 'wrong-version' | 'truncated' | 'bad-padding';

export const RTP_HEADER_BYTES = 12;
const RTP_VERSION = 2;
const NO_CSRCS: readonly number[] = [];

/** @returns the packet, or the reason why these bytes are none. Never throws. */
export function parseRtp(bytes: Uint8Array): RtpPacket | RtpFault {
  if (bytes.length < RTP_HEADER_BYTES) return 'too-short';
  const first = bytes[0]!;
  if (first >> 6 !== RTP_VERSION) return 'wrong-version';
  const csrcCount = first & 0x0f;
  let offset = RTP_HEADER_BYTES + 4 * csrcCount;
  if (offset > bytes.length) return 'truncated';
  const csrcs = csrcCount === 0 ? NO_CSRCS : readCsrcs(bytes, csrcCount);
  let extension: RtpExtension | undefined;
  if ((first & 0x10) !== 0) {
    if (offset + 4 > bytes.length) return 'truncated';
    const length = 4 * readHalf(bytes, offset + 2);
    if (offset + 4 + length > bytes.length) return 'truncated';
    extension = { profile: readHalf(bytes, offset), data: bytes.subarray(offset + 4, offset + 4 + length) };
    offset += 4 + length;
  }
  let end = bytes.length;
  if ((first & 0x20) !== 0) {
    const padding = bytes[end - 1]!;
    if (padding === 0 || offset + padding > end) return 'bad-padding';
    end -= padding;
  }
  return {
    marker: (bytes[1]! & 0x80) !== 0,
    payloadType: bytes[1]! & 0x7f,
    sequence: readHalf(bytes, 2),
    timestamp: readWord(bytes, 4),
    ssrc: readWord(bytes, 8),
    csrcs,
    ...(extension && { extension }),
    paddingLength: bytes.length - end,
    payload: bytes.subarray(offset, end),
  };
}

function readCsrcs(bytes: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, index) => readWord(bytes, RTP_HEADER_BYTES + 4 * index));
}

/** What may be printed; everything beyond header and payload is optional. */
export type RtpPacketInput = RtpHeader & { readonly payload: Uint8Array } & Partial<
    Pick<RtpPacket, 'csrcs' | 'extension' | 'paddingLength'>
  >;

/** @throws RangeError when more than 15 CSRCs, an uneven extension or more than 255 bytes of padding are given. */
export function serializeRtp(packet: RtpPacketInput): Buffer {
  const { csrcs = NO_CSRCS, extension, paddingLength = 0, payload } = packet;
  if (csrcs.length > 15) throw new RangeError('RTP carries at most 15 CSRCs');
  if (extension && extension.data.length % 4 !== 0) throw new RangeError('an RTP extension is a multiple of 4 bytes');
  if (paddingLength < 0 || paddingLength > 255) throw new RangeError('RTP padding is 0 to 255 bytes');
  const extensionBytes = extension ? 4 + extension.data.length : 0;
  const payloadAt = RTP_HEADER_BYTES + 4 * csrcs.length + extensionBytes;
  const bytes = Buffer.alloc(payloadAt + payload.length + paddingLength);
  writeRtpHeader(bytes, packet);
  bytes[0] = bytes[0]! | (paddingLength > 0 ? 0x20 : 0) | (extension ? 0x10 : 0) | csrcs.length;
  csrcs.forEach((csrc, index) => bytes.writeUInt32BE(csrc >>> 0, RTP_HEADER_BYTES + 4 * index));
  if (extension) {
    const at = payloadAt - extensionBytes;
    bytes.writeUInt16BE(extension.profile, at);
    bytes.writeUInt16BE(extension.data.length / 4, at + 2);
    bytes.set(extension.data, at + 4);
  }
  bytes.set(payload, payloadAt);
  if (paddingLength > 0) bytes[bytes.length - 1] = paddingLength;
  return bytes;
}

/** Writes the twelve fixed bytes of a plain packet (no CSRC, extension or padding) at the start of `bytes`. */
export function writeRtpHeader(bytes: Buffer, header: RtpHeader): void {
  bytes[0] = RTP_VERSION << 6;
  bytes[1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  bytes[2] = header.sequence >> 8;
  bytes[3] = header.sequence;
  writeWord(bytes, 4, header.timestamp);
  writeWord(bytes, 8, header.ssrc);
}

/** 32 bits in network order; byte by byte, which costs a fraction of a DataView made for each packet. */
function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

function readWord(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function readHalf(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** How far timestamp `a` is ahead of `b`, −2³¹ … 2³¹−1, wrap-around respected. */
export function timestampDistance(a: number, b: number): number {
  return (a - b) | 0;
}

/** How far sequence number `a` is ahead of `b`, −32,768 … 32,767. */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}
