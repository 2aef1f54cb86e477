/**
 * SRTP and SRTCP (RFC 3711) with AES_CM_128_HMAC_SHA1_80, the profile everybody must have. Encrypting and signing is
 * OpenSSL's; packet indices, replay and the rest of the protocol are here.
 */
import { createCipheriv } from 'node:crypto';
import { RTP_HEADER_BYTES } from '../../wire/rtp.ts';
import type { SrtpKeys } from './dtls.ts';
import type { NativeMemory } from './native-memory.ts';
import type { OpenSsl } from './openssl.ts';
import { PacketIndex, type PacketIndexState } from './packet-index.ts';

const TAG_BYTES = 10;
const AUTH_KEY_BYTES = 20;
const RTCP_HEADER_BYTES = 8;
const RTCP_INDEX_BYTES = 4;
const ENCRYPTED_FLAG = 0x8000_0000;
const MAX_RTCP_INDEX = 0x7fff_ffff;
/** No packet of a browser's audio is longer. */
export const MAX_PACKET_BYTES = 2048;
/** Sources one peer may use at a time (RFC 3550 section 8): its audio, and what it changes to. */
const MAX_SOURCES = 4;

/** Of the scratch memory, beyond the packet. */
const IV_AT = MAX_PACKET_BYTES + 64;
const LENGTH_AT = IV_AT + 16;
const TAG_AT = LENGTH_AT + 16;
/** RFC 3711 section 4.3.1. */
const LABEL = { rtp: { cipher: 0, auth: 1, salt: 2 }, rtcp: { cipher: 3, auth: 4, salt: 5 } } as const;

export interface SrtpCounters {
  /** Signature wrong, or too short. */
  refused: number;
  /** Genuine, but here before. */
  replayed: number;
}

/** A session on its way to another thread; what OpenSSL holds of it stays where it is in memory. */
export interface SrtpState {
  /** Outgoing and incoming RTP, then RTCP. */
  readonly transforms: readonly [TransformState, TransformState, TransformState, TransformState];
  readonly outgoing: PacketIndexState;
  readonly sources: ReadonlyMap<number, PacketIndexState>;
  readonly rtcpSources: ReadonlyMap<number, PacketIndexState>;
  readonly rtcpIndex: number;
  readonly counters: SrtpCounters;
}

export class SrtpSession {
  readonly counters: SrtpCounters;
  readonly #memory: NativeMemory;
  readonly #rtpOut: Transform;
  readonly #rtpIn: Transform;
  readonly #rtcpOut: Transform;
  readonly #rtcpIn: Transform;
  readonly #outgoing: PacketIndex;
  readonly #sources: Map<number, PacketIndex>;
  readonly #rtcpSources: Map<number, PacketIndex>;
  #rtcpIndex: number;

  private constructor(openssl: OpenSsl, memory: NativeMemory, state: SrtpState) {
    this.#memory = memory;
    const [rtpOut, rtpIn, rtcpOut, rtcpIn] = state.transforms;
    this.#rtpOut = new Transform(openssl, memory, rtpOut);
    this.#rtpIn = new Transform(openssl, memory, rtpIn);
    this.#rtcpOut = new Transform(openssl, memory, rtcpOut);
    this.#rtcpIn = new Transform(openssl, memory, rtcpIn);
    this.#outgoing = new PacketIndex(state.outgoing);
    this.#sources = indicesOf(state.sources);
    this.#rtcpSources = indicesOf(state.rtcpSources);
    this.#rtcpIndex = state.rtcpIndex;
    this.counters = state.counters;
  }

  static begin(openssl: OpenSsl, memory: NativeMemory, keys: SrtpKeys): SrtpSession {
    const transform = (key: Buffer, salt: Buffer, labels: Labels): TransformState =>
      openTransform(openssl, memory, deriveKeys(key, salt, labels));
    return new SrtpSession(openssl, memory, {
      transforms: [
        transform(keys.localKey, keys.localSalt, LABEL.rtp),
        transform(keys.remoteKey, keys.remoteSalt, LABEL.rtp),
        transform(keys.localKey, keys.localSalt, LABEL.rtcp),
        transform(keys.remoteKey, keys.remoteSalt, LABEL.rtcp),
      ],
      outgoing: new PacketIndex().state,
      sources: new Map(),
      rtcpSources: new Map(),
      rtcpIndex: 0,
      counters: { refused: 0, replayed: 0 },
    });
  }

  /** In the thread it came to. */
  static resume(openssl: OpenSsl, memory: NativeMemory, state: SrtpState): SrtpSession {
    return new SrtpSession(openssl, memory, state);
  }

  /** Not to be used any more after that; another one goes on with it. */
  depart(): SrtpState {
    return {
      transforms: [this.#rtpOut.state, this.#rtpIn.state, this.#rtcpOut.state, this.#rtcpIn.state],
      outgoing: this.#outgoing.state,
      sources: statesOf(this.#sources),
      rtcpSources: statesOf(this.#rtcpSources),
      rtcpIndex: this.#rtcpIndex,
      counters: this.counters,
    };
  }

  /** @returns the packet as it goes out; good until the next call. Ours have one SSRC. */
  protectRtp(packet: Uint8Array): Buffer {
    const { bytes } = this.#memory;
    bytes.set(packet);
    const index = this.#outgoing.next((packet[2]! << 8) | packet[3]!);
    const header = rtpHeaderBytes(packet) ?? packet.length;
    this.#rtpOut.encrypt(header, packet.length, bytes.readUInt32BE(8), index);
    this.#rtpOut.sign(packet.length, rolloverOf(index));
    return this.#memory.bytes.subarray(0, packet.length + TAG_BYTES);
  }

  protectRtcp(packet: Uint8Array): Buffer {
    const { bytes } = this.#memory;
    bytes.set(packet);
    this.#rtcpIndex = (this.#rtcpIndex + 1) & MAX_RTCP_INDEX;
    this.#rtcpOut.encrypt(RTCP_HEADER_BYTES, packet.length, bytes.readUInt32BE(4), this.#rtcpIndex);
    bytes.writeUInt32BE((ENCRYPTED_FLAG | this.#rtcpIndex) >>> 0, packet.length);
    const signed = packet.length + RTCP_INDEX_BYTES;
    this.#rtcpOut.sign(signed);
    return bytes.subarray(0, signed + TAG_BYTES);
  }

  /** @returns the plain packet, good until the next call; undefined when it is not the peer's, or came before */
  unprotectRtp(packet: Uint8Array): Buffer | undefined {
    const { bytes } = this.#memory;
    const length = packet.length - TAG_BYTES;
    const header = length <= MAX_PACKET_BYTES ? rtpHeaderBytes(packet) : undefined;
    if (header === undefined || header > length) {
      this.#refuse();
      return;
    }
    bytes.set(packet);
    const ssrc = bytes.readUInt32BE(8);
    const source = this.#sources.get(ssrc) ?? new PacketIndex();
    const index = source.guess((packet[2]! << 8) | packet[3]!);
    if (source.isOld(index)) {
      this.#replay();
      return;
    }
    if (!this.#rtpIn.isSigned(packet.subarray(length), length, rolloverOf(index))) {
      this.#refuse();
      return;
    }
    remember(this.#sources, ssrc, source);
    source.take(index);
    this.#rtpIn.encrypt(header, length, ssrc, index);
    return bytes.subarray(0, length);
  }

  unprotectRtcp(packet: Uint8Array): Buffer | undefined {
    const { bytes } = this.#memory;
    const signed = packet.length - TAG_BYTES;
    const length = signed - RTCP_INDEX_BYTES;
    if (length < RTCP_HEADER_BYTES || signed > MAX_PACKET_BYTES) {
      this.#refuse();
      return;
    }
    bytes.set(packet);
    const ssrc = bytes.readUInt32BE(4);
    const word = bytes.readUInt32BE(length);
    const index = word & MAX_RTCP_INDEX;
    const source = this.#rtcpSources.get(ssrc) ?? new PacketIndex();
    if (source.isOld(index)) {
      this.#replay();
      return;
    }
    if (!this.#rtcpIn.isSigned(packet.subarray(signed), signed)) {
      this.#refuse();
      return;
    }
    remember(this.#rtcpSources, ssrc, source);
    source.take(index);
    if (word >= ENCRYPTED_FLAG) this.#rtcpIn.encrypt(RTCP_HEADER_BYTES, length, ssrc, index);
    return bytes.subarray(0, length);
  }

  free(): void {
    for (const transform of [this.#rtpOut, this.#rtpIn, this.#rtcpOut, this.#rtcpIn]) transform.free();
  }

  #refuse(): undefined {
    this.counters.refused++;
    return undefined;
  }

  #replay(): undefined {
    this.counters.replayed++;
    return undefined;
  }
}

function indicesOf(states: ReadonlyMap<number, PacketIndexState>): Map<number, PacketIndex> {
  return new Map([...states].map(([ssrc, state]) => [ssrc, new PacketIndex(state)]));
}

function statesOf(indices: ReadonlyMap<number, PacketIndex>): Map<number, PacketIndexState> {
  return new Map([...indices].map(([ssrc, index]) => [ssrc, index.state]));
}

function remember(sources: Map<number, PacketIndex>, ssrc: number, source: PacketIndex): void {
  if (sources.has(ssrc)) return;
  // The one heard of first is the one that is gone.
  if (sources.size >= MAX_SOURCES) sources.delete(sources.keys().next().value!);
  sources.set(ssrc, source);
}

/** Bytes before the payload, CSRCs and extension included; undefined when this is no RTP. */
function rtpHeaderBytes(packet: Uint8Array): number | undefined {
  if (packet.length < RTP_HEADER_BYTES || packet[0]! >> 6 !== 2) return undefined;
  const extensionAt = RTP_HEADER_BYTES + 4 * (packet[0]! & 0x0f);
  if ((packet[0]! & 0x10) === 0) return extensionAt;
  if (extensionAt + 4 > packet.length) return undefined;
  return extensionAt + 4 + 4 * ((packet[extensionAt + 2]! << 8) | packet[extensionAt + 3]!);
}

function rolloverOf(index: number): number {
  return Math.floor(index / 0x1_0000);
}

type Labels = { readonly cipher: number; readonly auth: number; readonly salt: number };

interface SessionKeys {
  readonly cipher: Buffer;
  readonly auth: Buffer;
  readonly salt: Buffer;
}

/** RFC 3711 section 4.3, key derivation rate 0. */
export function deriveKeys(masterKey: Buffer, masterSalt: Buffer, labels: Labels): SessionKeys {
  const derive = (label: number, length: number): Buffer => {
    const iv = Buffer.alloc(16);
    iv.set(masterSalt);
    iv[7] = iv[7]! ^ label;
    return createCipheriv('aes-128-ctr', masterKey, iv).update(Buffer.alloc(length));
  };
  return {
    cipher: derive(labels.cipher, 16),
    auth: derive(labels.auth, AUTH_KEY_BYTES),
    salt: derive(labels.salt, 14),
  };
}

/** Contexts of OpenSSL, by address, and what is not in them. */
interface TransformState {
  readonly cipher: number;
  readonly hmac: number;
  readonly salt: Uint8Array;
}

function openTransform({ call }: OpenSsl, memory: NativeMemory, keys: SessionKeys): TransformState {
  const cipher = call.cipherNew();
  memory.bytes.set(keys.cipher);
  call.cipherInit(cipher, call.aes128Counter(), 0, memory.address, 0);
  const hmac = call.hmacNew();
  memory.bytes.set(keys.auth);
  call.hmacInit(hmac, memory.address, AUTH_KEY_BYTES, call.sha1(), 0);
  memory.bytes.fill(0, 0, AUTH_KEY_BYTES);
  return { cipher, hmac, salt: keys.salt };
}

/** One direction's cipher and signature, on the packet in the scratch memory. */
class Transform {
  readonly #call: OpenSsl['call'];
  readonly #memory: NativeMemory;
  readonly #cipher: number;
  readonly #hmac: number;
  readonly #salt: Uint8Array;

  constructor(openssl: OpenSsl, memory: NativeMemory, { cipher, hmac, salt }: TransformState) {
    this.#call = openssl.call;
    this.#memory = memory;
    this.#cipher = cipher;
    this.#hmac = hmac;
    this.#salt = salt;
  }

  get state(): TransformState {
    return { cipher: this.#cipher, hmac: this.#hmac, salt: this.#salt };
  }

  /** Encrypts, or decrypts: it is the same. RFC 3711 section 4.1.1. */
  encrypt(from: number, to: number, ssrc: number, index: number): void {
    if (to <= from) return;
    const { bytes, address } = this.#memory;
    const salt = this.#salt;
    for (let at = 0; at < 14; at++) bytes[IV_AT + at] = salt[at]!;
    bytes[IV_AT + 14] = 0;
    bytes[IV_AT + 15] = 0;
    xorNumber(bytes, IV_AT + 4, ssrc);
    const high = Math.floor(index / 0x1_0000_0000);
    bytes[IV_AT + 8] = bytes[IV_AT + 8]! ^ (high >> 8);
    bytes[IV_AT + 9] = bytes[IV_AT + 9]! ^ (high & 0xff);
    xorNumber(bytes, IV_AT + 10, index >>> 0);
    this.#call.cipherInit(this.#cipher, 0, 0, 0, address + IV_AT);
    this.#call.cipherUpdate(this.#cipher, address + from, address + LENGTH_AT, address + from, to - from);
  }

  /** Puts the signature behind the packet. @param rollover of RTP, which is signed but not sent */
  sign(length: number, rollover?: number): void {
    this.#digest(length, rollover);
    this.#memory.bytes.copyWithin(length, TAG_AT, TAG_AT + TAG_BYTES);
  }

  isSigned(tag: Uint8Array, length: number, rollover?: number): boolean {
    this.#digest(length, rollover);
    const { bytes } = this.#memory;
    let difference = 0;
    for (let at = 0; at < TAG_BYTES; at++) difference |= bytes[TAG_AT + at]! ^ tag[at]!;
    return difference === 0;
  }

  free(): void {
    this.#call.cipherFree(this.#cipher);
    this.#call.hmacFree(this.#hmac);
  }

  #digest(length: number, rollover: number | undefined): void {
    const { bytes, address } = this.#memory;
    let signed = length;
    if (rollover !== undefined) {
      bytes.writeUInt32BE(rollover >>> 0, length);
      signed += 4;
    }
    this.#call.hmacInit(this.#hmac, 0, 0, 0, 0);
    this.#call.hmacUpdate(this.#hmac, address, signed);
    this.#call.hmacFinal(this.#hmac, address + TAG_AT, address + LENGTH_AT);
  }
}

function xorNumber(bytes: Buffer, at: number, value: number): void {
  bytes[at] = bytes[at]! ^ (value >>> 24);
  bytes[at + 1] = bytes[at + 1]! ^ ((value >>> 16) & 0xff);
  bytes[at + 2] = bytes[at + 2]! ^ ((value >>> 8) & 0xff);
  bytes[at + 3] = bytes[at + 3]! ^ (value & 0xff);
}
