/** What the store keeps of one call. Written in order and for as long as it takes: the call does not wait for the store. */
import type { CallRecord, Store, Termination } from '../../store/index.ts';
import type { Invite } from '../sip/index.ts';
import type { RetryingWriter } from '../support/retrying-writer.ts';

export interface CallRecorderDeps {
  readonly calls: Pick<Store['calls'], 'put' | 'update' | 'end'>;
  readonly writer: Pick<RetryingWriter, 'enqueue'>;
  /** This process. */
  readonly node: string;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

export class CallRecorder {
  readonly #deps: CallRecorderDeps;
  readonly #id: string;
  readonly #tenantId: string;

  constructor(deps: CallRecorderDeps, call: { readonly id: string; readonly tenantId: string }) {
    this.#deps = deps;
    this.#id = call.id;
    this.#tenantId = call.tenantId;
  }

  open(invite: Invite): void {
    const record: CallRecord = {
      id: this.#id,
      tenantId: this.#tenantId,
      direction: 'inbound',
      node: this.#deps.node,
      from: invite.callerNumber,
      to: invite.dialledNumber,
      sourceAddress: invite.sourceAddress,
      sipCallId: invite.sipCallId,
      startedAt: this.#deps.wallClock(),
    };
    this.#later('open the record', () => this.#deps.calls.put(record));
  }

  update(change: Partial<CallRecord>): void {
    this.#later('update the record', () => this.#deps.calls.update(this.#tenantId, this.#id, change));
  }

  /** Once per call. */
  close(termination: Termination): void {
    const at = this.#deps.wallClock();
    this.#later('end the record', () => this.#deps.calls.end(this.#tenantId, this.#id, termination, at));
  }

  #later(what: string, write: () => Promise<unknown>): void {
    this.#deps.writer.enqueue(`call:${this.#id}`, what, write);
  }
}
