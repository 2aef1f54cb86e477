/**
 * The 20 ms clock. Each tick is due at start + n × 20 ms, so lateness of one never moves the next; what was missed is
 * caught up, five frames at most. It stands still while there is nothing to do.
 */
import { FRAME_MS } from '../audio.ts';

/** Frames made up for in one go; more than that is skipped. */
export const MAX_CATCH_UP = 5;
/** A timer may fire a little early; such a tick is not sent away again. */
const EARLY_MS = 0.8;

export interface FrameClockOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly setTimer: (callback: () => void, delayMs: number) => () => void;
  /** Calls back when what waits at the sockets has been read. */
  readonly afterInput: (callback: () => void) => () => void;
  /** One frame. `skipped` frames before it are lost for good. */
  readonly onFrame: (skipped: number) => void;
}

/** A figure of each tick, over the last second. */
class LastSecond {
  readonly #values: number[] = [];

  note(value: number): void {
    this.#values.push(value);
    if (this.#values.length > 1000 / FRAME_MS) this.#values.shift();
  }

  /** @returns 0 when nothing was noted */
  percentile(part: number): number {
    const sorted = [...this.#values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  }

  clear(): void {
    this.#values.length = 0;
  }
}

export class FrameClock {
  /** Ticks that came more than one frame late, since the beginning. */
  ticksLate = 0;
  readonly #options: FrameClockOptions;
  /** When ticks began, and when they had done all their work, in milliseconds after their time. */
  readonly lateness = new LastSecond();
  readonly done = new LastSecond();
  #cancelTimer: (() => void) | undefined;
  #dueMs = 0;

  constructor(options: FrameClockOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#cancelTimer !== undefined;
  }

  start(): void {
    if (this.running) return;
    this.#dueMs = this.#options.now() + FRAME_MS;
    this.#schedule();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.lateness.clear();
    this.done.clear();
  }

  #schedule(): void {
    const delay = Math.max(0, this.#dueMs - this.#options.now());
    this.#cancelTimer = this.#options.setTimer(() => this.#tick(), delay);
  }

  #tick(): void {
    const late = this.#options.now() - this.#dueMs;
    if (late < FRAME_MS / 2) this.#runIfDue();
    // Whatever held us up held up the sockets too: what waits there is not late, we are.
    else this.#cancelTimer = this.#options.afterInput(() => this.#runIfDue());
  }

  #runIfDue(): void {
    const late = this.#options.now() - this.#dueMs;
    if (late >= -EARLY_MS) this.#runFrames(Math.max(0, late));
    // A frame's work may have stopped the clock.
    if (this.running) this.#schedule();
  }

  #runFrames(late: number): void {
    this.lateness.note(late);
    const beganMs = this.#options.now();
    if (late > FRAME_MS) this.ticksLate++;
    const due = 1 + Math.floor(late / FRAME_MS);
    const frames = Math.min(due, MAX_CATCH_UP);
    this.#dueMs += due * FRAME_MS;
    for (let frame = 0; frame < frames && this.running; frame++) this.#options.onFrame(frame === 0 ? due - frames : 0);
    if (this.running) this.done.note(late + this.#options.now() - beganMs);
  }
}
