/** Requests from the network that an application has been told of and has not finally answered. */
import type { NamedTimers, ServerTransaction, ServerTransactionUser } from '../sip/index.ts';
import type { ClientPort } from './client-port.ts';
import type { Dialog } from './dialog.ts';

export interface PendingRequest {
  /** As clients know it. */
  readonly transactionId: string;
  readonly client: ClientPort;
  readonly transaction: ServerTransaction;
  /** Came inside a dialog. */
  readonly inDialog: boolean;
  /** The dialog it came in, or the one that answering it has begun. */
  dialog: Dialog | undefined;
  /** `answer` until the client says something, `reliable` while a PRACK is awaited. Stopped when it leaves the table. */
  readonly timers: NamedTimers;
  /** To tag that the client chose, if it did. */
  chosenTag: string | undefined;
  /** Who follows the transaction since the request is being proxied. */
  taker: ServerTransactionUser | undefined;
  /** RSeq of the last reliable provisional response. */
  reliableSequence: number | undefined;
  awaitingPrack: boolean;
}

export class PendingRequests {
  readonly #byId = new Map<string, PendingRequest>();

  get size(): number {
    return this.#byId.size;
  }

  add(pending: PendingRequest): void {
    this.#byId.set(pending.transactionId, pending);
  }

  get(transactionId: string): PendingRequest | undefined {
    return this.#byId.get(transactionId);
  }

  /** Idempotent. */
  remove(pending: PendingRequest): void {
    pending.timers.stopAll();
    this.#byId.delete(pending.transactionId);
  }

  of(client: ClientPort): PendingRequest[] {
    return [...this.#byId.values()].filter((pending) => pending.client === client);
  }

  inDialog(dialog: Dialog): PendingRequest[] {
    return [...this.#byId.values()].filter((pending) => pending.dialog === dialog);
  }

  clear(): void {
    for (const pending of [...this.#byId.values()]) this.remove(pending);
  }
}
