import { expect } from 'chai';
import { ALAW, MULAW } from '../../../embedded/wire/g711.ts';
import { parseRtp, serializeRtp, type RtpPacket } from '../../../embedded/wire/rtp.ts';
import { serializeTelephoneEvent } from '../../../embedded/wire/telephone-event.ts';
import { HOLD_TIMEOUT_SECONDS, Leg, type LegState } from '../../../embedded/media/worker/leg.ts';
import { SampleSource } from '../../../embedded/media/sources/audio-source.ts';
import type { UdpPort } from '../../../embedded/media/worker/udp-port.ts';
import type { RemoteMedia } from '../../../embedded/media/types.ts';
import { PHONE, codes, level, peak, remote, rtp } from './helpers.ts';

/** A leg whose network and time are arrays and numbers. */
class Bench {
  nowMs = 0;
  readonly told: string[] = [];
  readonly sent: { packet: RtpPacket; address: string; port: number }[] = [];
  leg: Leg;

  constructor(fields: Partial<RemoteMedia> | 'no SDP' = {}, inactivityTimeoutSeconds = 0) {
    this.leg = this.#make(inactivityTimeoutSeconds);
    if (fields !== 'no SDP') this.leg.setRemote(remote(fields));
  }

  /** To another worker, as data. */
  async move(): Promise<LegState> {
    const state = structuredClone(await this.leg.depart());
    this.leg = this.#make(state.inactivityTimeoutSeconds, state);
    return state;
  }

  #make(inactivityTimeoutSeconds: number, state?: LegState): Leg {
    const leg = new Leg({
      inactivityTimeoutSeconds,
      now: () => this.nowMs,
      state,
      events: {
        digit: ({ digit }) => this.told.push(digit),
        mediaStarted: () => this.told.push('started'),
        mediaTimeout: () => this.told.push('timeout'),
        playEnded: (playId, { outcome }) => this.told.push(`${playId} ${outcome}`),
        secured: () => this.told.push('secured'),
        secureFailed: (reason) => this.told.push(reason),
        fault: (text) => this.told.push(text),
      },
      secureTransport: () => {
        throw new Error('not here');
      },
    });
    const port = (record: boolean): UdpPort => ({
      address: '',
      port: 0,
      send: (bytes, address, to) =>
        record && this.sent.push({ packet: parseRtp(Buffer.from(bytes)) as RtpPacket, address, port: to }),
      close: async () => undefined,
      depart: async () => ({ address: '', port: 0 }),
      keepTo: () => undefined,
    });
    leg.attach({ rtp: port(true), rtcp: port(false) });
    return leg;
  }

  packet(n: number, fields: Partial<RtpPacket> = {}, from = PHONE): void {
    const packet = rtp({ sequence: n, timestamp: n * 160, payload: codes(level(1000 * n)), ...fields });
    this.leg.receiveRtp(serializeRtp(packet), from.address, from.port);
  }

  tick(): Int16Array {
    this.nowMs += 20;
    const heard = this.leg.pull(this.nowMs).slice();
    this.leg.push(level(0), this.nowMs);
    return heard;
  }

  /** First sample of each of the next frames. */
  ticks(count: number): number[] {
    return Array.from({ length: count }, () => this.tick()[0]!);
  }
}

const heardAs = (value: number): number => MULAW.toLinear[MULAW.toCode[value & 0xffff]!]!;

describe('leg', () => {
  it('hears what comes from its phone, 40 ms later, and says once that it began', () => {
    const bench = new Bench();
    for (const n of [1, 2, 3]) bench.packet(n);
    expect(bench.ticks(5)).to.deep.equal([0, 0, 1000, 2000, 3000].map(heardAs));
    expect(bench.told).to.deep.equal(['started']);
  });

  it('sends to its phone, and nothing before there is an SDP', () => {
    const bench = new Bench('no SDP');
    bench.packet(1);
    bench.ticks(3);
    expect(bench.sent).to.deep.equal([]);
    bench.leg.setRemote(remote());
    bench.ticks(2);
    expect(bench.sent).to.have.length(2);
    expect(bench.sent[0]).to.include(PHONE);
  });

  it('counts what it refuses: strangers, rubbish, other codecs, wrong lengths', () => {
    const bench = new Bench();
    bench.packet(1, {}, { ...PHONE, port: 5 });
    bench.leg.receiveRtp(Buffer.from('rubbish of a kind'), PHONE.address, PHONE.port);
    bench.packet(2, { payloadType: 18 });
    bench.packet(3, { payload: new Uint8Array(0) });
    bench.packet(4);
    const { packetsRefused, packetsReceived } = bench.leg.statistics();
    expect({ packetsRefused, packetsReceived }).to.deep.equal({ packetsRefused: 4, packetsReceived: 1 });
    expect(bench.ticks(5).filter((value) => value !== 0)[0]).to.equal(heardAs(4000));
  });

  it('does not let a packet of a wrong codec latch the source', () => {
    const bench = new Bench({ address: '10.1.1.1', signallingAddress: '198.51.100.1' });
    const from = { address: '198.51.100.1', port: 7000 };
    for (const n of [1, 2, 3, 4]) bench.packet(n, { payloadType: 18 }, from);
    expect(bench.leg.statistics().packetsReceived).to.equal(0);
    for (const n of [5, 6, 7, 8]) bench.packet(n, {}, from);
    expect(bench.leg.statistics().packetsReceived).to.equal(2);
    bench.ticks(1);
    expect(bench.sent.at(-1)).to.include(from);
  });

  it('splits keys from sound', () => {
    const bench = new Bench();
    bench.packet(1);
    const payload = serializeTelephoneEvent({ event: 5, end: true, volume: 10, duration: 800 });
    for (let copy = 0; copy < 3; copy++) bench.packet(2 + copy, { payloadType: 101, timestamp: 320, payload });
    bench.leg.injectDigit('5', 100);
    expect(bench.told).to.deep.equal(['started', '5']);
  });

  it('takes comfort noise for silence', () => {
    const bench = new Bench();
    bench.packet(1);
    bench.packet(2, { payloadType: 13, payload: Uint8Array.of(60) });
    expect(bench.ticks(6)).to.deep.equal([0, 0, heardAs(1000), 0, 0, 0]);
  });

  it('starts anew when the source changes its SSRC', () => {
    const bench = new Bench();
    bench.packet(1);
    bench.ticks(3);
    for (const n of [900, 901]) bench.packet(n, { ssrc: 2, payload: codes(level(5000)) });
    expect(bench.ticks(3)).to.deep.equal([0, 0, heardAs(5000)]);
  });

  it('speaks and hears A-law, and changes the law with the next SDP', () => {
    const bench = new Bench({ audioPayloadType: 8 });
    bench.packet(1, { payloadType: 8, payload: new Uint8Array(160).fill(0x2a) });
    expect(bench.ticks(3)[2]).to.equal(ALAW.toLinear[0x2a]);
    expect(bench.sent[0]!.packet.payload[0]).to.equal(ALAW.silence);
    bench.leg.setRemote(remote());
    bench.tick();
    expect(bench.sent.at(-1)!.packet).to.include({ payloadType: 0 });
    expect(bench.sent.at(-1)!.packet.sequence).to.equal((bench.sent[0]!.packet.sequence + 3) & 0xffff);
  });

  it('hears and says nothing on hold', () => {
    const bench = new Bench();
    bench.packet(1);
    bench.leg.setRemote(remote({ direction: 'inactive' }));
    bench.packet(2, { ssrc: 5 });
    const sent = bench.sent.length;
    for (let tick = 0; tick < 5; tick++) expect(peak(bench.tick())).to.be.at.most(heardAs(1000));
    expect(bench.sent.length).to.equal(sent);
    bench.leg.setRemote(remote({ direction: 'sendonly' }));
    bench.ticks(2);
    expect(bench.sent.length).to.equal(sent + 2);
  });

  it('misses the peer after a time of silence, once for each silence, and not on hold', () => {
    const bench = new Bench({}, 1);
    bench.ticks(60);
    expect(bench.told).to.deep.equal(['timeout']);
    bench.packet(1);
    bench.ticks(49);
    expect(bench.told).to.deep.equal(['timeout', 'started']);
    bench.ticks(10);
    expect(bench.told).to.deep.equal(['timeout', 'started', 'timeout']);
    bench.leg.setRemote(remote({ direction: 'sendonly' }));
    bench.ticks(100);
    bench.leg.setRemote(remote());
    bench.ticks(49);
    expect(bench.told).to.have.length(3);
  });

  it('has more patience with a peer on hold, whichever way it says so', () => {
    for (const direction of ['recvonly', 'sendonly', 'inactive'] as const) {
      const bench = new Bench({ direction }, 60);
      bench.nowMs += HOLD_TIMEOUT_SECONDS * 1000 - 100;
      bench.tick();
      expect(bench.told, direction).to.deep.equal([]);
      bench.ticks(5);
      expect(bench.told, direction).to.deep.equal(['timeout']);
    }
    const never = new Bench({ direction: 'recvonly' }, 0);
    never.nowMs += 10 * HOLD_TIMEOUT_SECONDS * 1000;
    never.tick();
    expect(never.told).to.deep.equal([]);
  });

  it('echoes, and a player comes before the echo', () => {
    const bench = new Bench();
    bench.leg.setEcho(true);
    for (const n of [1, 2, 3]) bench.packet(n);
    bench.ticks(4);
    expect(bench.sent.at(-1)!.packet.payload[0]).to.equal(MULAW.toCode[2000]);
    bench.leg.setEcho(false);
    bench.tick();
    expect(bench.sent.at(-1)!.packet.payload[0]).to.equal(MULAW.silence);
  });

  it('has time go by for frames that were skipped', () => {
    const bench = new Bench();
    bench.tick();
    bench.leg.skip(4);
    bench.tick();
    const [first, second] = bench.sent.map(({ packet }) => packet);
    expect((second!.timestamp - first!.timestamp) | 0).to.equal(5 * 160);
  });

  it('hears what is said now after frames that were skipped, however long it stood still', () => {
    for (const stalled of [10, 20, 40, 90]) {
      const bench = new Bench();
      let n = 1;
      for (; n <= 50; n++) {
        bench.packet(n, { payload: codes(level(n)) });
        bench.tick();
      }
      // All of it waited in the socket; five frames are caught up, the rest is skipped.
      for (const end = n + stalled; n < end; n++) bench.packet(n, { payload: codes(level(n)) });
      bench.leg.skip(stalled - 5);
      bench.ticks(5);
      for (const end = n + 25; n < end; n++) {
        bench.packet(n, { payload: codes(level(8000)) });
        bench.tick();
      }
      const heard: number[] = [];
      for (let frame = 1; frame <= 10 && heard.at(-1) !== heardAs(-8000); frame++, n++) {
        bench.packet(n, { payload: codes(level(-8000)) });
        heard.push(bench.tick()[0]!);
      }
      expect(heard.length * 20, `milliseconds of delay after ${stalled} frames`).to.be.at.most(60);
    }
  });

  it('closes once and is silent afterwards', async () => {
    const bench = new Bench();
    bench.leg.play({ playId: 1, uri: '', source: new Promise(() => undefined) });
    await bench.leg.close();
    await bench.leg.close();
    bench.packet(1);
    expect(bench.told).to.deep.equal(['1 stopped']);
  });
});

describe('leg that moves to another worker', () => {
  const key = (event: number, end: boolean, timestamp: number, sequence: number): Partial<RtpPacket> => ({
    payloadType: 101,
    sequence,
    timestamp,
    payload: serializeTelephoneEvent({ event, end, volume: 10, duration: 800 }),
  });

  it('sends on as if nothing had happened: same source, next number, next time, no marker', async () => {
    const bench = new Bench();
    bench.ticks(3);
    await bench.move();
    bench.ticks(2);
    const packets = bench.sent.map(({ packet }) => packet);
    const first = packets[0]!;
    expect(packets.map(({ ssrc }) => ssrc)).to.deep.equal(Array(5).fill(first.ssrc));
    expect(packets.map(({ sequence }) => (sequence - first.sequence) & 0xffff)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(packets.map(({ timestamp }) => (timestamp - first.timestamp) >>> 0)).to.deep.equal([0, 160, 320, 480, 640]);
    expect(packets.map(({ marker }) => marker)).to.deep.equal([true, false, false, false, false]);
  });

  it('goes on with a digit it was sending, and with those in line', async () => {
    const bench = new Bench();
    bench.leg.sendDigits('12', 100);
    bench.ticks(2);
    await bench.move();
    bench.ticks(20);
    const events = bench.sent.map(({ packet }) => packet).filter(({ payloadType }) => payloadType === 101);
    const keys = new Map(events.map(({ timestamp, payload }) => [timestamp, payload[0]]));
    expect([...keys.values()]).to.deep.equal([1, 2]);
    expect(events.filter(({ timestamp }) => timestamp === events[0]!.timestamp)).to.have.length(7);
  });

  it('tells no key twice, and every key once', async () => {
    const bench = new Bench();
    bench.packet(1);
    bench.packet(2, key(1, false, 320, 2));
    bench.packet(3, key(1, true, 320, 3));
    await bench.move();
    bench.packet(4, key(1, true, 320, 4));
    bench.packet(5, key(1, true, 320, 5));
    bench.packet(6, key(2, false, 960, 6));
    await bench.move();
    bench.packet(7, key(2, true, 960, 7));
    expect(bench.told).to.deep.equal(['started', '1', '2']);
  });

  it('listens to whom it has latched, and opens no new window for others', async () => {
    const nat = { address: '198.51.100.9', port: 9000 };
    const bench = new Bench({ signallingAddress: nat.address });
    for (let n = 1; n <= 3; n++) bench.packet(n, {}, nat);
    await bench.move();
    bench.packet(4, {}, nat);
    for (let n = 5; n <= 8; n++) bench.packet(n, { ssrc: 9 }, { ...nat, port: 9100 });
    bench.packet(9, {}, PHONE);
    expect(bench.leg.statistics()).to.include({ packetsReceived: 2, packetsRefused: 7 });
    bench.tick();
    expect(bench.sent.at(-1)).to.include(nat);
  });

  it('keeps its figures, its echo and the time since it was heard', async () => {
    const bench = new Bench({}, 1);
    bench.leg.setEcho(true);
    for (let n = 1; n <= 4; n++) bench.packet(n);
    bench.packet(6, {}, { address: '203.0.113.5', port: 1 });
    bench.ticks(45);
    const before = bench.leg.statistics();
    await bench.move();
    expect(bench.leg.statistics()).to.deep.equal({ ...before, mos: bench.leg.statistics().mos });
    bench.ticks(10);
    expect(bench.told).to.deep.equal(['started', 'timeout']);
    for (let n = 60; n < 66; n++) bench.packet(n);
    bench.ticks(3);
    expect(bench.sent.at(-1)!.packet.payload[0], 'it is echoed').to.not.equal(MULAW.silence);
  });

  it('takes along what plays, where it stands', async () => {
    const bench = new Bench();
    bench.leg.play({ playId: 7, uri: 'tone', source: Promise.resolve(new SampleSource(level(5000, 1600))) });
    await Promise.resolve();
    bench.ticks(4);
    const state = await bench.move();
    expect(state.plays).to.deep.equal([{ playId: 7, uri: 'tone', gain: 1, times: 1, offset: 640, played: 640 }]);
    expect(bench.told, 'it has not ended').to.deep.equal([]);
    const rest = new SampleSource(level(5000, 1600));
    bench.leg.play({ ...state.plays[0]!, source: Promise.resolve(rest) });
    await Promise.resolve();
    bench.ticks(7);
    expect(bench.told).to.deep.equal(['7 done']);
  });
});
