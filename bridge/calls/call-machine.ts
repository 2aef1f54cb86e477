/** Where a call is. One method changes it; a move that is not in the table is a fault of ours and fails loudly. */
import type { Logger } from '../../config/index.ts';

export type CallState = 'received' | 'admitted' | 'early' | 'answered' | 'in-dialogue' | 'in-conference' | 'ended';

const MOVES: Readonly<Record<CallState, readonly CallState[]>> = {
  received: ['admitted', 'ended'],
  admitted: ['early', 'answered', 'ended'],
  early: ['answered', 'ended'],
  answered: ['in-dialogue', 'ended'],
  'in-dialogue': ['in-conference', 'ended'],
  'in-conference': ['in-dialogue', 'ended'],
  ended: [],
};

export class IllegalMove extends Error {
  override readonly name = 'IllegalMove';
}

export class CallMachine {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #enteredAt = new Map<CallState, number>();
  #state: CallState = 'received';

  constructor(logger: Logger, now: () => number) {
    this.#logger = logger;
    this.#now = now;
    this.#enteredAt.set('received', now());
  }

  get state(): CallState {
    return this.#state;
  }

  /** When the state was first entered, on the clock handed in. */
  enteredAt(state: CallState): number | undefined {
    return this.#enteredAt.get(state);
  }

  /** @throws IllegalMove naming both states */
  to(next: CallState): void {
    if (!MOVES[this.#state].includes(next)) {
      throw new IllegalMove(`A call cannot go from ${this.#state} to ${next}`);
    }
    const from = this.#state;
    this.#state = next;
    if (!this.#enteredAt.has(next)) this.#enteredAt.set(next, this.#now());
    this.#logger.debug({ from, to: next }, 'call moved on');
  }
}
