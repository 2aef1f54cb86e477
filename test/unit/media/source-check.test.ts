import { expect } from 'chai';
import { NAT_WINDOW_MS, SourceCheck } from '../../../embedded/media/stages/source-check.ts';
import { PHONE, arrival, remote } from './helpers.ts';

const STRANGER = { address: '198.51.100.66', port: 4000 };
const OUTSIDE = '203.0.113.9';

function armed(fields: Parameters<typeof remote>[0] = {}, nowMs = 0): SourceCheck {
  const check = new SourceCheck();
  check.arm(remote(fields), nowMs);
  return check;
}

describe('source check', () => {
  it('takes nothing before there is an SDP', () => {
    const check = new SourceCheck();
    expect(check.mayCome(PHONE.address, PHONE.port)).to.equal(false);
    expect(check.take(arrival())).to.equal(false);
    expect(check.destination).to.equal(undefined);
  });

  it("takes media from the SDP's address only", () => {
    const check = armed();
    for (const from of [STRANGER, { ...PHONE, address: OUTSIDE }]) {
      expect(check.mayCome(from.address, from.port), from.address).to.equal(false);
      expect(check.take(arrival({}, from)), from.address).to.equal(false);
    }
    expect(check.take(arrival())).to.equal(true);
  });

  describe('for a peer that sends from another port than its SDP says', () => {
    const other = { ...PHONE, port: 5555 };
    const take = (check: SourceCheck, sequence: number, from = other, atMs = 0): boolean =>
      check.take(arrival({ sequence }, { ...from, atMs }));

    it('believes that port after three packets in order, and sends there', () => {
      const check = armed();
      expect([1, 2, 3, 4].map((sequence) => take(check, sequence))).to.deep.equal([false, false, true, true]);
      expect(check.destination).to.include(other);
      expect(check.rtcpDestination).to.deep.equal({ ...other, port: 5556 });
      expect(check.acceptsRtcp(PHONE.address, 5556)).to.equal(true);
      expect(take(check, 5, { ...PHONE, port: 5557 }), 'a third port').to.equal(false);
    });

    it('gives the port of the SDP its place back', () => {
      const check = armed();
      for (const sequence of [1, 2, 3]) take(check, sequence);
      expect(check.settled).to.equal(undefined);
      expect(take(check, 100, PHONE)).to.equal(true);
      expect(check.destination).to.include(PHONE);
      expect(check.settled).to.include(PHONE);
      for (const sequence of [4, 5, 6, 7]) expect(take(check, sequence)).to.equal(false);
    });

    it('does not believe it when the window is over', () => {
      const check = armed();
      for (const sequence of [1, 2, 3, 4]) expect(take(check, sequence, other, NAT_WINDOW_MS + 1)).to.equal(false);
    });

    it('does not believe what is left of an SDP that was said again just before', () => {
      const check = armed();
      take(check, 1, PHONE);
      check.arm(remote(), 0); // on hold: the same place
      check.arm(remote(other), 0); // and elsewhere at once, before another packet came
      expect([2, 3, 4, 5].map((sequence) => take(check, sequence, PHONE))).to.deep.equal([false, false, false, false]);
      expect(check.destination).to.include(other);
    });

    it('believes it again after the same SDP, but not what is left of the one before', () => {
      const check = armed();
      for (const sequence of [1, 2, 3]) take(check, sequence);
      check.arm(remote({ direction: 'recvonly' }), 10);
      expect([4, 5, 6].map((sequence) => take(check, sequence))).to.deep.equal([false, false, true]);
      check.arm(remote({ port: 6000 }), 20);
      const resumed = new SourceCheck();
      resumed.resume(remote({ port: 6000 }), check.state);
      for (const at of [check, resumed]) {
        expect([7, 8, 9, 10].map((sequence) => take(at, sequence))).to.deep.equal([false, false, false, false]);
      }
    });
  });

  describe('for a peer behind NAT', () => {
    const nat = { address: '10.0.0.5', port: 4000, signallingAddress: OUTSIDE };
    const from = { address: OUTSIDE, port: 61_000 };
    const take = (check: SourceCheck, sequence: number, fields = {}, at = from, atMs = 0) =>
      check.take(arrival({ sequence, ...fields }, { ...at, atMs }));

    it('believes the signalling address after three packets in order, and sends there', () => {
      const check = armed(nat);
      expect([1, 2, 3, 4].map((sequence) => take(check, sequence))).to.deep.equal([false, false, true, true]);
      expect(check.destination).to.include(from);
      expect(check.rtcpDestination).to.deep.equal({ address: OUTSIDE, port: 61_001 });
    });

    it('begins to count again when order, source port or SSRC change', () => {
      const check = armed(nat);
      const taken = [
        take(check, 1),
        take(check, 2),
        take(check, 9),
        take(check, 10, { ssrc: 2 }),
        take(check, 11, { ssrc: 2 }, { ...from, port: 61_002 }),
        take(check, 12, { ssrc: 2 }, { ...from, port: 61_002 }),
      ];
      expect(taken).to.deep.equal([false, false, false, false, false, false]);
      expect(take(check, 13, { ssrc: 2 }, { ...from, port: 61_002 })).to.equal(true);
    });

    it('latches once: another port of the same NAT, and the SDP itself, come too late', () => {
      const check = armed(nat);
      for (const sequence of [1, 2, 3]) take(check, sequence);
      for (const sequence of [1, 2, 3, 4]) expect(take(check, sequence, {}, { ...from, port: 7 })).to.equal(false);
      expect(take(check, 1, {}, { address: '10.0.0.5', port: 4000 })).to.equal(false);
    });

    it('does not latch when the window is over', () => {
      const check = armed(nat, 1000);
      const late = 1001 + NAT_WINDOW_MS;
      for (const sequence of [1, 2, 3, 4]) expect(take(check, sequence, {}, from, late)).to.equal(false);
    });

    it('prefers the address of the SDP when that turns out to be right', () => {
      const check = armed(nat);
      take(check, 1);
      expect(take(check, 50, {}, { address: '10.0.0.5', port: 4000 })).to.equal(true);
      for (const sequence of [2, 3, 4]) expect(take(check, sequence)).to.equal(false);
    });

    it('refuses everybody else', () => {
      const check = armed(nat);
      for (const sequence of [1, 2, 3, 4]) expect(take(check, sequence, {}, STRANGER)).to.equal(false);
    });
  });

  it('forgets what it latched with the next SDP', () => {
    const check = armed();
    check.take(arrival());
    check.arm(remote({ port: 6000 }), 10);
    expect(check.take(arrival())).to.equal(false);
    expect(check.take(arrival({}, { port: 6000 }))).to.equal(true);
    expect(check.destination).to.include({ port: 6000 });
  });

  it('sends nowhere when the SDP names nothing that can be sent to', () => {
    for (const fields of [
      { address: '0.0.0.0' },
      { address: 'host.example' },
      { address: '' },
      { port: 0 },
      { port: 70_000 },
      { port: NaN },
    ]) {
      expect(armed(fields).destination, JSON.stringify(fields)).to.equal(undefined);
      expect(armed(fields).rtcpDestination).to.equal(undefined);
    }
    for (const rtcpPort of [0, 65_536, -1, 1.5]) expect(armed({ rtcpPort }).rtcpDestination).to.equal(undefined);
    expect(armed({ port: 65_535 }).rtcpDestination).to.equal(undefined);
  });

  it('takes RTCP only after media, from the same address, at the port that belongs to it', () => {
    const check = armed({ rtcpPort: 4500 });
    expect(check.acceptsRtcp(PHONE.address, 4500)).to.equal(false);
    check.take(arrival());
    expect(check.acceptsRtcp(PHONE.address, 4500)).to.equal(true);
    expect(check.acceptsRtcp(PHONE.address, 4000), 'multiplexed').to.equal(true);
    expect(check.acceptsRtcp(PHONE.address, 4001)).to.equal(false);
    expect(check.acceptsRtcp(STRANGER.address, 4500)).to.equal(false);
    expect(check.rtcpDestination).to.deep.equal({ address: PHONE.address, port: 4500 });
  });
});
