import { expect } from 'chai';
import { parseRtcp, serializeRtcp, type RtcpPacket } from '../../../embedded/wire/rtcp.ts';
import { ReceptionStatistics } from '../../../embedded/media/stages/reception-statistics.ts';
import { RtcpSession } from '../../../embedded/media/stages/rtcp-session.ts';
import { RtpSender } from '../../../embedded/media/stages/rtp-sender.ts';
import { arrival, level, remote } from './helpers.ts';

function bench() {
  const sender = new RtpSender(() => undefined);
  sender.arm(remote());
  const reception = new ReceptionStatistics();
  return { sender, reception, session: new RtcpSession(sender, reception, { wallClockMs: () => 1_000_000_000_500 }) };
}

/** The next report that becomes due, looked for every 20 ms. */
function nextReport(session: RtcpSession, fromMs: number): { atMs: number; packets: RtcpPacket[] } {
  for (let atMs = fromMs; atMs <= fromMs + 8000; atMs += 20) {
    const bytes = session.due(atMs);
    if (bytes) return { atMs, packets: parseRtcp(bytes)! };
  }
  throw new Error('no report in 8 s');
}

describe('RTCP session', () => {
  it('reports every 2.5 to 7.5 seconds, at times that differ', () => {
    const { session } = bench();
    const times = [nextReport(session, 0).atMs];
    for (let report = 0; report < 20; report++) times.push(nextReport(session, times.at(-1)!).atMs);
    const gaps = times.slice(1).map((atMs, index) => atMs - times[index]!);
    for (const gap of gaps) expect(gap).to.be.within(2500, 7540);
    expect(new Set(gaps).size).to.be.greaterThan(5);
  });

  it('sends a sender report while it sent in the last two intervals, a receiver report otherwise', () => {
    const { session, sender } = bench();
    sender.frame(level(0));
    const first = nextReport(session, 0);
    const [report, description] = first.packets;
    expect(report).to.deep.include({ kind: 'sender-report', ssrc: sender.ssrc });
    expect(report)
      .to.have.property('sender')
      .that.deep.equals({
        ntpSeconds: 1_000_000_000 + 2_208_988_800,
        ntpFraction: 0x80000000,
        rtpTimestamp: sender.timestamp,
        packetCount: 1,
        octetCount: 160,
      });
    expect(description).to.include({ kind: 'source-description', ssrc: sender.ssrc });
    const second = nextReport(session, first.atMs);
    expect(second.packets[0]?.kind, 'two intervals count').to.equal('sender-report');
    expect(nextReport(session, second.atMs).packets[0]?.kind).to.equal('receiver-report');
  });

  it('tells what it received, and when the last sender report came', () => {
    const { session, reception } = bench();
    for (const sequence of [1, 2, 4]) reception.take(arrival({ sequence, ssrc: 77 }));
    const sender = { ntpSeconds: 0x11112222, ntpFraction: 0x33334444, rtpTimestamp: 0, packetCount: 0, octetCount: 0 };
    session.receive(serializeRtcp([{ kind: 'sender-report', ssrc: 77, sender, reports: [] }]), 0);
    const { atMs, packets } = nextReport(session, 1000);
    const [report] = packets;
    if (report?.kind !== 'receiver-report') throw new Error('expected a receiver report');
    expect(report.reports[0]).to.deep.include({
      ssrc: 77,
      fractionLost: 0.25,
      cumulativeLost: 1,
      lastSenderReport: 0x22223333,
    });
    expect(report.reports[0]!.delaySinceLastSenderReport).to.be.closeTo(atMs * 65.536, 1);
  });

  it('notes what the peer tells of us, not of others', () => {
    const { session, sender } = bench();
    const block = {
      cumulativeLost: 0,
      highestSequence: 0,
      jitter: 80,
      lastSenderReport: 0,
      delaySinceLastSenderReport: 0,
    };
    const reports = [
      { ...block, ssrc: 1, fractionLost: 0.75 },
      { ...block, ssrc: sender.ssrc, fractionLost: 0.5 },
    ];
    session.receive(serializeRtcp([{ kind: 'receiver-report', ssrc: 9, reports }]), 0);
    expect(session.remoteView).to.deep.equal({ fractionLost: 0.5, jitterMs: 10 });
    session.receive(Buffer.from('00'), 0);
    expect(session.malformed).to.equal(1);
  });

  it('says goodbye', () => {
    const { session, sender } = bench();
    expect(parseRtcp(session.goodbye(0))!.at(-1)).to.deep.equal({ kind: 'goodbye', ssrcs: [sender.ssrc] });
  });
});
