/**
 * Who has the floor, with FreeSWITCH's rules: the newest who is there, then whoever speaks up while the holder is quiet. Who
 * gets it begins with a score of nothing, so that of several who talk at once the one who is there longest ends with it.
 */
const SPEAKING = 300;
const QUIET = 100;

export interface FloorCandidate {
  readonly memberId: number;
  /** Smoothed score; 0 for those who may not speak. */
  readonly smoothed: number;
  /** Forgets that score. */
  tookFloor(): void;
}

export type FloorChanged = (from: number | null, to: number | null) => void;

export class Floor {
  holder: number | null = null;
  readonly #onChange: FloorChanged;

  constructor(onChange: FloorChanged) {
    this.#onChange = onChange;
  }

  /** Once a tick, with all members in the order in which they joined. */
  consider(candidates: readonly FloorCandidate[]): void {
    let holderScore = 0;
    for (const { memberId, smoothed } of candidates) if (memberId === this.holder) holderScore = smoothed;
    for (let index = candidates.length - 1; index >= 0; index--) {
      const candidate = candidates[index]!;
      const free = this.holder === null;
      const takesOver = candidate.memberId !== this.holder && candidate.smoothed > SPEAKING && holderScore < QUIET;
      if (!free && !takesOver) continue;
      candidate.tookFloor();
      holderScore = 0;
      this.#change(candidate.memberId);
    }
  }

  /** By command. It is not told: who commands knows. */
  give(memberId: number | null): void {
    this.holder = memberId;
  }

  /** A member left. */
  leave(memberId: number): void {
    if (this.holder === memberId) this.#change(null);
  }

  #change(to: number | null): void {
    const from = this.holder;
    this.holder = to;
    this.#onChange(from, to);
  }
}
