/** Monotonic milliseconds that mean the same in every thread: `performance.now` begins at zero in each of them. */
const OFFSET_MS = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now();

export function engineNow(): number {
  return performance.now() + OFFSET_MS;
}
