import { expect } from 'chai';
import { ALAW, MULAW } from '../../../embedded/wire/g711.ts';
import { parseRtp, type RtpPacket } from '../../../embedded/wire/rtp.ts';
import { keyOfEvent, parseTelephoneEvent } from '../../../embedded/wire/telephone-event.ts';
import { RtpSender } from '../../../embedded/media/stages/rtp-sender.ts';
import { amplitudeOf, codes, level, remote } from './helpers.ts';

class Bench {
  readonly sent: RtpPacket[] = [];
  readonly sender = new RtpSender((bytes) => this.sent.push(parseRtp(Buffer.from(bytes)) as RtpPacket));

  constructor(fields: Parameters<typeof remote>[0] = {}) {
    this.sender.arm(remote(fields));
  }

  frames(count: number, value = 0): this {
    for (let frame = 0; frame < count; frame++) this.sender.frame(level(value));
    return this;
  }

  get gaps(): number[] {
    return this.sent.slice(1).map((packet, index) => (packet.timestamp - this.sent[index]!.timestamp) | 0);
  }

  get sequences(): number[] {
    return this.sent.map(({ sequence }) => (sequence - this.sent[0]!.sequence) & 0xffff);
  }
}

describe('RTP sender', () => {
  it('sends one packet for each frame, sequence and timestamp without a seam, marked at the beginning', () => {
    const { sent, gaps, sequences, sender } = new Bench().frames(4, 1000);
    expect(gaps).to.deep.equal([160, 160, 160]);
    expect(sequences).to.deep.equal([0, 1, 2, 3]);
    expect(sent.map(({ marker }) => marker)).to.deep.equal([true, false, false, false]);
    expect(new Set(sent.map(({ ssrc }) => ssrc))).to.deep.equal(new Set([sender.ssrc]));
    expect([...sent[0]!.payload]).to.deep.equal([...codes(level(1000))]);
    expect(sender).to.include({ packets: 4, bytes: 640 });
  });

  it('begins where nobody can guess', () => {
    const firsts = Array.from({ length: 8 }, () => new Bench().frames(1).sent[0]!);
    for (const field of ['sequence', 'timestamp', 'ssrc'] as const) {
      expect(new Set(firsts.map((packet) => packet[field])).size, field).to.be.greaterThan(4);
    }
  });

  it('speaks A-law when that was agreed', () => {
    const { sent } = new Bench({ audioPayloadType: 8 }).frames(1);
    expect(sent[0]!.payloadType).to.equal(8);
    expect([...sent[0]!.payload]).to.deep.equal(Array(160).fill(ALAW.silence));
  });

  for (const [ptime, packets, bytes] of [
    [10, 24, 80],
    [30, 8, 240],
    [40, 6, 320],
    [60, 4, 480],
    [7, 12, 160],
  ] as const) {
    it(`makes packets of ${bytes} bytes for a ptime of ${ptime} ms`, () => {
      const { sent, gaps } = new Bench({ ptime }).frames(12, 500);
      expect(sent.map(({ payload }) => payload.length)).to.deep.equal(Array(packets).fill(bytes));
      expect(new Set(gaps)).to.deep.equal(new Set([bytes]));
    });
  }

  it('is quiet while the peer wants nothing, but its timestamp follows the clock', () => {
    const bench = new Bench().frames(1);
    bench.sender.arm(remote({ direction: 'recvonly' }));
    bench.frames(10);
    expect(bench.sent).to.have.length(1);
    bench.sender.arm(remote());
    bench.frames(1);
    expect(bench.gaps).to.deep.equal([160 * 11]);
    expect(bench.sequences).to.deep.equal([0, 1]);
    expect(bench.sent[1]!.marker).to.equal(true);
  });

  it('steps over frames that could not be made in time', () => {
    const bench = new Bench().frames(1);
    bench.sender.skip(480);
    expect(bench.frames(1).gaps).to.deep.equal([640]);
  });

  it('sends a key as an event in place of sound: constant timestamp, growing duration, the end three times', () => {
    const bench = new Bench().frames(1, 1000);
    bench.sender.queueDigits('#', 60);
    bench.frames(6, 1000);
    const events = bench.sent.filter(({ payloadType }) => payloadType === 101);
    expect(events.map(({ payload }) => parseTelephoneEvent(payload))).to.deep.equal([
      { event: 11, end: false, volume: 10, duration: 160 },
      { event: 11, end: false, volume: 10, duration: 320 },
      { event: 11, end: true, volume: 10, duration: 480 },
      { event: 11, end: true, volume: 10, duration: 480 },
      { event: 11, end: true, volume: 10, duration: 480 },
    ]);
    expect(events.map(({ marker }) => marker)).to.deep.equal([true, false, false, false, false]);
    expect(new Set(events.map(({ timestamp }) => timestamp))).to.have.property('size', 1);
    expect(bench.sequences).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
    // Sound goes on where the clock is.
    expect(bench.sent.at(-1)!.timestamp - events[0]!.timestamp, 'wrapped').to.satisfy((d: number) => (d | 0) === 800);
  });

  it('sends many keys one after the other, with pauses between, and skips what is no key', () => {
    const bench = new Bench();
    bench.sender.queueDigits('1x1wd', 40);
    bench.frames(60);
    const events = bench.sent.filter(({ payloadType }) => payloadType === 101);
    const starts = events.filter(({ marker }) => marker);
    expect(starts.map(({ payload }) => keyOfEvent(payload[0]!))).to.deep.equal(['1', '1', 'D']);
    const [first, second, third] = starts.map(({ timestamp }) => timestamp) as [number, number, number];
    expect((second - first) | 0).to.be.at.least(160 * 5);
    expect((third - second) | 0, 'w waits half a second').to.be.at.least(4000);
  });

  it('takes no more than it can send in a reasonable time', () => {
    const bench = new Bench();
    bench.sender.queueDigits('1'.repeat(10_000), 40);
    bench.frames(2000);
    expect(bench.sent.filter(({ marker, payloadType }) => marker && payloadType === 101)).to.have.length(128);
  });

  it('sends tones when the peer knows no events', () => {
    const bench = new Bench({ telephoneEventPayloadType: undefined as never });
    bench.sender.queueDigits('8', 100);
    bench.frames(5);
    const samples = Int16Array.from(
      bench.sent.flatMap(({ payload }) => [...payload].map((code) => MULAW.toLinear[code]!)),
    );
    expect(amplitudeOf(samples, 852)).to.be.greaterThan(3000);
    expect(amplitudeOf(samples, 1336)).to.be.greaterThan(3000);
    expect(amplitudeOf(samples, 697)).to.be.lessThan(500);
  });

  it('sends what waits for a long packet before a key, not after it', () => {
    const bench = new Bench({ ptime: 60 });
    bench.frames(1, 1000);
    bench.sender.queueDigits('1', 40);
    bench.frames(3, 1000);
    expect(bench.sent.map(({ payloadType, payload }) => [payloadType, payload.length])).to.deep.equal([
      [0, 160],
      [101, 4],
      [101, 4],
      [101, 4],
    ]);
    expect(bench.gaps[0]).to.equal(160);
  });
});
