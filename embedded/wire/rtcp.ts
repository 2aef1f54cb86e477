/** RTCP, RFC 3550 section 6: sender and receiver reports, source description, goodbye. Others are skipped whole. */

export interface ReportBlock {
  /** Whose packets this tells of. */
  readonly ssrc: number;
  /** 0…1 of the packets since the last report. */
  readonly fractionLost: number;
  /** Since the start; 24 bits signed, negative when duplicates came. */
  readonly cumulativeLost: number;
  readonly highestSequence: number;
  /** Timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the last sender report's NTP time, 0 when none came. */
  readonly lastSenderReport: number;
  /** 1/65,536 seconds. */
  readonly delaySinceLastSenderReport: number;
}

export interface SenderInfo {
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
}

export type RtcpPacket =
  | {
      readonly kind: 'sender-report';
      readonly ssrc: number;
      readonly sender: SenderInfo;
      readonly reports: readonly ReportBlock[];
    }
  | { readonly kind: 'receiver-report'; readonly ssrc: number; readonly reports: readonly ReportBlock[] }
  | { readonly kind: 'source-description'; readonly ssrc: number; readonly cname: string }
  | { readonly kind: 'goodbye'; readonly ssrcs: readonly number[] };

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;
const REPORT_BYTES = 24;
const NTP_EPOCH_OFFSET_SECONDS = 2_208_988_800;

/** @returns undefined when the datagram is no RTCP: wrong version, a length that lies, or a compound that starts wrong. */
export function parseRtcp(bytes: Uint8Array): RtcpPacket[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packets: RtcpPacket[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + 4 > bytes.length || bytes[offset]! >> 6 !== 2) return undefined;
    const type = bytes[offset + 1]!;
    // RFC 3550 section A.2: the first packet of a compound is a report, without padding.
    const isReport = type === SENDER_REPORT || type === RECEIVER_REPORT;
    if (offset === 0 && (!isReport || (bytes[0]! & 0x20) !== 0)) return undefined;
    const end = offset + 4 * (view.getUint16(offset + 2) + 1);
    if (end > bytes.length) return undefined;
    const packet = parseOne(view, type, bytes[offset]! & 0x1f, offset, end);
    if (packet === 'malformed') return undefined;
    if (packet) packets.push(packet);
    offset = end;
  }
  return packets.length > 0 ? packets : undefined;
}

function parseOne(
  view: DataView,
  type: number,
  count: number,
  offset: number,
  end: number,
): RtcpPacket | 'malformed' | undefined {
  switch (type) {
    case SENDER_REPORT: {
      if (offset + 28 + count * REPORT_BYTES > end) return 'malformed';
      const ssrc = view.getUint32(offset + 4);
      return {
        kind: 'sender-report',
        ssrc,
        sender: readSender(view, offset + 8),
        reports: readReports(view, offset + 28, count),
      };
    }
    case RECEIVER_REPORT:
      if (offset + 8 + count * REPORT_BYTES > end) return 'malformed';
      return {
        kind: 'receiver-report',
        ssrc: view.getUint32(offset + 4),
        reports: readReports(view, offset + 8, count),
      };
    case SOURCE_DESCRIPTION:
      return readSourceDescription(view, offset + 4, end);
    case GOODBYE: {
      if (offset + 4 + 4 * count > end) return 'malformed';
      return { kind: 'goodbye', ssrcs: Array.from({ length: count }, (_, i) => view.getUint32(offset + 4 + 4 * i)) };
    }
    default:
      return undefined;
  }
}

function readSender(view: DataView, at: number): SenderInfo {
  return {
    ntpSeconds: view.getUint32(at),
    ntpFraction: view.getUint32(at + 4),
    rtpTimestamp: view.getUint32(at + 8),
    packetCount: view.getUint32(at + 12),
    octetCount: view.getUint32(at + 16),
  };
}

function readReports(view: DataView, at: number, count: number): ReportBlock[] {
  return Array.from({ length: count }, (_, index) => {
    const block = at + index * REPORT_BYTES;
    return {
      ssrc: view.getUint32(block),
      fractionLost: view.getUint8(block + 4) / 256,
      cumulativeLost: (view.getUint32(block + 4) << 8) >> 8,
      highestSequence: view.getUint32(block + 8),
      jitter: view.getUint32(block + 12),
      lastSenderReport: view.getUint32(block + 16),
      delaySinceLastSenderReport: view.getUint32(block + 20),
    };
  });
}

/** Only the first chunk's CNAME (item 1) is of interest. */
function readSourceDescription(view: DataView, at: number, end: number): RtcpPacket | undefined {
  if (at + 4 > end) return undefined;
  const ssrc = view.getUint32(at);
  let offset = at + 4;
  while (offset + 2 <= end && view.getUint8(offset) !== 0) {
    const length = view.getUint8(offset + 1);
    if (offset + 2 + length > end) return undefined;
    if (view.getUint8(offset) === 1) {
      const text = Buffer.from(view.buffer, view.byteOffset + offset + 2, length).toString('utf8');
      return { kind: 'source-description', ssrc, cname: text };
    }
    offset += 2 + length;
  }
  return undefined;
}

/** One compound datagram. The first must be a report (RFC 3550 section 6.1). */
export function serializeRtcp(packets: readonly RtcpPacket[]): Buffer {
  return Buffer.concat(packets.map(serializeOne));
}

function serializeOne(packet: RtcpPacket): Buffer {
  switch (packet.kind) {
    case 'sender-report': {
      const { sender } = packet;
      const info = [sender.ntpSeconds, sender.ntpFraction, sender.rtpTimestamp, sender.packetCount, sender.octetCount];
      return frame(
        SENDER_REPORT,
        packet.reports.length,
        Buffer.concat([words(packet.ssrc, ...info), ...packet.reports.map(writeReport)]),
      );
    }
    case 'receiver-report':
      return frame(
        RECEIVER_REPORT,
        packet.reports.length,
        Buffer.concat([words(packet.ssrc), ...packet.reports.map(writeReport)]),
      );
    case 'source-description': {
      const cname = Buffer.from(packet.cname, 'utf8').subarray(0, 255);
      const item = Buffer.concat([Buffer.of(1, cname.length), cname]);
      // At least one zero byte ends the chunk, padded to a word (RFC 3550 section 6.5).
      const padding = Buffer.alloc(4 - (item.length % 4));
      return frame(SOURCE_DESCRIPTION, 1, Buffer.concat([words(packet.ssrc), item, padding]));
    }
    case 'goodbye':
      return frame(GOODBYE, packet.ssrcs.length, words(...packet.ssrcs));
  }
}

function writeReport(block: ReportBlock): Buffer {
  const fraction = Math.min(255, Math.max(0, Math.floor(block.fractionLost * 256)));
  const lost = Math.max(-0x800000, Math.min(0x7fffff, block.cumulativeLost)) & 0xffffff;
  return words(
    block.ssrc,
    fraction * 0x1000000 + lost,
    block.highestSequence,
    block.jitter,
    block.lastSenderReport,
    block.delaySinceLastSenderReport,
  );
}

function frame(type: number, count: number, body: Buffer): Buffer {
  const header = Buffer.of(0x80 | (count & 0x1f), type, 0, 0);
  header.writeUInt16BE(body.length / 4, 2);
  return Buffer.concat([header, body]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, 4 * index));
  return bytes;
}

/** Wall clock milliseconds as NTP time (RFC 3550 section 4). */
export function ntpTime(wallClockMs: number): { seconds: number; fraction: number } {
  const whole = Math.floor(wallClockMs / 1000);
  return {
    seconds: (whole + NTP_EPOCH_OFFSET_SECONDS) % 0x1_0000_0000,
    fraction: Math.floor(((wallClockMs - whole * 1000) / 1000) * 0x1_0000_0000),
  };
}

/** The middle 32 bits of an NTP time: what LSR carries. */
export function ntpMiddle(seconds: number, fraction: number): number {
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
}
