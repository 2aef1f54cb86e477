/** Client transactions: RFC 3261 section 17.1 figures 5 and 6, with RFC 6026 for 2xx to INVITE. */
import { serializeSipMessage, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import { ackForFailure, cancelFor } from './requests.ts';
import { Transaction, TransactionStateError, type TransactionEnvironment } from './transaction.ts';
import type { ClientTransaction, ClientTransactionState as State, ClientTransactionUser, SipHop } from './types.ts';

type Moves = Readonly<Record<State, readonly State[]>>;

const INVITE_MOVES: Moves = {
  calling: ['proceeding', 'completed', 'accepted', 'terminated'],
  trying: [],
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
};

const NON_INVITE_MOVES: Moves = {
  calling: [],
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  accepted: [],
  terminated: [],
};

export interface ClientTransactionEnvironment extends TransactionEnvironment {
  /** Nothing came back so far: is there anybody? */
  probe(onUnreachable: (error: Error) => void): void;
  /** Starts the transaction of a CANCEL, to the same destination; its response tells nobody anything. */
  sendCancel(cancel: SipRequest): void;
}

export interface ClientTransactionDetails {
  readonly id: string;
  /** As it goes out: with our Via. */
  readonly request: SipRequest;
  readonly destination: SipHop;
  readonly user: ClientTransactionUser;
}

abstract class BaseClientTransaction extends Transaction<State> implements ClientTransaction {
  declare protected readonly environment: ClientTransactionEnvironment;
  readonly request: SipRequest;
  readonly destination: SipHop;
  protected readonly user: ClientTransactionUser;
  readonly #bytes: Buffer;
  #probed = false;

  constructor(
    details: ClientTransactionDetails,
    first: State,
    moves: Moves,
    environment: ClientTransactionEnvironment,
  ) {
    super(details.id, first, moves, environment);
    this.request = details.request;
    this.destination = details.destination;
    this.user = details.user;
    this.#bytes = serializeSipMessage(details.request);
  }

  /** Sends the request. */
  begin(): void {
    this.sendRequest();
    this.entered(this.state);
  }

  abstract onResponse(response: SipResponse, source: SipHop): void;

  cancel(): SipRequest {
    throw new TransactionStateError('only INVITE can be cancelled');
  }

  abort(): void {
    if (this.state !== 'terminated') this.transition('terminated');
  }

  protected sendRequest(): void {
    this.send(this.#bytes);
  }

  protected send(bytes: Buffer): void {
    this.environment.send(bytes, (error) => this.#transportFailed(error));
  }

  #transportFailed(error: Error): void {
    if (this.state === 'terminated') return;
    this.tellUser(() => this.user.onTransportError?.(error, this));
    this.abort();
  }

  protected timedOut(): void {
    this.tellUser(() => this.user.onTimeout?.(this));
    this.abort();
  }

  protected deliver(response: SipResponse, source: SipHop): void {
    this.tellUser(() => this.user.onResponse(response, source, this));
  }

  /** Doubling, up to `longest`; stopped by the next change of state. */
  protected repeatRequest(timer: 'A' | 'E', interval: number, longest: number): void {
    this.stateTimers.start(timer, interval, () => {
      this.sendRequest();
      this.#probeOnce();
      this.repeatRequest(timer, Math.min(interval * 2, longest), longest);
    });
  }

  /** Only while nobody has answered at all. */
  #probeOnce(): void {
    if (this.#probed || (this.state !== 'calling' && this.state !== 'trying')) return;
    this.#probed = true;
    this.environment.probe((error) => {
      if (this.state === 'calling' || this.state === 'trying') this.#transportFailed(error);
    });
  }

  protected finish(): void {
    this.environment.ended();
    this.tellUser(() => this.user.onTerminated?.(this));
  }
}

export class InviteClientTransaction extends BaseClientTransaction {
  #cancel: SipRequest | undefined;
  #cancelSent = false;
  #ack: Buffer | undefined;

  constructor(details: ClientTransactionDetails, environment: ClientTransactionEnvironment) {
    super(details, 'calling', INVITE_MOVES, environment);
  }

  protected override entered(state: State): void {
    const { timers } = this.environment;
    switch (state) {
      case 'calling':
        if (!timers.reliable) this.repeatRequest('A', timers.A, Number.POSITIVE_INFINITY);
        this.stateTimers.start('B', timers.B, () => this.timedOut());
        break;
      case 'proceeding':
        this.#sendCancelIfAsked();
        break;
      case 'completed':
        this.stateTimers.start('D', timers.D, () => this.transition('terminated'));
        break;
      case 'accepted':
        this.stateTimers.start('M', timers.M, () => this.transition('terminated'));
        break;
      case 'terminated':
        this.finish();
        break;
      case 'trying':
        break;
    }
  }

  override onResponse(response: SipResponse, source: SipHop): void {
    switch (this.state) {
      case 'calling':
      case 'proceeding':
        this.#onFirstResponses(response, source);
        break;
      case 'accepted':
        // Each 2xx goes up: the user sends the ACK, and a fork may answer with another To tag (RFC 6026 section 7.2).
        if (response.status >= 200 && response.status < 300) this.deliver(response, source);
        break;
      case 'completed':
        if (response.status >= 300 && this.#ack) this.send(this.#ack);
        break;
      case 'trying':
      case 'terminated':
        break;
    }
  }

  #onFirstResponses(response: SipResponse, source: SipHop): void {
    if (response.status < 200) {
      if (this.state === 'calling') this.transition('proceeding');
      this.deliver(response, source);
      return;
    }
    if (response.status >= 300) {
      this.#ack = serializeSipMessage(ackForFailure(this.request, response));
      this.send(this.#ack);
    }
    this.transition(response.status < 300 ? 'accepted' : 'completed');
    this.deliver(response, source);
  }

  override cancel(headers: Readonly<Record<string, string>> = {}): SipRequest {
    this.#cancel ??= cancelFor(this.request, headers);
    if (this.state === 'proceeding') this.#sendCancelIfAsked();
    return this.#cancel;
  }

  #sendCancelIfAsked(): void {
    if (!this.#cancel || this.#cancelSent) return;
    this.#cancelSent = true;
    this.environment.sendCancel(this.#cancel);
    this.stateTimers.start('after CANCEL', this.environment.timers.B, () => this.timedOut()); // section 9.1
  }
}

export class NonInviteClientTransaction extends BaseClientTransaction {
  constructor(details: ClientTransactionDetails, environment: ClientTransactionEnvironment) {
    super(details, 'trying', NON_INVITE_MOVES, environment);
  }

  protected override entered(state: State): void {
    const { timers } = this.environment;
    switch (state) {
      case 'trying':
        if (!timers.reliable) this.repeatRequest('E', timers.E, timers.longestInterval);
        this.stateTimers.start('F', timers.F, () => this.timedOut());
        this.#deadline = this.environment.clock.now() + timers.F;
        break;
      case 'proceeding':
        if (!timers.reliable) this.repeatRequest('E', timers.longestInterval, timers.longestInterval);
        this.stateTimers.start('F', Math.max(0, this.#deadline - this.environment.clock.now()), () => this.timedOut());
        break;
      case 'completed':
        this.stateTimers.start('K', timers.K, () => this.transition('terminated'));
        break;
      case 'terminated':
        this.finish();
        break;
      case 'calling':
      case 'accepted':
        break;
    }
  }

  /** Timer F runs on through the change to proceeding (section 17.1.2.2). */
  #deadline = 0;

  override onResponse(response: SipResponse, source: SipHop): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return;
    if (response.status >= 200) this.transition('completed');
    else if (this.state === 'trying') this.transition('proceeding');
    this.deliver(response, source);
  }
}
