/** Refusals take the same time, whatever they are for: how long the store took shows nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import { PartylineError, type ErrorCode } from '../../config/contract/index.ts';

/** Longer than any look-up takes, short for whoever mistyped. */
const STEP_MS = 300;

/** A failure with this code comes after a whole number of steps; everything else at once. */
export async function refuseInStep<T>(code: ErrorCode, work: () => Promise<T>, stepMs = STEP_MS): Promise<T> {
  const startedAt = performance.now();
  try {
    return await work();
  } catch (error) {
    if (error instanceof PartylineError && error.code === code) {
      const passed = performance.now() - startedAt;
      await delay(Math.max(1, Math.ceil(passed / stepMs)) * stepMs - passed);
    }
    throw error;
  }
}
