import { expect } from 'chai';
import { FrameClock, MAX_CATCH_UP } from '../../../embedded/media/worker/clock.ts';

/** Time that moves only when told; timers may be made to fire late. */
class Bench {
  nowMs = 1000;
  readonly frames: { atMs: number; skipped: number }[] = [];
  workMs = 0;
  /** How often the clock let the sockets be read first. */
  inputRead = 0;
  #timer: { atMs: number; callback: () => void } | undefined;
  readonly clock = new FrameClock({
    now: () => this.nowMs,
    setTimer: (callback, delayMs) => {
      const timer = { atMs: this.nowMs + delayMs, callback };
      this.#timer = timer;
      return () => {
        if (this.#timer === timer) this.#timer = undefined;
      };
    },
    afterInput: (callback) => {
      this.inputRead++;
      const timer = { atMs: this.nowMs, callback };
      this.#timer = timer;
      return () => {
        if (this.#timer === timer) this.#timer = undefined;
      };
    },
    onFrame: (skipped) => {
      this.frames.push({ atMs: this.nowMs, skipped });
      this.nowMs += this.workMs;
    },
  });

  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Lets the next timer fire, `lateMs` after it should. */
  fire(lateMs = 0): void {
    const timer = this.#timer!;
    this.#timer = undefined;
    this.nowMs = Math.max(this.nowMs, timer.atMs) + lateMs;
    const before = this.inputRead;
    timer.callback();
    if (this.inputRead > before) this.fire();
  }
}

describe('frame clock', () => {
  it('does not drift, however late each timer fires', () => {
    const bench = new Bench();
    bench.clock.start();
    for (let tick = 0; tick < 1000; tick++) bench.fire((tick * 7) % 15);
    expect(bench.frames).to.have.length(1000);
    expect(bench.frames.at(-1)!.atMs - 1000).to.be.within(20_000, 20_015);
    expect(bench.clock.ticksLate).to.equal(0);
  });

  it('catches up what it missed, and skips what is too much', () => {
    const bench = new Bench();
    bench.clock.start();
    bench.fire(50);
    expect(bench.frames.map(({ skipped }) => skipped)).to.deep.equal([0, 0, 0]);
    expect(bench.inputRead, 'what waits at the sockets comes first').to.equal(1);
    bench.frames.length = 0;
    bench.fire(20 * 9);
    expect(bench.frames).to.have.length(MAX_CATCH_UP);
    expect(bench.frames[0]!.skipped).to.be.within(4, 5);
    expect(bench.frames.slice(1).every(({ skipped }) => skipped === 0)).to.equal(true);
    expect(bench.clock.ticksLate).to.equal(2);
    bench.frames.length = 0;
    bench.fire();
    expect(bench.frames).to.have.length(1);
    expect(bench.inputRead, 'not when on time').to.equal(2);
  });

  it('waits on when a timer fires too early', () => {
    const bench = new Bench();
    bench.clock.start();
    bench.fire(-5);
    expect(bench.frames).to.have.length(0);
    bench.fire();
    expect(bench.frames).to.have.length(1);
  });

  it('tells how late it was over the last second', () => {
    const bench = new Bench();
    bench.clock.start();
    for (let tick = 0; tick < 50; tick++) bench.fire(tick % 10);
    expect(bench.clock.lateness.percentile(0.5)).to.be.closeTo(5, 1);
    expect(bench.clock.lateness.percentile(0.95)).to.be.closeTo(9, 1);
    expect(bench.clock.done.percentile(0.5), 'the work takes no time').to.be.closeTo(5, 1);
    bench.workMs = 7;
    for (let tick = 0; tick < 60; tick++) bench.fire();
    expect(bench.clock.done.percentile(0.5)).to.equal(7);
    expect(bench.clock.lateness.percentile(0.95)).to.equal(0);
  });

  it('stands still after stop, also when stopped by its own work, and goes on from now when started again', () => {
    const bench = new Bench();
    bench.clock.start();
    bench.clock.start();
    bench.fire();
    bench.clock.stop();
    expect([bench.waiting, bench.clock.running]).to.deep.equal([false, false]);
    bench.nowMs += 100_000;
    bench.clock.start();
    bench.fire();
    expect(bench.frames).to.have.length(2);
    expect(bench.frames[1]!.skipped).to.equal(0);
  });
});
