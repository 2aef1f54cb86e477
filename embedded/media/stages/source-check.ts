/**
 * Strict source latching: whom a leg listens to, and where it sends. Media is accepted from the address and port of the
 * peer's SDP. Only when the signalling came from another address than the SDP names (a peer behind NAT) may media come
 * from that signalling address instead: a few packets in order, within a window after each SDP, latched once.
 */
import { isIP } from 'node:net';
import { sequenceDistance } from '../../wire/rtp.ts';
import type { RemoteMedia } from '../types.ts';
import type { Arrival, ReceiveStage } from './arrival.ts';

/** Packets in order, of one SSRC, from the signalling address before it is believed. */
const NAT_PACKETS = 3;
/** After an SDP, a peer behind NAT must have begun to send within this time. */
export const NAT_WINDOW_MS = 30_000;

export interface MediaAddress {
  readonly address: string;
  readonly port: number;
}

interface Candidate extends MediaAddress {
  readonly ssrc: number;
  sequence: number;
  packets: number;
}

/** Hold in the old way (RFC 3264 section 8.4): an address that is none. */
const UNSPECIFIED = new Set(['0.0.0.0', '::']);

/** @returns undefined unless it can be sent to: a literal address and a real port */
function sendable(address: string, port: number): MediaAddress | undefined {
  const possible =
    isIP(address) !== 0 && !UNSPECIFIED.has(address) && Number.isInteger(port) && port > 0 && port < 65_536;
  return possible ? { address, port } : undefined;
}

/** What goes along when a leg moves to another thread. */
export interface SourceState {
  readonly latched: MediaAddress | undefined;
  readonly candidate: Candidate | undefined;
  readonly armedAtMs: number;
}

export class SourceCheck implements ReceiveStage {
  #remote: RemoteMedia | undefined;
  /** The SDP's address, if media can be sent there. */
  #told: MediaAddress | undefined;
  #latched: MediaAddress | undefined;
  #candidate: Candidate | undefined;
  #armedAtMs = 0;

  /** A new SDP: forgets what was latched. */
  arm(remote: RemoteMedia, nowMs: number): void {
    this.#remote = remote;
    this.#told = sendable(remote.address, remote.port);
    this.#latched = undefined;
    this.#candidate = undefined;
    this.#armedAtMs = nowMs;
  }

  get state(): SourceState {
    return { latched: this.#latched, candidate: this.#candidate, armedAtMs: this.#armedAtMs };
  }

  /** Goes on where another one stopped: neither the latch nor its window begins anew. */
  resume(remote: RemoteMedia, { latched, candidate, armedAtMs }: SourceState): void {
    this.arm(remote, armedAtMs);
    this.#latched = latched;
    this.#candidate = candidate;
  }

  /** The one source that is listened to, once it is known. */
  get latched(): MediaAddress | undefined {
    return this.#latched;
  }

  /** Where our packets go: to the latched source, until then to the SDP's address; undefined when there is nowhere. */
  get destination(): MediaAddress | undefined {
    return this.#latched ?? this.#told;
  }

  /** Cheap first look, before a packet is parsed. */
  mayCome(address: string, port: number): boolean {
    if (this.#latched) return address === this.#latched.address && port === this.#latched.port;
    const remote = this.#remote;
    if (!remote) return false;
    return this.#isSdpSource(remote, address, port) || this.#isNatSource(remote, address);
  }

  take({ packet, address, port, atMs }: Arrival): boolean {
    if (this.#latched) return address === this.#latched.address && port === this.#latched.port;
    const remote = this.#remote;
    if (!remote) return false;
    if (this.#isSdpSource(remote, address, port)) {
      this.#latch({ address, port });
      return true;
    }
    if (!this.#isNatSource(remote, address) || atMs - this.#armedAtMs > NAT_WINDOW_MS) return false;
    return this.#consider({ address, port }, packet.ssrc, packet.sequence);
  }

  /** RTCP comes from the same address; its port is the SDP's, the next one, or whatever NAT made of it. */
  acceptsRtcp(address: string, port: number): boolean {
    const remote = this.#remote;
    if (!remote || !this.#latched || address !== this.#latched.address) return false;
    if (this.#latched.address !== remote.address) return true;
    return port === (remote.rtcpPort ?? remote.port + 1) || port === this.#latched.port;
  }

  /** Where reports go. */
  get rtcpDestination(): MediaAddress | undefined {
    const { destination } = this;
    if (!destination) return undefined;
    const told = destination.address === this.#remote?.address ? this.#remote.rtcpPort : undefined;
    const port = told ?? destination.port + 1;
    return sendable(destination.address, port);
  }

  #consider(source: MediaAddress, ssrc: number, sequence: number): boolean {
    const candidate = this.#candidate;
    const continues =
      candidate?.address === source.address &&
      candidate.port === source.port &&
      candidate.ssrc === ssrc &&
      sequenceDistance(sequence, candidate.sequence) === 1;
    if (!continues) {
      this.#candidate = { ...source, ssrc, sequence, packets: 1 };
      return false;
    }
    candidate.sequence = sequence;
    if (++candidate.packets < NAT_PACKETS) return false;
    this.#latch(source);
    return true;
  }

  #latch(source: MediaAddress): void {
    this.#latched = source;
    this.#candidate = undefined;
  }

  #isSdpSource(remote: RemoteMedia, address: string, port: number): boolean {
    return address === remote.address && port === remote.port;
  }

  #isNatSource(remote: RemoteMedia, address: string): boolean {
    return remote.signallingAddress === address && remote.signallingAddress !== remote.address;
  }
}
