/**
 * Strict source latching: whom a leg listens to, and where it sends. Media is accepted from the address and port of the
 * peer's SDP. From elsewhere it may come only if that is another port of the same address (a NAT or a phone that sends from
 * another one), or the address that the signalling came from when the SDP names another (a phone that does not know its
 * NAT): a few packets in order, within a window after each SDP, latched once. The SDP's own source, should it be heard
 * after all, takes its address back.
 */
import { isIP } from 'node:net';
import { sequenceDistance } from '../../wire/rtp.ts';
import type { RemoteMedia } from '../types.ts';
import type { Arrival, ReceiveStage } from './arrival.ts';

/** Packets in order, of one SSRC, from elsewhere than the SDP says before they are believed. */
const NAT_PACKETS = 3;
/** After an SDP, a peer must have begun to send from elsewhere within this time. */
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
  readonly former: MediaAddress | undefined;
  readonly armedAtMs: number;
}

export class SourceCheck implements ReceiveStage {
  #remote: RemoteMedia | undefined;
  /** The SDP's address, if media can be sent there. */
  #told: MediaAddress | undefined;
  #latched: MediaAddress | undefined;
  #candidate: Candidate | undefined;
  /** Where another SDP's media came from, or was to come from: what still comes from there is not what this one speaks of. */
  #former: MediaAddress | undefined;
  #armedAtMs = 0;

  /** A new SDP: forgets what was latched. */
  arm(remote: RemoteMedia, nowMs: number): void {
    const before = this.#remote;
    if (before && !isAt(before, remote)) this.#former = this.#latched ?? this.#told ?? this.#former;
    this.#remote = remote;
    this.#told = sendable(remote.address, remote.port);
    this.#latched = undefined;
    this.#candidate = undefined;
    this.#armedAtMs = nowMs;
  }

  get state(): SourceState {
    const [latched, candidate, former, armedAtMs] = [this.#latched, this.#candidate, this.#former, this.#armedAtMs];
    return { latched, candidate, former, armedAtMs };
  }

  /** Goes on where another one stopped: neither the latch nor its window begins anew. */
  resume(remote: RemoteMedia, { latched, candidate, former, armedAtMs }: SourceState): void {
    this.arm(remote, armedAtMs);
    this.#latched = latched;
    this.#candidate = candidate;
    this.#former = former;
  }

  /** The one source that is listened to, once it is known and no other can take its place. */
  get settled(): MediaAddress | undefined {
    return this.#isOtherPort ? undefined : this.#latched;
  }

  /** Latched at the SDP's address, but not at its port. */
  get #isOtherPort(): boolean {
    const [latched, remote] = [this.#latched, this.#remote];
    return latched?.address === remote?.address && latched?.port !== remote?.port;
  }

  /** Where our packets go: to the latched source, until then to the SDP's address; undefined when there is nowhere. */
  get destination(): MediaAddress | undefined {
    return this.#latched ?? this.#told;
  }

  /** Cheap first look, before a packet is parsed. */
  mayCome(address: string, port: number): boolean {
    const source = { address, port };
    if (isAt(this.#latched, source)) return true;
    if (this.settled || !this.#remote) return false;
    return isAt(this.#remote, source) || (!this.#latched && this.#isCandidate(this.#remote, source));
  }

  take({ packet, address, port, atMs }: Arrival): boolean {
    const source = { address, port };
    if (!this.mayCome(address, port)) return false;
    if (isAt(this.#latched, source)) return true;
    if (isAt(this.#remote, source)) {
      this.#latch(source);
      return true;
    }
    if (atMs - this.#armedAtMs > NAT_WINDOW_MS) return false;
    return this.#consider(source, packet.ssrc, packet.sequence);
  }

  /** RTCP comes from the same address; its port is the SDP's, the next one, or whatever NAT made of it. */
  acceptsRtcp(address: string, port: number): boolean {
    const remote = this.#remote;
    if (!remote || !this.#latched || address !== this.#latched.address) return false;
    if (this.#latched.address !== remote.address) return true;
    const { port: latched } = this.#latched;
    return port === (remote.rtcpPort ?? latched + 1) || port === latched;
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
      candidate &&
      isAt(candidate, source) &&
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

  #isCandidate(remote: RemoteMedia, source: MediaAddress): boolean {
    if (source.address !== remote.address) return source.address === remote.signallingAddress;
    return !isAt(this.#former, source);
  }
}

function isAt(place: MediaAddress | undefined, { address, port }: MediaAddress): boolean {
  return place?.address === address && place.port === port;
}
