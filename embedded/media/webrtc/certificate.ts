/**
 * The certificate that DTLS shows (RFC 8827 section 6.5): self-signed, ECDSA on P-256, new at each start. Who we are is
 * told by its fingerprint in the SDP, so its names mean nothing.
 */
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

export interface DtlsCertificate {
  /** DER. */
  readonly certificate: Uint8Array;
  /** SEC 1 DER. */
  readonly privateKey: Uint8Array;
  /** SHA-256 of the certificate as SDP writes it: pairs of upper-case digits, parted by colons. */
  readonly fingerprint: string;
}

const VALID_DAYS = 365;
const DAY_MS = 86_400_000;
/** A clock that is a little late must not refuse us. */
const BACKDATED_MS = DAY_MS;

export function createDtlsCertificate(nowMs: number = Date.now()): DtlsCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectIdentifier(ECDSA_WITH_SHA256));
  const name = sequence(set(sequence(objectIdentifier(COMMON_NAME), utf8String('media'))));
  const validity = sequence(utcTime(nowMs - BACKDATED_MS), utcTime(nowMs + VALID_DAYS * DAY_MS));
  const subjectKey = publicKey.export({ format: 'der', type: 'spki' });
  const body = sequence(VERSION_3, integer(serialNumber()), algorithm, name, validity, name, subjectKey);
  const signature = createSign('sha256').update(body).sign(privateKey);
  const certificate = sequence(body, algorithm, bitString(signature));
  return {
    certificate,
    privateKey: privateKey.export({ format: 'der', type: 'sec1' }),
    fingerprint: fingerprintOf(certificate),
  };
}

export function fingerprintOf(certificate: Uint8Array): string {
  return colons(createHash('sha256').update(certificate).digest());
}

/** Bytes as SDP's fingerprints write them (RFC 8122 section 5). */
export function colons(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}

/** X.690: just the types that a certificate (RFC 5280) is made of here. */
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const VERSION_3 = tagged(0xa0, integer(Buffer.from([2])));

function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  // Positive, and no leading zero that would have to be left out.
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes;
}

function tagged(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const lengthBytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function sequence(...parts: Uint8Array[]): Buffer {
  return tagged(0x30, ...parts);
}

function set(...parts: Uint8Array[]): Buffer {
  return tagged(0x31, ...parts);
}

function integer(bytes: Uint8Array): Buffer {
  return tagged(0x02, bytes);
}

function objectIdentifier(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function utf8String(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text));
}

/** Two digits for the year: good until 2049. */
function utcTime(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/^..|[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(text));
}

function bitString(bytes: Uint8Array): Buffer {
  return tagged(0x03, Buffer.from([0]), bytes);
}
