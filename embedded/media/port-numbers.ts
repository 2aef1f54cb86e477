/** Which RTP port comes next: even numbers of the range, at random, each rested before it is used again. For all workers. */
import { randomInt } from 'node:crypto';

export interface PortNumbersOptions {
  /** Inclusive; [0, 0] = the operating system chooses. */
  readonly range: readonly [number, number];
  readonly quarantineMs: number;
  readonly now: () => number;
}

export class PortNumbers {
  readonly #options: PortNumbersOptions;
  readonly #inUse = new Set<number>();
  /** Port to the time from which on it may be used. */
  readonly #resting = new Map<number, number>();

  constructor(options: PortNumbersOptions) {
    this.#options = options;
  }

  /**
   * Numbers to be tried one after the other; the one that is given is in use until it is given back. Take the next only
   * when the one before could not be bound. Where the system chooses, the only number is 0.
   */
  *candidates(): Generator<number> {
    const [low, high] = this.#options.range;
    if (low === 0 && high === 0) {
      yield 0;
      return;
    }
    const first = low + (low % 2);
    const count = Math.floor((high - first + 1) / 2);
    if (count <= 0) return;
    for (const index of shuffledIndices(count)) {
      const port = first + 2 * index;
      if (this.#inUse.has(port) || !this.#isRested(port)) continue;
      this.#inUse.add(port);
      yield port;
    }
  }

  /** It could not be bound: somebody else has it. */
  giveUp(port: number): void {
    this.#inUse.delete(port);
  }

  /** It was used and is closed. */
  giveBack(port: number): void {
    this.#inUse.delete(port);
    if (this.#options.quarantineMs > 0) this.#resting.set(port, this.#options.now() + this.#options.quarantineMs);
  }

  #isRested(port: number): boolean {
    const freeAt = this.#resting.get(port);
    if (freeAt === undefined) return true;
    if (this.#options.now() < freeAt) return false;
    this.#resting.delete(port);
    return true;
  }
}

/** Fisher-Yates, one at a time. */
function* shuffledIndices(count: number): Generator<number> {
  const moved = new Map<number, number>();
  for (let left = count; left > 0; left--) {
    const pick = randomInt(left);
    const last = left - 1;
    yield moved.get(pick) ?? pick;
    moved.set(pick, moved.get(last) ?? last);
  }
}
