/** One branch of a proxied request: a destination, the hops it leads to, and how it ended. */
import type { SipRequest, SipResponse } from '../../wire/sip-message.ts';
import {
  NamedTimers,
  NoTransportError,
  type ClientTransaction,
  type ClientTransactionUser,
  type ListeningPoint,
  type SipHop,
} from '../../sip/index.ts';
import type { DrachtioContext } from '../context.ts';
import { tryParseSipUri } from '../dialog.ts';
import { TargetError } from '../target.ts';

export interface BranchUser {
  /** It has left, for the first time. */
  onSent(request: SipRequest): void;
  /** Above 100. */
  onProvisional(response: SipResponse): void;
  /** A 2xx, also when the branch had been given up. To INVITE there may be more than one. */
  onSuccess(branch: Branch, response: SipResponse, source: SipHop): void;
  /** It is over without a 2xx; told once. */
  onFailed(branch: Branch): void;
  /** A final response of the network, whatever becomes of it. */
  onFinal(response: SipResponse, source: SipHop): void;
}

export interface BranchPlan {
  readonly target: string;
  /** What is sent, from this listening point. */
  readonly requestFrom: (point: ListeningPoint) => SipRequest;
  /** Ends every branch parameter. */
  readonly mark: string;
  readonly provisionalTimeoutMs: number | undefined;
  readonly finalTimeoutMs: number | undefined;
  readonly user: BranchUser;
}

/** Ringing for longer without any news (timer C, section 16.6). */
const TIMER_C_MS = 185_000;

export class Branch {
  readonly target: string;
  /** Of the network, 300 and above. */
  final: SipResponse | undefined;
  /** What the end amounts to when nothing came: 408 or 503. */
  ownStatus: 408 | 503 = 408;
  /** A request has left. */
  wasSent = false;
  readonly #plan: BranchPlan;
  readonly #context: DrachtioContext;
  readonly #timers: NamedTimers;
  #state: 'waiting' | 'under way' | 'over' = 'waiting';
  #hops: SipHop[] = [];
  #transaction: ClientTransaction | undefined;
  #isTakenUp = false;
  #cancel: Readonly<Record<string, string>> | undefined;

  constructor(plan: BranchPlan, context: DrachtioContext) {
    this.target = plan.target;
    this.#plan = plan;
    this.#context = context;
    this.#timers = new NamedTimers(context.clock);
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** Somebody has said something, so that a CANCEL can be sent. */
  get isProceeding(): boolean {
    return this.#state === 'under way' && this.#transaction?.state === 'proceeding';
  }

  start(): void {
    this.#state = 'under way';
    this.#watch(this.#find());
  }

  /** What is thrown in between must not leave the caller without an answer. */
  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#context.logger.error({ err: error, target: this.target }, 'a branch of a proxied request failed');
      this.#fail(503);
    });
  }

  async #find(): Promise<void> {
    try {
      this.#hops = [...(await this.#context.resolver.resolveAll(this.target))];
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      this.#context.logger.debug({ target: this.target, why: error.message }, 'a destination of a proxy leads nowhere');
      this.#fail(503);
      return;
    }
    this.#startTimers();
    await this.#sendToNext(503);
  }

  /**
   * Nobody wants an answer from here any more; the branch is over when its final response comes.
   * @param headers of the CANCEL
   */
  cancel(headers: Readonly<Record<string, string>> = {}): void {
    this.#cancel ??= headers;
    if (this.#state === 'waiting') this.#end();
    else if (this.#state === 'under way') this.#sendCancel();
  }

  abort(): void {
    this.#end();
  }

  #sendCancel(): void {
    if (this.#transaction?.request.method === 'INVITE') this.#transaction.cancel(this.#cancel);
  }

  #startTimers(): void {
    const { provisionalTimeoutMs, finalTimeoutMs } = this.#plan;
    const giveUp = () => this.#giveUp();
    if (provisionalTimeoutMs !== undefined) this.#timers.start('provisional', provisionalTimeoutMs, giveUp);
    if (finalTimeoutMs !== undefined) this.#timers.start('final', finalTimeoutMs, giveUp);
  }

  /** It has had its time. What still comes is answered by CANCEL; a 2xx that is faster counts. */
  #giveUp(): void {
    this.#cancel ??= {};
    this.#sendCancel();
    this.#fail(408);
  }

  /** @param status what it amounts to when there is no further hop */
  async #sendToNext(status: 408 | 503): Promise<void> {
    const hop = this.#hops.shift();
    if (!hop || this.#state === 'over' || this.#cancel) {
      this.#fail(status);
      return;
    }
    try {
      await this.#send(hop);
    } catch (error) {
      if (!(error instanceof NoTransportError)) throw error;
      await this.#sendToNext(503);
    }
  }

  async #send(usual: SipHop): Promise<void> {
    const { layer, largeRequests } = this.#context;
    const { requestFrom, mark } = this.#plan;
    const isNamed = tryParseSipUri(this.target)?.parameters.has('transport') ?? false;
    const hop = isNamed ? usual : await largeRequests.hopFor(requestFrom(layer.pointTo(usual)), usual);
    if (this.#state === 'over') return;
    this.#transaction = layer.request(requestFrom(layer.pointTo(hop)), hop, this.#user(), mark);
    if (!this.wasSent) this.#plan.user.onSent(this.#transaction.request);
    this.wasSent = true;
    if (this.#cancel) this.#sendCancel();
  }

  #user(): ClientTransactionUser {
    return {
      onResponse: (response, source) => this.#onResponse(response, source),
      onTimeout: () => this.#onNothing(408),
      onTransportError: () => this.#onNothing(503),
    };
  }

  #onResponse(response: SipResponse, source: SipHop): void {
    const { user } = this.#plan;
    this.#timers.stop('provisional');
    if (response.status < 200) {
      if (response.status === 100 || this.#state === 'over') return;
      this.#isTakenUp = true;
      this.#timers.start('C', TIMER_C_MS, () => this.#giveUp());
      user.onProvisional(response);
      return;
    }
    user.onFinal(response, source);
    if (response.status < 300) {
      this.#end();
      user.onSuccess(this, response, source);
    } else if (this.#state !== 'over') {
      this.final = response;
      if (response.status === 503 && !this.#isTakenUp) this.#watch(this.#sendToNext(503));
      else this.#fail(503);
    }
  }

  #onNothing(status: 408 | 503): void {
    if (this.#state === 'over') return;
    if (this.#isTakenUp) this.#fail(status);
    else this.#watch(this.#sendToNext(status));
  }

  #fail(status: 408 | 503): void {
    if (this.#state === 'over') return;
    this.ownStatus = status;
    this.#end();
    this.#plan.user.onFailed(this);
  }

  #end(): void {
    this.#state = 'over';
    this.#timers.stopAll();
  }
}
