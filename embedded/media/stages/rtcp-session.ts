/** RTCP of one leg: a report about every five seconds, and what the peer reports of us (RFC 3550 section 6). */
import { randomBytes } from 'node:crypto';
import { ntpMiddle, ntpTime, parseRtcp, serializeRtcp, type ReportBlock, type RtcpPacket } from '../../wire/rtcp.ts';
import type { ReceptionStatistics } from './reception-statistics.ts';
import type { RtpSender } from './rtp-sender.ts';

const INTERVAL_MS = 5000;

export interface RemoteView {
  /** Of our packets, as the peer counts them. */
  readonly fractionLost: number;
  readonly jitterMs: number;
}

/** What goes along when a leg moves to another thread. */
export interface RtcpState {
  readonly malformed: number;
  readonly received: number;
  readonly remoteView: RemoteView | undefined;
  readonly cname: string;
  readonly nextAtMs: number | undefined;
  readonly packetsAtReport: number;
  readonly packetsAtReportBefore: number;
  readonly lastSenderReport: number;
  readonly lastSenderReportAtMs: number;
}

export interface RtcpOptions {
  readonly wallClockMs?: () => number;
  readonly state?: RtcpState | undefined;
}

export class RtcpSession {
  /** Bytes that were no RTCP. */
  malformed = 0;
  /** Compound packets that were understood. */
  received = 0;
  /** The peer's last report about us. */
  remoteView: RemoteView | undefined;
  readonly #sender: RtpSender;
  readonly #reception: ReceptionStatistics;
  readonly #wallClockMs: () => number;
  /** Says nothing about us (RFC 7022). */
  readonly #cname: string;
  #nextAtMs: number | undefined;
  #packetsAtReport = 0;
  #packetsAtReportBefore = 0;
  #lastSenderReport = 0;
  #lastSenderReportAtMs = 0;

  constructor(sender: RtpSender, reception: ReceptionStatistics, options: RtcpOptions = {}) {
    const { wallClockMs = Date.now, state } = options;
    this.#sender = sender;
    this.#reception = reception;
    this.#wallClockMs = wallClockMs;
    this.#cname = state?.cname ?? randomBytes(12).toString('base64url');
    if (!state) return;
    this.malformed = state.malformed;
    this.received = state.received;
    this.remoteView = state.remoteView;
    this.#nextAtMs = state.nextAtMs;
    this.#packetsAtReport = state.packetsAtReport;
    this.#packetsAtReportBefore = state.packetsAtReportBefore;
    this.#lastSenderReport = state.lastSenderReport;
    this.#lastSenderReportAtMs = state.lastSenderReportAtMs;
  }

  get state(): RtcpState {
    return {
      malformed: this.malformed,
      received: this.received,
      remoteView: this.remoteView,
      cname: this.#cname,
      nextAtMs: this.#nextAtMs,
      packetsAtReport: this.#packetsAtReport,
      packetsAtReportBefore: this.#packetsAtReportBefore,
      lastSenderReport: this.#lastSenderReport,
      lastSenderReportAtMs: this.#lastSenderReportAtMs,
    };
  }

  /** @returns a compound report when one is due */
  due(nowMs: number): Buffer | undefined {
    this.#nextAtMs ??= nowMs + INTERVAL_MS * Math.random();
    if (nowMs < this.#nextAtMs) return undefined;
    // RFC 3550 section 6.3.1: spread over half to one and a half of the interval.
    this.#nextAtMs = nowMs + INTERVAL_MS * (0.5 + Math.random());
    return serializeRtcp([this.#report(nowMs), this.#description]);
  }

  goodbye(nowMs: number): Buffer {
    return serializeRtcp([this.#report(nowMs), this.#description, { kind: 'goodbye', ssrcs: [this.#sender.ssrc] }]);
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    const packets = parseRtcp(bytes);
    if (!packets) {
      this.malformed++;
      return;
    }
    this.received++;
    for (const packet of packets) this.#take(packet, nowMs);
  }

  #take(packet: RtcpPacket, nowMs: number): void {
    if (packet.kind === 'sender-report') {
      this.#lastSenderReport = ntpMiddle(packet.sender.ntpSeconds, packet.sender.ntpFraction);
      this.#lastSenderReportAtMs = nowMs;
    }
    if (packet.kind !== 'sender-report' && packet.kind !== 'receiver-report') return;
    const ours = packet.reports.find(({ ssrc }) => ssrc === this.#sender.ssrc);
    if (ours) this.remoteView = { fractionLost: ours.fractionLost, jitterMs: ours.jitter / 8 };
  }

  get #description(): RtcpPacket {
    return { kind: 'source-description', ssrc: this.#sender.ssrc, cname: this.#cname };
  }

  #report(nowMs: number): RtcpPacket {
    const reports = this.#reportBlocks(nowMs);
    const { ssrc, packets, bytes, timestamp } = this.#sender;
    // RFC 3550 section 6.4: whoever sent since the last report or the one before it is a sender.
    const isSender = packets > this.#packetsAtReportBefore;
    this.#packetsAtReportBefore = this.#packetsAtReport;
    this.#packetsAtReport = packets;
    if (!isSender) return { kind: 'receiver-report', ssrc, reports };
    const ntp = ntpTime(this.#wallClockMs());
    const sender = {
      ntpSeconds: ntp.seconds,
      ntpFraction: ntp.fraction,
      rtpTimestamp: timestamp,
      packetCount: packets,
      octetCount: bytes,
    };
    return { kind: 'sender-report', ssrc, sender, reports };
  }

  #reportBlocks(nowMs: number): ReportBlock[] {
    const report = this.#reception.report();
    if (!report) return [];
    const heardOfSender = this.#lastSenderReport !== 0;
    const delay = heardOfSender ? Math.round(((nowMs - this.#lastSenderReportAtMs) / 1000) * 65_536) : 0;
    return [{ ...report, lastSenderReport: this.#lastSenderReport, delaySinceLastSenderReport: delay }];
  }
}
