/** Variables a channel has for its report: times of the call, counters of its RTP. */
import type { PortStatistics } from '../../media/index.ts';
import { localStamp } from '../core/event-bus.ts';
import type { Channel } from './channel.ts';

const FRAME_MS = 20;
type Variable = [name: string, value: string];

export function callTimeVariables(channel: Channel): Variable[] {
  const { created, answered, progressMedia, hangup } = channel.times;
  const from = Number(created);
  const to = Number(hangup);
  const billed = answered === '0' ? 0 : to - Number(answered);
  return [
    ...stamps('start', created),
    ...stamps('answer', answered),
    ...stamps('progress_media', progressMedia),
    ...stamps('end', hangup),
    ['last_app', channel.variables.get('current_application') ?? ''],
    ['caller_id', `"${channel.profile.callerIdName}" <${channel.profile.callerIdNumber}>`],
    ['duration', String(Math.floor((to - from) / 1_000_000))],
    ['billsec', String(Math.floor(billed / 1_000_000))],
    ['mduration', String(Math.floor((to - from) / 1_000))],
    ['billmsec', String(Math.floor(billed / 1_000))],
    ['uduration', String(to - from)],
    ['billusec', String(billed)],
  ];
}

function stamps(name: string, time: string): Variable[] {
  const epoch = String(Math.floor(Number(time) / 1_000_000));
  const numbers: Variable[] = [
    [`${name}_epoch`, epoch],
    [`${name}_uepoch`, time],
  ];
  return time === '0' ? numbers : [[`${name}_stamp`, localStamp(new Date(Number(time) / 1_000))], ...numbers];
}

export function mediaStatisticsVariables(statistics: PortStatistics): Variable[] {
  const expected = statistics.packetsReceived + statistics.packetsLost;
  const quality = expected === 0 ? 100 : (100 * statistics.packetsReceived) / expected;
  const values: Readonly<Record<string, string | number>> = {
    in_raw_bytes: statistics.bytesReceived,
    in_media_bytes: statistics.bytesReceived,
    in_packet_count: statistics.packetsReceived,
    in_media_packet_count: statistics.packetsReceived - statistics.digitPackets - statistics.comfortNoisePackets,
    in_skip_packet_count: statistics.framesMissed,
    in_jitter_packet_count: statistics.packetsLate,
    in_dtmf_packet_count: statistics.digitPackets,
    in_cng_packet_count: statistics.comfortNoisePackets,
    in_flush_packet_count: 0,
    in_largest_jb_size: Math.round(statistics.longestDelayMs / FRAME_MS),
    in_jitter_min_variance: statistics.leastJitterMs.toFixed(2),
    in_jitter_max_variance: statistics.mostJitterMs.toFixed(2),
    in_jitter_loss_rate: (expected === 0 ? 0 : statistics.packetsLost / expected).toFixed(2),
    in_jitter_burst_rate: '0.00',
    in_mean_interval: statistics.meanIntervalMs.toFixed(2),
    in_flaw_total: statistics.packetsLost,
    in_quality_percentage: quality.toFixed(2),
    in_mos: statistics.mos.toFixed(2),
    out_raw_bytes: statistics.bytesSent,
    out_media_bytes: statistics.bytesSent,
    out_packet_count: statistics.packetsSent,
    out_media_packet_count: statistics.packetsSent - statistics.digitPacketsSent,
    out_skip_packet_count: 0,
    out_dtmf_packet_count: statistics.digitPacketsSent,
    out_cng_packet_count: 0,
    rtcp_packet_count: statistics.reportsReceived,
    rtcp_octet_count: 0,
  };
  return Object.entries(values).map(([name, value]): Variable => [`rtp_audio_${name}`, String(value)]);
}
