/** How fast one source may begin new things: a token bucket of one second's size for each. */
import ipaddr from 'ipaddr.js';
import type { Clock } from './clock.ts';
import type { SipHop } from './types.ts';

/**
 * Whose allowance a message uses up: its address, as ports cost nothing. Browsers behind a gateway on this machine all have
 * this machine's address, and each a connection of its own.
 */
export function sourceName({ protocol, address, port }: SipHop): string {
  const isWebSocket = protocol === 'ws' || protocol === 'wss';
  return isWebSocket && isLoopback(address) ? `${address} ${port}` : address;
}

function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** Sources remembered; the longest silent is forgotten first. */
const MAX_SOURCES = 20_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

export class SourceRates {
  readonly #perSecond: number;
  readonly #clock: Clock;
  /** In order of last use. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond Infinity: nothing is counted */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** @returns false when this source has had its share of the second */
  take(source: string): boolean {
    if (this.#perSecond === Infinity) return true;
    const now = this.#clock.now();
    const bucket = this.#buckets.get(source) ?? { tokens: this.#perSecond, filledAt: now };
    const earned = ((now - bucket.filledAt) / 1_000) * this.#perSecond;
    bucket.tokens = Math.min(this.#perSecond, bucket.tokens + earned);
    bucket.filledAt = now;
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > MAX_SOURCES) this.#forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #forgetOldest(): void {
    for (const source of this.#buckets.keys()) {
      this.#buckets.delete(source);
      return;
    }
  }
}
