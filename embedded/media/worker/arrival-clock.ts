/**
 * Brings the kernel's time of arrival (Unix time) to our own clock, which never jumps. Date.now shows whole milliseconds
 * only, so the distance of both clocks is the largest that was seen, until it turns out to have become smaller.
 */

/** Beyond the rounding of Date.now: the system's time was moved. */
const MOVED_MS = 2;
/** Nothing waits longer than this at a socket: such a time was taken on another clock. */
const MAX_AGE_MS = 1000;

export class ArrivalClock {
  #offsetMs = Number.NEGATIVE_INFINITY;
  #nowMs = 0;

  /** Before a round of reading, with both clocks read together. */
  adjust(unixMs: number, nowMs: number): void {
    const offset = unixMs - nowMs;
    if (offset > this.#offsetMs || offset < this.#offsetMs - MOVED_MS) this.#offsetMs = offset;
    this.#nowMs = nowMs;
  }

  /** @returns the monotonic time; now, when the kernel told none or none that can be */
  monotonic(unixMs: number | undefined): number {
    if (unixMs === undefined) return this.#nowMs;
    const atMs = unixMs - this.#offsetMs;
    return atMs > this.#nowMs - MAX_AGE_MS ? Math.min(atMs, this.#nowMs) : this.#nowMs;
  }
}
