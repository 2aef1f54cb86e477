/** How many connections may be open, over all stream transports and per address. */
export class ConnectionBudget {
  #total = 0;
  readonly #byAddress = new Map<string, number>();
  readonly #maxTotal: number;
  readonly #maxPerAddress: number;

  constructor(maxTotal: number, maxPerAddress: number) {
    this.#maxTotal = maxTotal;
    this.#maxPerAddress = maxPerAddress;
  }

  get total(): number {
    return this.#total;
  }

  /** @returns false when there is no room; otherwise `release` must follow once */
  take(address: string): boolean {
    const held = this.#byAddress.get(address) ?? 0;
    if (this.#total >= this.#maxTotal || held >= this.#maxPerAddress) return false;
    this.#total++;
    this.#byAddress.set(address, held + 1);
    return true;
  }

  release(address: string): void {
    const held = (this.#byAddress.get(address) ?? 1) - 1;
    this.#total--;
    if (held === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, held);
  }
}
