/**
 * Where a port lives: the line to its worker. While it moves to another one, what is said to it waits, in order, and goes
 * to the new worker; what was asked before is answered by the old one first.
 */
import { MediaError } from './errors.ts';
import type { Answer, Ask, OrderName, Orders, RequestName } from './messages.ts';
import type { WorkerLink } from './worker-link.ts';

export class Seat {
  #link: WorkerLink;
  readonly #asked = new Set<Promise<unknown>>();
  #waiting: (() => void)[] = [];
  #moving: Promise<void> | undefined;
  #lost = false;

  constructor(link: WorkerLink) {
    this.#link = link;
  }

  get link(): WorkerLink {
    return this.#link;
  }

  /** The worker is gone, or the port was lost on its way. */
  get ended(): boolean {
    return this.#lost || this.#link.ended;
  }

  async request<N extends RequestName>(name: N, ask: Ask<N>): Promise<Answer<N>> {
    while (this.#moving) await this.#moving;
    if (this.#lost) throw new MediaError('media/engine-failed', 'the port was lost on its way to another worker');
    const asked = this.#link.request(name, ask);
    const settled = asked.then(
      () => undefined,
      () => undefined,
    );
    this.#asked.add(settled);
    void settled.then(() => this.#asked.delete(settled));
    return asked;
  }

  order<N extends OrderName>(name: N, order: Orders[N]): void {
    if (this.#moving) this.#waiting.push(() => this.order(name, order));
    else if (!this.#lost) this.#link.order(name, order);
  }

  /**
   * @param carry brings everything over. When it rejects nothing is left at either worker: the seat has ended
   * @param arrived what is asked there first, before anything that was said meanwhile
   * @throws what `carry` and `arrived` throw
   */
  async move(to: WorkerLink, carry: (from: WorkerLink) => Promise<void>, arrived: () => Promise<void>): Promise<void> {
    while (this.#moving) await this.#moving;
    if (this.#link === to || this.ended) return arrived();
    let failure: unknown;
    let asked: Promise<void> | undefined;
    this.#moving = (async () => {
      await Promise.all(this.#asked);
      try {
        await carry(this.#link);
        this.#link = to;
        asked = arrived();
      } catch (error) {
        failure = error;
        if (!(error instanceof StayedError)) this.#lost = true;
      }
      this.#moving = undefined;
      for (const say of this.#waiting.splice(0)) say();
    })();
    await this.#moving;
    if (failure) throw failure instanceof StayedError ? failure.reason : failure;
    await asked;
  }
}

/** Thrown by what carries: it could not leave, and is where it was. */
export class StayedError extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('it could not leave its worker');
    this.reason = reason;
  }
}
