/**
 * INVITEs that are not over yet: unanswered, or refused without an ACK so far. Whoever sends many and never acknowledges
 * fills the memory with them, so they are counted by address, and those that were refused can be given up early.
 */

export interface HalfOpenTransaction {
  /** No further word to the peer. */
  abort(): void;
}

export class HalfOpen<T extends HalfOpenTransaction> {
  readonly #addresses = new Map<T, string>();
  readonly #byAddress = new Map<string, number>();
  /** Refused and not acknowledged, the oldest first. */
  readonly #refused = new Set<T>();

  get size(): number {
    return this.#addresses.size;
  }

  of(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }

  add(transaction: T, address: string): void {
    this.#addresses.set(transaction, address);
    this.#byAddress.set(address, this.of(address) + 1);
  }

  refused(transaction: T): void {
    if (this.#addresses.has(transaction)) this.#refused.add(transaction);
  }

  /** Acknowledged, answered with a 2xx, or over in another way. Idempotent. */
  remove(transaction: T): void {
    const address = this.#addresses.get(transaction);
    if (address === undefined) return;
    this.#addresses.delete(transaction);
    this.#refused.delete(transaction);
    const left = this.of(address) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
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
