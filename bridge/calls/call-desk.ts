/** Takes calls in, knows those that live, and sends them all home in the end. The only owner of Call objects. */
import type { Logger } from '../../config/index.ts';
import type { TerminationReason } from '../../config/contract/index.ts';
import type { InviteGate } from '../sip/index.ts';
import { settled } from '../support/deadline.ts';
import { Call, type CallDeps, type CallSummary } from './call.ts';
import type { CallerSide } from './ports.ts';

export interface CallDeskOptions {
  readonly calls: CallDeps;
  readonly gate: Pick<InviteGate, 'lineOf'>;
  readonly defaultTenantId: string;
  readonly maxCalls: number;
  readonly logger: Logger;
  /** Told of every call that has ended. */
  readonly onEnded: (summary: CallSummary) => void;
}

export class CallDesk {
  readonly #options: CallDeskOptions;
  readonly #live = new Map<Call, Promise<void>>();
  #closing = false;

  constructor(options: CallDeskOptions) {
    this.#options = options;
  }

  get liveCount(): number {
    return this.#live.size;
  }

  get hasRoom(): boolean {
    return !this.#closing && this.#live.size < this.#options.maxCalls;
  }

  take(caller: CallerSide): void {
    const { gate, defaultTenantId, calls, logger } = this.#options;
    const line = gate.lineOf(caller.invite.dialledNumber, defaultTenantId);
    const call = new Call(calls, caller, line ?? { tenantId: defaultTenantId }, logger);
    if (line === null) this.#track(call, call.refuse('number-unknown'));
    else if (this.#closing) this.#track(call, call.refuse('shutdown'));
    else this.#track(call, call.run());
  }

  /** Ends every call with `reason`; resolves when all are over, or with false after the deadline. No new ones after that. */
  async close(reason: TerminationReason, deadlineMs: number): Promise<boolean> {
    this.#closing = true;
    const over = Promise.all(this.#live.values());
    for (const call of this.#live.keys()) call.end(reason);
    return settled(over, deadlineMs);
  }

  #track(call: Call, life: Promise<CallSummary>): void {
    const tracked = life.then(
      (summary) => {
        this.#live.delete(call);
        this.#options.onEnded(summary);
      },
      (error: unknown) => {
        this.#live.delete(call);
        this.#options.logger.error({ err: error, call: call.id }, 'a call fell out of its own life');
      },
    );
    this.#live.set(call, tracked);
  }
}
