/** Server transactions: RFC 3261 section 17.2 figures 7 and 8, with RFC 6026 for 2xx to INVITE. */
import { serializeSipMessage, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import { NamedTimers } from './clock.ts';
import { completeResponse, tryingResponse } from './responses.ts';
import { Transaction, TransactionStateError, type TransactionEnvironment } from './transaction.ts';
import type {
  ListeningPoint,
  ServerTransaction,
  ServerTransactionState as State,
  ServerTransactionUser,
  SipHop,
} from './types.ts';

type Moves = Readonly<Record<State, readonly State[]>>;

const INVITE_MOVES: Moves = {
  trying: [],
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['confirmed', 'terminated'],
  accepted: ['terminated'],
  confirmed: ['terminated'],
  terminated: [],
};

const NON_INVITE_MOVES: Moves = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  accepted: [],
  confirmed: [],
  terminated: [],
};

const TRYING_AFTER_MS = 200; // section 17.2.1

/** The world of an INVITE: who counts those that are not over wants to know. */
export interface InviteServerEnvironment extends TransactionEnvironment {
  /** A final response other than 2xx was sent; its ACK is awaited. */
  refused(): void;
  /** Nothing is awaited from the caller any more. Told more than once. */
  settled(): void;
}

export interface ServerTransactionDetails {
  readonly id: string;
  readonly request: SipRequest;
  readonly source: SipHop;
  readonly receivedOn: ListeningPoint;
  readonly toTag: string;
}

abstract class BaseServerTransaction extends Transaction<State> implements ServerTransaction {
  readonly request: SipRequest;
  readonly source: SipHop;
  readonly receivedOn: ListeningPoint;
  readonly toTag: string;
  protected user: ServerTransactionUser = {};
  protected lastResponse: Buffer | undefined;
  /** Responses come from further on, by a proxy. */
  protected forwarding = false;

  constructor(details: ServerTransactionDetails, first: State, moves: Moves, environment: TransactionEnvironment) {
    super(details.id, first, moves, environment);
    this.request = details.request;
    this.source = details.source;
    this.receivedOn = details.receivedOn;
    this.toTag = details.toTag;
  }

  /** The first state begins. */
  begin(): void {
    this.entered(this.state);
  }

  /** Known only after it was told of the transaction, and may by then have ended it. */
  setUser(user: ServerTransactionUser): void {
    this.user = user;
    if (this.state === 'terminated') this.tellUser(() => user.onTerminated?.(this));
  }

  respond(response: SipResponse): SipResponse {
    if (this.state !== 'trying' && this.state !== 'proceeding') {
      throw new TransactionStateError(`a ${response.status} came after the end of transaction ${this.id}`);
    }
    const complete = completeResponse(response, this.request, this.toTag);
    this.lastResponse = serializeSipMessage(complete);
    if (response.status < 200) this.sendProvisional();
    else this.sendFinal(response.status);
    return complete;
  }

  forward(response: SipResponse): boolean {
    if (!this.takesForwarded(response.status)) return false;
    this.forwarding = true;
    this.lastResponse = serializeSipMessage(response);
    if (response.status < 200) this.sendProvisional();
    else this.sendFinal(response.status);
    return true;
  }

  protected takesForwarded(_status: number): boolean {
    return this.state === 'trying' || this.state === 'proceeding';
  }

  protected abstract sendProvisional(): void;
  protected abstract sendFinal(status: number): void;

  /** The request came again. */
  onRetransmission(): void {
    if (this.state === 'proceeding' || this.state === 'completed') this.sendLastResponse();
  }

  /** The layer stops: no word to the peer. */
  abort(): void {
    if (this.state !== 'terminated') this.transition('terminated');
  }

  protected sendLastResponse(): void {
    if (this.lastResponse) this.environment.send(this.lastResponse, (error) => this.#transportFailed(error));
  }

  #transportFailed(error: Error): void {
    if (this.state === 'terminated') return;
    this.tellUser(() => this.user.onTransportError?.(error, this));
    this.abort();
  }

  protected finish(): void {
    this.environment.ended();
    this.tellUser(() => this.user.onTerminated?.(this));
  }
}

export class InviteServerTransaction extends BaseServerTransaction {
  declare protected readonly environment: InviteServerEnvironment;
  /** 2xx only: how long a retransmitted INVITE is absorbed is one thing, how long we wait for the ACK another. */
  readonly #untilAcknowledged: NamedTimers;
  #interval = 0;

  constructor(details: ServerTransactionDetails, environment: InviteServerEnvironment) {
    super(details, 'proceeding', INVITE_MOVES, environment);
    this.#untilAcknowledged = new NamedTimers(environment.clock);
  }

  protected override entered(state: State): void {
    const { timers } = this.environment;
    if (state === 'completed') this.environment.refused();
    else if (state === 'confirmed' || state === 'terminated') this.environment.settled();
    switch (state) {
      case 'proceeding':
        this.stateTimers.start('100 Trying', TRYING_AFTER_MS, () => this.respond(tryingResponse(this.request)));
        break;
      case 'completed':
        this.#interval = timers.G;
        if (!timers.reliable) this.#startTimerG();
        this.stateTimers.start('H', timers.H, () => this.#notAcknowledged());
        break;
      case 'accepted':
        // Of a 2xx from further on the ACK need not come by here.
        if (this.forwarding) this.environment.settled();
        else this.#awaitAckOfSuccess();
        this.stateTimers.start('L', timers.L, () => this.transition('terminated'));
        break;
      case 'confirmed':
        this.stateTimers.start('I', timers.I, () => this.transition('terminated'));
        break;
      case 'terminated':
        this.#untilAcknowledged.stopAll();
        this.finish();
        break;
      case 'trying':
        break;
    }
  }

  protected override sendProvisional(): void {
    this.stateTimers.stop('100 Trying');
    this.sendLastResponse();
  }

  protected override sendFinal(status: number): void {
    this.sendLastResponse();
    if (this.state !== 'accepted') this.transition(status < 300 ? 'accepted' : 'completed');
  }

  /** Each branch of a fork may answer (RFC 6026 section 7.1). */
  protected override takesForwarded(status: number): boolean {
    const isSuccess = status >= 200 && status < 300;
    return super.takesForwarded(status) || (isSuccess && this.state === 'accepted' && this.forwarding);
  }

  /** CANCEL matched; it has been answered already. After a final response it has no effect (section 9.2). */
  onCancel(cancel: SipRequest): void {
    if (this.state === 'proceeding') this.tellUser(() => this.user.onCancel?.(cancel, this));
  }

  /** ACK in the same transaction: for a final response other than 2xx. */
  onAckOfFailure(): void {
    if (this.state === 'completed') this.transition('confirmed');
  }

  /**
   * The ACK of our 2xx reached the dialog. A second INVITE can then only be a straggler in the network, so we wait for
   * T4 like timer I instead of the whole timer L (stricter in memory than RFC 6026, same effect).
   */
  onAckOfSuccess(): void {
    if (this.state !== 'accepted' || (this.#untilAcknowledged.size === 0 && !this.forwarding)) return;
    this.#untilAcknowledged.stopAll();
    this.environment.settled();
    this.stateTimers.start('L', this.environment.timers.I, () => this.transition('terminated'));
  }

  #startTimerG(): void {
    this.stateTimers.start('G', this.#interval, () => {
      this.sendLastResponse();
      this.#interval = Math.min(this.#interval * 2, this.environment.timers.longestInterval);
      this.#startTimerG();
    });
  }

  #awaitAckOfSuccess(): void {
    const { timers } = this.environment;
    this.#interval = timers.retransmit2xx;
    this.#startRetransmitting2xx();
    this.#untilAcknowledged.start('2xx without ACK', timers.L, () => this.#success2xxNotAcknowledged());
  }

  /** Over streams too: a proxy further on may lose it (section 13.3.1.4). */
  #startRetransmitting2xx(): void {
    this.#untilAcknowledged.start('2xx again', this.#interval, () => {
      this.sendLastResponse();
      this.#interval = Math.min(this.#interval * 2, this.environment.timers.longestInterval);
      this.#startRetransmitting2xx();
    });
  }

  #notAcknowledged(): void {
    this.tellUser(() => this.user.onAckTimeout?.(this));
    this.abort();
  }

  #success2xxNotAcknowledged(): void {
    this.#untilAcknowledged.stopAll();
    this.#notAcknowledged();
  }
}

export class NonInviteServerTransaction extends BaseServerTransaction {
  constructor(details: ServerTransactionDetails, environment: TransactionEnvironment) {
    super(details, 'trying', NON_INVITE_MOVES, environment);
  }

  protected override entered(state: State): void {
    if (state === 'completed') {
      this.stateTimers.start('J', this.environment.timers.J, () => this.transition('terminated'));
    } else if (state === 'terminated') this.finish();
  }

  protected override sendProvisional(): void {
    this.sendLastResponse();
    if (this.state === 'trying') this.transition('proceeding');
  }

  protected override sendFinal(): void {
    this.sendLastResponse();
    this.transition('completed');
  }
}
