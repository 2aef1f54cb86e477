import { expect } from 'chai';
import fc from 'fast-check';
import { JitterBuffer } from '../../../embedded/media/stages/jitter-buffer.ts';
import { MULAW } from '../../../embedded/wire/g711.ts';
import { FRAME, codes, level, peak } from './helpers.ts';

/** Packet n holds the level 1000·n (as µ-law rounds it), so that frames can be told apart. */
const LEVELS = Array.from({ length: 32 }, (_, n) => MULAW.toLinear[MULAW.toCode[(1000 * n) & 0xffff]!]!);

class Bench {
  readonly buffer = new JitterBuffer();
  readonly first: number;

  constructor(firstTimestamp = 1000) {
    this.first = firstTimestamp;
  }

  push(n: number, timestamp = this.first + n * FRAME, begins = false) {
    return this.buffer.push(MULAW, codes(level(1000 * n)), timestamp >>> 0, begins);
  }

  pull(): Int16Array {
    const frame = new Int16Array(FRAME);
    this.buffer.pull(frame);
    return frame;
  }

  /** The number of the packet that a frame came from; 0 = silence, −1 = something made up. */
  pullNumber(): number {
    const frame = this.pull();
    return frame.every((sample) => sample === frame[0]) ? LEVELS.indexOf(frame[0]!) : -1;
  }

  pullNumbers(count: number): number[] {
    return Array.from({ length: count }, () => this.pullNumber());
  }
}

describe('jitter buffer', () => {
  it('loses nothing of talk that begins with a timestamp that stood still in silence', () => {
    const bench = new Bench();
    for (let n = 1; n <= 4; n++) {
      bench.push(n);
      bench.pull();
    }
    bench.pullNumbers(50);
    for (let n = 5; n <= 9; n++) bench.push(n, undefined, n === 5);
    expect(bench.pullNumbers(7)).to.deep.equal([-1, -1, 5, 6, 7, 8, 9].map((n) => (n < 0 ? 0 : n)));
    expect(bench.buffer.late).to.equal(0);
    expect(bench.buffer.missed).to.be.greaterThan(45);
  });

  it('does not begin anew because of a late packet that says it begins, while others wait', () => {
    const bench = new Bench();
    for (let n = 1; n <= 8; n++) bench.push(n);
    bench.pullNumbers(6);
    expect(bench.push(1, undefined, true)).to.equal('late');
    expect(bench.pullNumbers(2).at(-1)).to.not.equal(1);
  });

  it('is silent while nothing has come', () => {
    expect(new Bench().pullNumbers(3)).to.deep.equal([0, 0, 0]);
  });

  it('plays a steady stream whole, 40 ms later', () => {
    const bench = new Bench();
    const heard: number[] = [];
    for (let n = 1; n <= 10; n++) {
      bench.push(n);
      heard.push(bench.pullNumber());
    }
    expect(heard).to.deep.equal([0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(bench.buffer.late).to.equal(0);
  });

  it('puts packets back in order and plays a duplicate once', () => {
    const bench = new Bench();
    bench.push(1);
    bench.push(3);
    bench.push(2);
    expect(bench.push(2)).to.equal('duplicate');
    expect(bench.pullNumbers(5)).to.deep.equal([0, 0, 1, 2, 3]);
  });

  it('goes on over the end of the timestamps', () => {
    const bench = new Bench(0xffffffff - 250);
    for (let n = 1; n <= 5; n++) bench.push(n);
    expect(bench.pullNumbers(7)).to.deep.equal([0, 0, 1, 2, 3, 4, 5]);
  });

  it('takes packets of every length', () => {
    const buffer = new JitterBuffer();
    const lengths = [80, 240, 160, 320, 480, 80, 240];
    let timestamp = 5000;
    for (const [index, length] of lengths.entries()) {
      buffer.push(MULAW, codes(level(1000 * (index + 1), length)), timestamp);
      timestamp += length;
    }
    const total = lengths.reduce((sum, length) => sum + length);
    const played = new Int16Array(320 + total);
    for (let at = 0; at < played.length; at += FRAME) buffer.pull(played.subarray(at, at + FRAME));
    const expected = [0, 0, ...lengths].flatMap((length, index) =>
      index < 2 ? Array<number>(FRAME).fill(0) : Array<number>(length).fill(LEVELS[index - 1]!),
    );
    expect([...played]).to.deep.equal(expected);
  });

  it('fills the place of a lost packet with the last sound, fading', () => {
    const bench = new Bench();
    bench.push(10);
    bench.push(12, bench.first + 12 * FRAME);
    bench.pullNumbers(2);
    expect(bench.pullNumber()).to.equal(10);
    const filled = bench.pull();
    expect(filled[0]).to.be.closeTo(LEVELS[10]!, 50);
    expect(filled[159]).to.be.within(LEVELS[10]! / 2, LEVELS[10]! * 0.75);
    expect(bench.pullNumber()).to.equal(12);
  });

  it('fades to silence within 60 ms when nothing more comes', () => {
    const bench = new Bench();
    bench.push(10);
    bench.pullNumbers(3);
    const peaks = Array.from({ length: 5 }, () => peak(bench.pull()));
    expect(peaks[0]).to.be.greaterThan(peaks[1]!);
    expect(peaks[1]).to.be.greaterThan(peaks[2]!);
    expect(peaks.slice(3)).to.deep.equal([0, 0]);
  });

  it('drops and counts what comes too late, and then waits longer', () => {
    const bench = new Bench();
    for (const n of [1, 2]) bench.push(n);
    bench.pullNumbers(4);
    bench.pull();
    expect(bench.push(3)).to.equal('late');
    expect(bench.buffer.late).to.equal(1);
    for (const n of [4, 5, 6]) bench.push(n);
    bench.pull(); // the pause that makes the buffer longer
    expect(bench.pullNumbers(3)).to.deep.equal([4, 5, 6]);
    expect(bench.buffer.delayMs).to.equal(60);
  });

  it('never waits longer than 200 ms', () => {
    const bench = new Bench();
    let n = 1;
    for (let round = 0; round < 60; round++) {
      bench.push(1, bench.first + n * FRAME);
      for (let tick = 0; tick < 12; tick++) bench.pull();
      n += 9;
    }
    expect(bench.buffer.delayMs).to.be.at.most(200);
  });

  it('shrinks again in quiet moments when packets come well in time', () => {
    const bench = new Bench();
    bench.push(1);
    for (let tick = 0; tick < 8; tick++) bench.pull();
    bench.push(1, bench.first + 2 * FRAME); // 80 ms late
    const grown = () => bench.buffer.delayMs;
    for (let tick = 0; tick < 6; tick++) bench.pull();
    const before = grown();
    expect(before).to.be.greaterThan(60);
    let next = 16;
    for (let packet = 0; packet < 2000; packet++) {
      bench.push(0, bench.first + next++ * FRAME);
      bench.pull();
    }
    expect(grown()).to.be.lessThan(before);
    expect(grown()).to.be.at.least(40);
  });

  it('follows a jump of the timestamps, but not on the word of one packet', () => {
    const bench = new Bench();
    for (const n of [1, 2]) bench.push(n);
    expect(bench.push(3, 500_000)).to.equal('refused');
    bench.push(3);
    expect(bench.pullNumbers(5)).to.deep.equal([0, 0, 1, 2, 3]);
    expect(bench.push(4, 900_000)).to.equal('refused');
    expect(bench.push(5, 900_160)).to.equal('held');
    bench.push(6, 900_320);
    expect(bench.pullNumbers(4).slice(2)).to.deep.equal([5, 6]);
  });

  it('follows a sender whose timestamps stood still during silence', () => {
    const bench = new Bench();
    for (const n of [1, 2, 3]) bench.push(n);
    bench.pullNumbers(40);
    const heard: number[] = [];
    for (let n = 4; n <= 31; n++) {
      bench.push(n);
      heard.push(bench.pullNumber());
    }
    expect(heard.slice(-5)).to.deep.equal([25, 26, 27, 28, 29]);
  });

  it('starts anew for another source', () => {
    const bench = new Bench();
    bench.push(9);
    bench.buffer.reset();
    expect(bench.push(1, 77)).to.equal('held');
    expect(bench.pullNumbers(3)).to.deep.equal([0, 0, 1]);
  });

  it('loses nothing and makes nothing up while jitter stays within 20 ms, whatever the order', () => {
    const swaps = fc.array(fc.boolean(), { minLength: 28, maxLength: 28 });
    fc.assert(
      fc.property(swaps, (swap) => {
        const order = Array.from({ length: 30 }, (_, index) => index + 1);
        for (let index = 1; index < 29; index += 2) {
          if (swap[index - 1]) [order[index], order[index + 1]] = [order[index + 1]!, order[index]!];
        }
        const bench = new Bench();
        const heard: number[] = [];
        for (const n of order) {
          bench.push(n);
          heard.push(bench.pullNumber());
        }
        heard.push(...bench.pullNumbers(2));
        expect(heard).to.deep.equal([0, 0, ...Array.from({ length: 30 }, (_, index) => index + 1)]);
      }),
    );
  });

  it('always fills the frame and never throws, whatever comes', () => {
    const step = fc.record({
      timestamp: fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 30_000 })),
      length: fc.integer({ min: 1, max: 1600 }),
      pulls: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const buffer = new JitterBuffer();
        for (const { timestamp, length, pulls } of steps) {
          buffer.push(MULAW, new Uint8Array(length).fill(MULAW.silence), timestamp);
          for (let pull = 0; pull < pulls; pull++) {
            const frame = new Int16Array(FRAME).fill(1); // what is not written to stays 1
            buffer.pull(frame);
            expect(frame.includes(1)).to.equal(false);
          }
        }
      }),
    );
  });
});
