/** Who does not hear whom (`conference relate`). */
export class Relations {
  /** Hearer to those whom they do not hear. */
  readonly #deafTo = new Map<number, Set<number>>();
  /** As they were set, so that each can be taken back on its own. */
  readonly #set = new Map<string, { a: number; b: number; nospeak: boolean; nohear: boolean }>();

  /** `nospeak`: `b` does not hear `a`. `nohear`: `a` does not hear `b`. */
  set(a: number, b: number, relation: { nospeak: boolean; nohear: boolean }): void {
    const key = `${a}/${b}`;
    if (relation.nospeak || relation.nohear) this.#set.set(key, { a, b, ...relation });
    else this.#set.delete(key);
    this.#rebuild();
  }

  forget(memberId: number): void {
    for (const [key, { a, b }] of this.#set) if (a === memberId || b === memberId) this.#set.delete(key);
    this.#rebuild();
  }

  /** Undefined when this member hears everybody. */
  unheardBy(memberId: number): ReadonlySet<number> | undefined {
    return this.#deafTo.get(memberId);
  }

  #rebuild(): void {
    this.#deafTo.clear();
    for (const { a, b, nospeak, nohear } of this.#set.values()) {
      if (nospeak) this.#add(b, a);
      if (nohear) this.#add(a, b);
    }
  }

  #add(hearer: number, speaker: number): void {
    const speakers = this.#deafTo.get(hearer) ?? new Set<number>();
    this.#deafTo.set(hearer, speakers.add(speaker));
  }
}
