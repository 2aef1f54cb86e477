/** How many long-lived connections one address may have, and how fast it may open them. Counted in this process. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { limitKeyOf } from './client-address.ts';

export interface ConnectionRules {
  /** At a time from one address: an office is behind one. */
  readonly perAddress: number;
  /** At a time from all together. */
  readonly total: number;
  /** Opened by one address in ten seconds. */
  readonly opened: number;
}

const WINDOW_SECONDS = 10;

/** @returns how to give it back, once; `null` when there are too many */
export type TakeConnection = (address: string) => Promise<(() => void) | null>;

export function limitConnections(rules: ConnectionRules): TakeConnection & { readonly count: () => number } {
  const counts = new Map<string, number>();
  const opened = new RateLimiterMemory({ points: rules.opened, duration: WINDOW_SECONDS });
  let total = 0;
  const take: TakeConnection = async (address) => {
    const key = limitKeyOf(address);
    if (!(await isAllowed(opened, key))) return null;
    const count = counts.get(key) ?? 0;
    if (count >= rules.perAddress || total >= rules.total) return null;
    counts.set(key, count + 1);
    total += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      total -= 1;
      const left = (counts.get(key) ?? 1) - 1;
      if (left === 0) counts.delete(key);
      else counts.set(key, left);
    };
  };
  return Object.assign(take, { count: () => total });
}

async function isAllowed(limiter: RateLimiterMemory, key: string): Promise<boolean> {
  try {
    await limiter.consume(key);
    return true;
  } catch (error) {
    if (error instanceof RateLimiterRes) return false;
    throw error;
  }
}
