/**
 * INVITEs that are not over yet: unanswered, or answered without an ACK so far. Whoever sends many and never acknowledges
 * fills the memory with them, or the lines with calls, so they are counted by source, and those that were refused can be
 * given up early.
 */

export interface HalfOpenTransaction {
  /** No further word to the peer. */
  abort(): void;
}

export class HalfOpen<T extends HalfOpenTransaction> {
  readonly #sources = new Map<T, string>();
  readonly #bySource = new Map<string, number>();
  /** Refused and not acknowledged, the oldest first. */
  readonly #refused = new Set<T>();

  get size(): number {
    return this.#sources.size;
  }

  of(source: string): number {
    return this.#bySource.get(source) ?? 0;
  }

  add(transaction: T, source: string): void {
    this.#sources.set(transaction, source);
    this.#bySource.set(source, this.of(source) + 1);
  }

  refused(transaction: T): void {
    if (this.#sources.has(transaction)) this.#refused.add(transaction);
  }

  /** Acknowledged, or over in another way. Idempotent. */
  remove(transaction: T): void {
    const source = this.#sources.get(transaction);
    if (source === undefined) return;
    this.#sources.delete(transaction);
    this.#refused.delete(transaction);
    const left = this.of(source) - 1;
    if (left === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, left);
  }

  /**
   * Ends the longest refused: should its INVITE come again, it is a new one.
   * @returns false when there is none
   */
  giveUpOldest(): boolean {
    for (const transaction of this.#refused) {
      this.remove(transaction);
      transaction.abort();
      return true;
    }
    return false;
  }
}
