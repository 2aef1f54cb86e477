/**
 * STUN messages (RFC 8489) as far as ICE checks need them (RFC 8445 section 7): binding requests and their answers, with
 * MESSAGE-INTEGRITY (HMAC-SHA1) and FINGERPRINT. Every length is checked before it is used.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { crc32 } from './crc32.ts';

export const STUN_BINDING_REQUEST = 0x0001;
export const STUN_BINDING_INDICATION = 0x0011;
export const STUN_BINDING_SUCCESS = 0x0101;
export const STUN_BINDING_ERROR = 0x0111;

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const INTEGRITY_BYTES = 20;
const FINGERPRINT_XOR = 0x5354554e;
/** More than any check of a browser has. */
const MAX_ATTRIBUTES = 32;

const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  xorMappedAddress: 0x0020,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

export interface StunMessage {
  readonly type: number;
  /** Twelve bytes. */
  readonly transaction: Uint8Array;
  readonly username?: string;
  /** The peer wants this pair of addresses (RFC 8445 section 7.1.2). */
  readonly useCandidate: boolean;
  readonly role?: 'controlling' | 'controlled';
  /** Whether MESSAGE-INTEGRITY is there and was made with this password. */
  isSignedWith(password: string): boolean;
}

/** RFC 7983: what a datagram on one port is, by its first byte. */
export function looksLikeStun(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && bytes[0]! < 4;
}

/** @returns undefined when these bytes are no STUN message. Never throws. */
export function parseStun(bytes: Uint8Array): StunMessage | undefined {
  if (!looksLikeStun(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint16(2);
  if (view.getUint32(4) !== MAGIC_COOKIE || length % 4 !== 0 || HEADER_BYTES + length !== bytes.length)
    return undefined;
  const found = readAttributes(bytes, view);
  if (!found) return undefined;
  const { username, useCandidate, role, integrityAt } = found;
  return {
    type: view.getUint16(0),
    transaction: bytes.slice(8, HEADER_BYTES),
    useCandidate,
    isSignedWith: (password) => integrityAt !== undefined && isSigned(bytes, integrityAt, password),
    ...(username !== undefined && { username }),
    ...(role !== undefined && { role }),
  };
}

interface Attributes {
  username?: string;
  useCandidate: boolean;
  role?: 'controlling' | 'controlled';
  integrityAt?: number;
}

function readAttributes(bytes: Uint8Array, view: DataView): Attributes | undefined {
  const found: Attributes = { useCandidate: false };
  let count = 0;
  for (let at = HEADER_BYTES; at < bytes.length;) {
    if (at + 4 > bytes.length || ++count > MAX_ATTRIBUTES) return undefined;
    const type = view.getUint16(at);
    const length = view.getUint16(at + 2);
    const value = at + 4;
    if (value + length > bytes.length) return undefined;
    if (type === ATTRIBUTE.fingerprint) {
      const isLast = value + length === bytes.length;
      return isLast && length === 4 && view.getUint32(value) === fingerprintOf(bytes, at) ? found : undefined;
    }
    // RFC 8489 section 14.5: what comes after the signature is not signed and must not be looked at.
    if (found.integrityAt === undefined) takeAttribute(found, type, bytes.subarray(value, value + length), at);
    at = value + Math.ceil(length / 4) * 4;
  }
  return found;
}

function takeAttribute(found: Attributes, type: number, value: Uint8Array, at: number): void {
  if (type === ATTRIBUTE.username && value.length <= 513) found.username = Buffer.from(value).toString('utf8');
  else if (type === ATTRIBUTE.useCandidate) found.useCandidate = true;
  else if (type === ATTRIBUTE.iceControlling) found.role = 'controlling';
  else if (type === ATTRIBUTE.iceControlled) found.role = 'controlled';
  else if (type === ATTRIBUTE.messageIntegrity && value.length === INTEGRITY_BYTES) found.integrityAt = at;
}

/** RFC 8489 section 14.5: signed is everything before, with the length as if the signature were the last attribute. */
function signature(bytes: Uint8Array, integrityAt: number, password: string): Buffer {
  const signed = Buffer.from(bytes.subarray(0, integrityAt));
  signed.writeUInt16BE(integrityAt - HEADER_BYTES + 4 + INTEGRITY_BYTES, 2);
  return createHmac('sha1', password).update(signed).digest();
}

function isSigned(bytes: Uint8Array, integrityAt: number, password: string): boolean {
  const told = bytes.subarray(integrityAt + 4, integrityAt + 4 + INTEGRITY_BYTES);
  return timingSafeEqual(told, signature(bytes, integrityAt, password));
}

function fingerprintOf(bytes: Uint8Array, at: number): number {
  return (crc32(bytes.subarray(0, at)) ^ FINGERPRINT_XOR) >>> 0;
}

/** The answer to a check: tells the peer which address it is seen with. @throws RangeError for no literal address */
export function stunSuccess(transaction: Uint8Array, address: string, port: number, password: string): Buffer {
  const mapped = xorMappedAddress(transaction, address, port);
  return message(STUN_BINDING_SUCCESS, transaction, [[ATTRIBUTE.xorMappedAddress, mapped]], password);
}

/** @param code such as 487, role conflict (RFC 8445 section 7.3.1.1) */
export function stunError(transaction: Uint8Array, code: number, reason: string, password: string): Buffer {
  const value = Buffer.concat([Buffer.from([0, 0, Math.floor(code / 100), code % 100]), Buffer.from(reason)]);
  return message(STUN_BINDING_ERROR, transaction, [[ATTRIBUTE.errorCode, value]], password);
}

export interface StunRequest {
  readonly transaction: Uint8Array;
  readonly username: string;
  readonly password: string;
  readonly useCandidate?: boolean;
}

/** A check as a controlling agent sends it. */
export function stunRequest({ transaction, username, password, useCandidate = true }: StunRequest): Buffer {
  const attributes: [number, Buffer][] = [
    [ATTRIBUTE.username, Buffer.from(username)],
    [ATTRIBUTE.iceControlling, Buffer.alloc(8, 1)],
    ...(useCandidate ? [[ATTRIBUTE.useCandidate, Buffer.alloc(0)] as [number, Buffer]] : []),
  ];
  return message(STUN_BINDING_REQUEST, transaction, attributes, password);
}

function message(type: number, transaction: Uint8Array, attributes: [number, Buffer][], password: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(type, 0);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  header.set(transaction, 8);
  const unsigned = Buffer.concat([header, ...attributes.map(([kind, value]) => attribute(kind, value))]);
  const integrity = attribute(ATTRIBUTE.messageIntegrity, signature(unsigned, unsigned.length, password));
  const signed = Buffer.concat([unsigned, integrity]);
  signed.writeUInt16BE(signed.length - HEADER_BYTES + 8, 2);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(fingerprintOf(signed, signed.length));
  return Buffer.concat([signed, attribute(ATTRIBUTE.fingerprint, check)]);
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

function xorMappedAddress(transaction: Uint8Array, address: string, port: number): Buffer {
  const raw = ipaddr.isValid(address) ? ipaddr.parse(address).toByteArray() : undefined;
  if (!raw) throw new RangeError('only a literal address can be told');
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(MAGIC_COOKIE, 0);
  mask.set(transaction, 4);
  const value = Buffer.alloc(4 + raw.length);
  value[1] = raw.length === 4 ? 1 : 2;
  value.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 2);
  raw.forEach((byte, index) => (value[4 + index] = byte ^ mask[index]!));
  return value;
}
