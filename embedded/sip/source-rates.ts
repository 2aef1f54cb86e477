/** How fast one address may begin new things: a token bucket of one second's size for each. */
import type { Clock } from './clock.ts';

/** Addresses remembered; the longest silent is forgotten first. */
const MAX_ADDRESSES = 20_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

export class SourceRates {
  readonly #perSecond: number;
  readonly #clock: Clock;
  /** In order of last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** @returns false when this address has had its share of the second */
  take(address: string): boolean {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(address) ?? { tokens: this.#perSecond, filledAt: now };
    const earned = ((now - bucket.filledAt) / 1_000) * this.#perSecond;
    bucket.tokens = Math.min(this.#perSecond, bucket.tokens + earned);
    bucket.filledAt = now;
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > MAX_ADDRESSES) this.#forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #forgetOldest(): void {
    for (const address of this.#buckets.keys()) {
      this.#buckets.delete(address);
      return;
    }
  }
}
