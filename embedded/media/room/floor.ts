/** Who has the floor, with FreeSWITCH's rules: the first who is there, then whoever speaks up while the holder is quiet. */
const SPEAKING = 300;
const QUIET = 100;

export interface FloorCandidate {
  readonly memberId: number;
  /** Smoothed score; 0 for those who may not speak. */
  readonly smoothed: number;
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
    for (const { memberId, smoothed } of candidates) {
      const free = this.holder === null;
      const takesOver = memberId !== this.holder && smoothed > SPEAKING && holderScore < QUIET;
      if (!free && !takesOver) continue;
      this.#change(memberId);
      holderScore = smoothed;
    }
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
