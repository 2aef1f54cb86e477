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

interface Shared {
  readonly bucket: TokenBucket;
  users: number;
  /** Runs while nobody uses it. */
  forget?: NodeJS.Timeout;
}

/** One bucket for all that have the same key. It is forgotten when it is full again, so that coming again brings nothing. */
export class SharedBuckets {
  readonly #size: number;
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Shared>();

  constructor(size: number, perSecond: number) {
    this.#size = size;
    this.#perSecond = perSecond;
  }

  get size(): number {
    return this.#buckets.size;
  }

  use(key: string): TokenBucket {
    const shared = this.#buckets.get(key) ?? { bucket: new TokenBucket(this.#size, this.#perSecond), users: 0 };
    clearTimeout(shared.forget);
    shared.users += 1;
    this.#buckets.set(key, shared);
    return shared.bucket;
  }

  giveBack(key: string): void {
    const shared = this.#buckets.get(key);
    if (shared === undefined) return;
    shared.users -= 1;
    const fullInMs = (this.#size / this.#perSecond) * 1_000;
    if (shared.users === 0) shared.forget = setTimeout(() => this.#buckets.delete(key), fullInMs).unref();
  }
}
