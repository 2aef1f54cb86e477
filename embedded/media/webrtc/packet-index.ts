/** A source's place in its 48-bit count of packets, and which of the last ones came already (RFC 3711 section 3.3). */

/** Packets that may come late by so many; older ones are taken for replayed. */
const WINDOW = 128;
const ROUND = 0x1_0000;
const HALF = 0x8000;

export interface PacketIndexState {
  readonly highest: number | undefined;
  readonly seen: Float64Array;
}

export class PacketIndex {
  #highest: number | undefined;
  /** The index that was seen last in each place. */
  readonly #seen: Float64Array;

  constructor(state?: PacketIndexState) {
    this.#highest = state?.highest;
    this.#seen = state?.seen ?? new Float64Array(WINDOW).fill(-1);
  }

  get state(): PacketIndexState {
    return { highest: this.#highest, seen: this.#seen };
  }

  /** Of a sender: the index of the packet with this sequence number, which goes out now. */
  next(sequence: number): number {
    const index = this.guess(sequence);
    this.#highest = index;
    return index;
  }

  /** RFC 3711 appendix A: the index nearest to the highest known. */
  guess(sequence: number): number {
    if (this.#highest === undefined) return sequence;
    const last = this.#highest % ROUND;
    const round = this.#highest - last;
    const distance = sequence - last;
    if (distance > HALF && round > 0) return round - ROUND + sequence;
    if (distance < -HALF) return round + ROUND + sequence;
    return round + sequence;
  }

  /** Came already, or is so old that nobody knows. */
  isOld(index: number): boolean {
    if (this.#highest === undefined) return false;
    return index <= this.#highest - WINDOW || this.#seen[index % WINDOW] === index;
  }

  /** The packet was genuine. */
  take(index: number): void {
    this.#seen[index % WINDOW] = index;
    if (this.#highest === undefined || index > this.#highest) this.#highest = index;
  }
}
