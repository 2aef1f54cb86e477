/** What came and what was lost, as RFC 3550 counts it (appendices A.1, A.3 and A.8). */
import { sequenceDistance } from '../../wire/rtp.ts';
import { SAMPLES_PER_MS } from '../audio.ts';
import type { Arrival, ReceiveStage } from './arrival.ts';

/** RFC 3550 appendix A.1: a bigger step is a restart, not loss. */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;

export interface ReceptionReport {
  readonly ssrc: number;
  readonly fractionLost: number;
  readonly cumulativeLost: number;
  /** Extended: cycles in the upper half. */
  readonly highestSequence: number;
  /** Timestamp units. */
  readonly jitter: number;
}

/** What goes along when a leg moves to another thread. */
export interface ReceptionState {
  readonly packets: number;
  readonly bytes: number;
  readonly ssrc: number | undefined;
  readonly highest: number;
  readonly first: number;
  readonly receivedOfSource: number;
  readonly lostBefore: number;
  readonly transit: number | undefined;
  readonly jitter: number;
  readonly expectedAtReport: number;
  readonly receivedAtReport: number;
}

export class ReceptionStatistics implements ReceiveStage {
  packets = 0;
  bytes = 0;
  #ssrc: number | undefined;
  #highest = 0;
  #first = 0;
  #receivedOfSource = 0;
  /** Loss of sources that went before the present one. */
  #lostBefore = 0;
  #badSequence: number | undefined;
  #transit: number | undefined;
  #jitter = 0;
  #expectedAtReport = 0;
  #receivedAtReport = 0;

  constructor(state?: ReceptionState) {
    if (!state) return;
    this.packets = state.packets;
    this.bytes = state.bytes;
    this.#ssrc = state.ssrc;
    this.#highest = state.highest;
    this.#first = state.first;
    this.#receivedOfSource = state.receivedOfSource;
    this.#lostBefore = state.lostBefore;
    this.#transit = state.transit;
    this.#jitter = state.jitter;
    this.#expectedAtReport = state.expectedAtReport;
    this.#receivedAtReport = state.receivedAtReport;
  }

  get state(): ReceptionState {
    return {
      packets: this.packets,
      bytes: this.bytes,
      ssrc: this.#ssrc,
      highest: this.#highest,
      first: this.#first,
      receivedOfSource: this.#receivedOfSource,
      lostBefore: this.#lostBefore,
      transit: this.#transit,
      jitter: this.#jitter,
      expectedAtReport: this.#expectedAtReport,
      receivedAtReport: this.#receivedAtReport,
    };
  }

  take({ packet, atMs }: Arrival): boolean {
    this.packets++;
    this.bytes += packet.payload.length;
    if (packet.ssrc !== this.#ssrc) this.#restart(packet.ssrc, packet.sequence);
    else if (!this.#follow(packet.sequence)) return true;
    this.#receivedOfSource++;
    this.#measureJitter(packet.timestamp, atMs);
    return true;
  }

  get lost(): number {
    return Math.max(0, this.#lostBefore + this.#expected - this.#receivedOfSource);
  }

  get jitterMs(): number {
    return this.#jitter / SAMPLES_PER_MS;
  }

  /** For the next RTCP report; the fraction is counted from the previous call on. */
  report(): ReceptionReport | undefined {
    if (this.#ssrc === undefined) return undefined;
    const expected = this.#expected - this.#expectedAtReport;
    const lost = expected - (this.#receivedOfSource - this.#receivedAtReport);
    this.#expectedAtReport = this.#expected;
    this.#receivedAtReport = this.#receivedOfSource;
    return {
      ssrc: this.#ssrc,
      fractionLost: expected > 0 && lost > 0 ? lost / expected : 0,
      cumulativeLost: this.#expected - this.#receivedOfSource,
      highestSequence: this.#highest >>> 0,
      jitter: Math.floor(this.#jitter),
    };
  }

  get #expected(): number {
    return this.#ssrc === undefined ? 0 : this.#highest - this.#first + 1;
  }

  #restart(ssrc: number, sequence: number): void {
    this.#lostBefore = this.lost;
    this.#ssrc = ssrc;
    this.#first = sequence;
    this.#highest = sequence;
    this.#receivedOfSource = 0;
    this.#badSequence = undefined;
    this.#transit = undefined;
    this.#expectedAtReport = 0;
    this.#receivedAtReport = 0;
  }

  /** @returns false for a packet that belongs nowhere, or not yet */
  #follow(sequence: number): boolean {
    const step = sequenceDistance(sequence, this.#highest & 0xffff);
    if (step > -MAX_MISORDER && step < MAX_DROPOUT) {
      if (step > 0) this.#highest += step;
      this.#badSequence = undefined;
      return true;
    }
    const expected = this.#badSequence;
    this.#badSequence = (sequence + 1) & 0xffff;
    if (sequence !== expected) return false;
    // Two packets in a row on the new track: the sender restarted without telling.
    this.#restart(this.#ssrc!, sequence);
    return true;
  }

  #measureJitter(timestamp: number, atMs: number): void {
    const transit = (Math.round(atMs * SAMPLES_PER_MS) - timestamp) | 0;
    if (this.#transit !== undefined) {
      const difference = Math.abs((transit - this.#transit) | 0);
      // A jump of the timestamp itself says nothing about the network.
      if (difference < 8000) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }
}
