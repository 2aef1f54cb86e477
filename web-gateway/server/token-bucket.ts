/** So many at once, and so many a second after that. */
export class TokenBucket {
  readonly #size: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAt: number;

  constructor(size: number, perSecond: number, now = performance.now()) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#tokens = size;
    this.#filledAt = now;
  }

  /** @returns false when there are not so many left */
  take(count = 1, now = performance.now()): boolean {
    this.#tokens = Math.min(this.#size, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}

/** One bucket for all that have the same key; forgotten with the last of them. */
export class SharedBuckets {
  readonly #size: number;
  readonly #perSecond: number;
  readonly #buckets = new Map<string, { bucket: TokenBucket; users: number }>();

  constructor(size: number, perSecond: number) {
    this.#size = size;
    this.#perSecond = perSecond;
  }

  use(key: string): TokenBucket {
    const shared = this.#buckets.get(key) ?? { bucket: new TokenBucket(this.#size, this.#perSecond), users: 0 };
    shared.users += 1;
    this.#buckets.set(key, shared);
    return shared.bucket;
  }

  giveBack(key: string): void {
    const shared = this.#buckets.get(key);
    if (shared === undefined) return;
    shared.users -= 1;
    if (shared.users === 0) this.#buckets.delete(key);
  }
}
