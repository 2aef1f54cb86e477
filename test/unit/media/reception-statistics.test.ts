import { expect } from 'chai';
import { ReceptionStatistics } from '../../../embedded/media/stages/reception-statistics.ts';
import { arrival } from './helpers.ts';

function receive(statistics: ReceptionStatistics, sequences: number[], ssrc = 1): void {
  for (const sequence of sequences) {
    statistics.take(arrival({ sequence: sequence & 0xffff, ssrc, timestamp: sequence * 160 }, { atMs: sequence * 20 }));
  }
}

describe('reception statistics', () => {
  it('counts packets, bytes and what is missing between them', () => {
    const statistics = new ReceptionStatistics();
    receive(statistics, [10, 11, 14, 13, 16]);
    expect(statistics).to.include({ packets: 5, bytes: 800, lost: 2 });
  });

  it('counts over the end of the sequence numbers', () => {
    const statistics = new ReceptionStatistics();
    receive(statistics, [65_534, 65_535, 65_537, 65_538]);
    expect(statistics.lost).to.equal(1);
    expect(statistics.report()?.highestSequence).to.equal(65_538);
  });

  it('takes a new SSRC, and two packets in a row far away, for a restart and not for loss', () => {
    const statistics = new ReceptionStatistics();
    receive(statistics, [1, 3]);
    receive(statistics, [40_000, 40_001], 2);
    receive(statistics, [10_000, 10_001, 10_002], 2);
    expect(statistics.lost).to.equal(1);
  });

  it('does not take one stray packet for a restart', () => {
    const statistics = new ReceptionStatistics();
    receive(statistics, [1, 2, 30_000, 3, 4]);
    expect(statistics.report()?.highestSequence).to.equal(4);
  });

  it('tells how far packets are apart and how unsteady they have been, pauses left out', () => {
    const statistics = new ReceptionStatistics();
    let atMs = 0;
    for (let n = 0; n < 400; n++) {
      // Steady, then 10 ms early and late in turn, with one long pause.
      atMs += n < 200 ? 20 : n % 2 === 0 ? 10 : 30;
      if (n === 300) atMs += 5000;
      statistics.take(arrival({ sequence: n, timestamp: n * 160 }, { atMs }));
    }
    expect(statistics.meanIntervalMs).to.be.closeTo(20, 1);
    expect(statistics.leastJitterMs).to.equal(0);
    expect(statistics.mostJitterMs).to.be.within(9, 11);
  });

  it('reports the fraction lost since the last report', () => {
    const statistics = new ReceptionStatistics();
    expect(statistics.report()).to.equal(undefined);
    receive(statistics, [1, 2, 4]);
    expect(statistics.report()).to.deep.include({ fractionLost: 0.25, cumulativeLost: 1 });
    receive(statistics, [5, 6]);
    expect(statistics.report()).to.deep.include({ fractionLost: 0, cumulativeLost: 1 });
    receive(statistics, [7, 7, 7]);
    expect(statistics.report()?.cumulativeLost).to.equal(-1);
  });

  it('measures no jitter in a steady stream, and the rule of RFC 3550 in an unsteady one', () => {
    const statistics = new ReceptionStatistics();
    receive(statistics, [1, 2, 3, 4]);
    expect(statistics.jitterMs).to.equal(0);
    // 16 ms late once: 128 units, a sixteenth of it is 8 units = 1 ms.
    statistics.take(arrival({ sequence: 5, timestamp: 800 }, { atMs: 116 }));
    expect(statistics.jitterMs).to.equal(1);
  });
});
