/** What client and server transactions have in common: one state, one way to change it, timers that belong to it. */
import type { Logger } from '../../config/index.ts';
import { NamedTimers, type Clock } from './clock.ts';
import type { TimerValues } from './timings.ts';

/** A move that the state machine does not know, or a response after the final one. */
export class TransactionStateError extends Error {
  override readonly name = 'TransactionStateError';
}

/** The world of one transaction: a fake in unit tests. */
export interface TransactionEnvironment {
  readonly clock: Clock;
  /** For the transport this transaction uses. */
  readonly timers: TimerValues;
  readonly logger: Logger;
  /** To the one destination this transaction has. */
  send(bytes: Buffer, onError: (error: Error) => void): void;
  /** The transaction is over: forget it. */
  ended(): void;
}

export abstract class Transaction<State extends string> {
  readonly id: string;
  protected readonly environment: TransactionEnvironment;
  /** Stopped by every change of state. */
  protected readonly stateTimers: NamedTimers;
  readonly #moves: Readonly<Record<State, readonly State[]>>;
  #state: State;

  constructor(
    id: string,
    first: State,
    moves: Readonly<Record<State, readonly State[]>>,
    environment: TransactionEnvironment,
  ) {
    this.id = id;
    this.#state = first;
    this.#moves = moves;
    this.environment = environment;
    this.stateTimers = new NamedTimers(environment.clock);
  }

  get state(): State {
    return this.#state;
  }

  /** Starts what the state needs. Called after the change, also for the first state by `begin`. */
  protected abstract entered(state: State): void;

  protected transition(next: State): void {
    const before = this.#state;
    if (!this.#moves[before].includes(next)) {
      throw new TransactionStateError(`transaction ${this.id} cannot go from ${before} to ${next}`);
    }
    this.stateTimers.stopAll();
    this.#state = next;
    this.environment.logger.trace({ transaction: this.id, before, next }, 'SIP transaction moves');
    this.entered(next);
  }

  /** A mistake of the user must not keep a state machine from its next move. */
  protected tellUser(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.environment.logger.error({ err: error, transaction: this.id }, 'the user of a SIP transaction threw');
    }
  }
}
