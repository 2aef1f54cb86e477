/** Transports below, users above: finds or makes the transaction of every message (RFC 3261 sections 17 and 18). */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../config/index.ts';
import {
  EMPTY_BODY,
  serializeSipMessage,
  SipHeaders,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../wire/sip-message.ts';
import { tagOf, type Via } from '../wire/sip-address.ts';
import { InviteClientTransaction, NonInviteClientTransaction } from './client-transaction.ts';
import type { Clock } from './clock.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { HalfOpen } from './half-open.ts';
import { newBranch, newTag } from './identifiers.ts';
import { acknowledgementKey, clientKey, responseHop, serverKey, topVia } from './matching.ts';
import { withVia } from './requests.ts';
import { statelessResponse } from './responses.ts';
import {
  InviteServerTransaction,
  NonInviteServerTransaction,
  type InviteServerEnvironment,
} from './server-transaction.ts';
import { SourceRates, sourceName } from './source-rates.ts';
import { timerValues, type SipTimings, type TimerValues } from './timings.ts';
import type { TransactionEnvironment } from './transaction.ts';
import type { SipTransport } from './transport.ts';
import type {
  ClientTransaction,
  ClientTransactionUser,
  ListeningPoint,
  SipHop,
  SipLimits,
  TransactionLayer,
  TransactionLayerUser,
} from './types.ts';

type AnyServerTransaction = InviteServerTransaction | NonInviteServerTransaction;
type AnyClientTransaction = InviteClientTransaction | NonInviteClientTransaction;

export interface TransactionTableOptions {
  readonly user: TransactionLayerUser;
  readonly limits: SipLimits;
  readonly timings: SipTimings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly budget: ConnectionBudget;
}

const RETRY_AFTER_SECONDS = '10';
/** Requests inside dialogs end calls: they still get in when new calls no longer do. */
const RESERVE_FOR_DIALOGS = 1.25;

export class TransactionTable implements TransactionLayer {
  readonly #options: TransactionTableOptions;
  readonly #transports: SipTransport[] = [];
  readonly #server = new Map<string, AnyServerTransaction>();
  readonly #client = new Map<string, AnyClientTransaction>();
  /** How many of them await something from an address. */
  readonly #awaitedFrom = new Map<string, number>();
  /** INVITE transactions that sent a 2xx, by what its ACK has in common with them. */
  readonly #awaitingAck = new Map<string, InviteServerTransaction>();
  readonly #halfOpen = new HalfOpen<InviteServerTransaction>();
  readonly #newRequests: SourceRates;
  readonly #refusals: SourceRates;
  readonly #timers: { readonly reliable: TimerValues; readonly unreliable: TimerValues };
  #stopped: Promise<void> | undefined;

  constructor(options: TransactionTableOptions) {
    this.#options = options;
    const { timings, limits, clock } = options;
    this.#newRequests = new SourceRates(limits.maxNewRequestsPerSecond, clock);
    this.#refusals = new SourceRates(limits.maxNewRequestsPerSecond, clock);
    this.#timers = { reliable: timerValues(timings, true), unreliable: timerValues(timings, false) };
  }

  addTransport(transport: SipTransport): void {
    this.#transports.push(transport);
  }

  get listeningPoints(): readonly ListeningPoint[] {
    return this.#transports.map((transport) => transport.listeningPoint);
  }

  counts(): { serverTransactions: number; clientTransactions: number; connections: number } {
    return {
      serverTransactions: this.#server.size,
      clientTransactions: this.#client.size,
      connections: this.#options.budget.total,
    };
  }

  pointTo(hop: SipHop): ListeningPoint {
    return this.#transportTo(hop).listeningPoint;
  }

  isConnected(hop: SipHop): boolean {
    return this.#transports.some((transport) => {
      return transport.listeningPoint.protocol === hop.protocol && transport.isConnected(hop);
    });
  }

  async connect(hop: SipHop, deadlineMs: number): Promise<boolean> {
    const transport = this.#fitting(hop);
    return transport !== undefined && (await transport.connect(hop, deadlineMs));
  }

  /** Is a response from this address awaited? */
  expectsResponseFrom(address: string): boolean {
    return this.#awaitedFrom.has(address);
  }

  request(request: SipRequest, destination: SipHop, user: ClientTransactionUser, branchMark = ''): ClientTransaction {
    const transport = this.#transportTo(destination);
    const complete = withVia(request, transport.listeningPoint, newBranch() + branchMark);
    return this.#startClient(complete, destination, user, transport);
  }

  sendStateless(request: SipRequest, destination: SipHop): SipRequest {
    const transport = this.#transportTo(destination);
    const complete = withVia(request, transport.listeningPoint);
    this.#sendAndForget(transport, serializeSipMessage(complete), destination);
    return complete;
  }

  /** Below the transports' door: already checked and marked with its source. */
  onRequest(request: SipRequest, source: SipHop, receivedOn: ListeningPoint): void {
    const via = topVia(request);
    const known = this.#server.get(serverKey(request, via, request.method));
    if (request.method === 'ACK') this.#onAck(request, source, known);
    else if (known) known.onRetransmission();
    else if (request.method === 'CANCEL' && this.#onCancel(request, via, source, receivedOn)) return;
    else if (!this.#hasRoomFor(request, source)) this.#refuseUnderLoad(request, source, receivedOn);
    else this.#startServer(request, via, source, receivedOn);
  }

  onResponse(response: SipResponse, source: SipHop): void {
    const method = (response.headers.get('CSeq') ?? '').trim().split(/\s+/, 2)[1] ?? '';
    const branch = topVia(response).parameters.get('branch') ?? '';
    const transaction = this.#client.get(clientKey(branch, method));
    // Other Vias than those it was sent with: not for us (section 8.1.3.3).
    if (!transaction || countVias(response) !== countVias(transaction.request)) return;
    transaction.onResponse(response, source);
  }

  /** Answers without keeping anything. */
  refuse(request: SipRequest, source: SipHop, receivedOn: ListeningPoint, status: number, reason: string): void {
    if (request.method === 'ACK') return;
    const extra: Record<string, string> = status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
    const response = statelessResponse(request, status, reason, extra);
    const transport = this.#transportOf(receivedOn);
    if (!transport) return;
    const hop = responseHop(topVia(request), source, transport.isConnected(source));
    this.#sendAndForget(transport, serializeSipMessage(response), hop);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    for (const transaction of [...this.#server.values(), ...this.#client.values()]) transaction.abort();
    await Promise.all(this.#transports.map((transport) => transport.stop()));
  }

  #onAck(ack: SipRequest, source: SipHop, known: AnyServerTransaction | undefined): void {
    if (known instanceof InviteServerTransaction && known.state !== 'accepted') {
      known.onAckOfFailure();
      return;
    }
    this.#awaitingAck.get(acknowledgementKey(ack))?.onAckOfSuccess();
    this.#guard(() => this.#options.user.onAck(ack, source));
  }

  /** @returns whether it matched an INVITE (section 9.2) */
  #onCancel(cancel: SipRequest, via: Via, source: SipHop, receivedOn: ListeningPoint): boolean {
    const invite = this.#server.get(serverKey(cancel, via, 'INVITE'));
    if (!(invite instanceof InviteServerTransaction)) return false;
    const transaction = this.#newServer(cancel, via, source, receivedOn, invite.toTag);
    transaction.respond({ kind: 'response', status: 200, reason: 'OK', headers: new SipHeaders(), body: EMPTY_BODY });
    invite.onCancel(cancel);
    return true;
  }

  #hasRoomFor(request: SipRequest, source: SipHop): boolean {
    const { maxServerTransactions, maxHalfOpenPerSource } = this.#options.limits;
    const inDialog = /;\s*tag\s*=/i.test(request.headers.get('To') ?? '');
    if (inDialog) return this.#server.size < maxServerTransactions * RESERVE_FOR_DIALOGS;
    const name = sourceName(source);
    if (!this.#newRequests.take(name)) return false;
    if (request.method === 'INVITE' && this.#halfOpen.of(name) >= maxHalfOpenPerSource) return false;
    return this.#server.size < maxServerTransactions || this.#halfOpen.giveUpOldest();
  }

  /** Statelessly, and not without end: whose address was forged should not get more from us than a little. */
  #refuseUnderLoad(request: SipRequest, source: SipHop, receivedOn: ListeningPoint): void {
    if (this.#refusals.take(sourceName(source))) this.refuse(request, source, receivedOn, 503, 'Service Unavailable');
  }

  #startServer(request: SipRequest, via: Via, source: SipHop, receivedOn: ListeningPoint): void {
    const transaction = this.#newServer(request, via, source, receivedOn, newTag());
    const told = this.#guard(() => transaction.setUser(this.#options.user.onRequest(transaction)));
    if (told || (transaction.state !== 'trying' && transaction.state !== 'proceeding')) return;
    const headers = new SipHeaders();
    transaction.respond({ kind: 'response', status: 500, reason: 'Server Internal Error', headers, body: EMPTY_BODY });
  }

  #newServer(request: SipRequest, via: Via, source: SipHop, on: ListeningPoint, toTag: string): AnyServerTransaction {
    const key = serverKey(request, via, request.method);
    const details = { id: randomUUID(), request, source, receivedOn: on, toTag };
    const transport = this.#transportOf(on) ?? this.#transportTo(source);
    const isInvite = request.method === 'INVITE';
    const ackKey = isInvite ? acknowledgementKey(request) : '';
    const ended = () => {
      this.#server.delete(key);
      if (transaction instanceof InviteServerTransaction) this.#halfOpen.remove(transaction);
      if (isInvite && this.#awaitingAck.get(ackKey) === transaction) this.#awaitingAck.delete(ackKey);
    };
    const environment = {
      ...this.#environment(transport, source, ended),
      send: (bytes: Buffer, onError: (error: Error) => void) => {
        transport.send(bytes, responseHop(via, source, transport.isConnected(source)), onError);
      },
    };
    const transaction: AnyServerTransaction = isInvite
      ? new InviteServerTransaction(
          details,
          this.#inviteEnvironment(environment, () => transaction),
        )
      : new NonInviteServerTransaction(details, environment);
    this.#server.set(key, transaction);
    if (transaction instanceof InviteServerTransaction) {
      this.#awaitingAck.set(ackKey, transaction);
      if (tagOf(request.headers.get('To')) === undefined) this.#halfOpen.add(transaction, sourceName(source));
    }
    transaction.begin();
    return transaction;
  }

  #inviteEnvironment(environment: TransactionEnvironment, find: () => AnyServerTransaction): InviteServerEnvironment {
    const tell = (news: (transaction: InviteServerTransaction) => void) => {
      const transaction = find();
      if (transaction instanceof InviteServerTransaction) news(transaction);
    };
    return {
      ...environment,
      refused: () => tell((transaction) => this.#halfOpen.refused(transaction)),
      settled: () => tell((transaction) => this.#halfOpen.remove(transaction)),
    };
  }

  #startClient(
    request: SipRequest,
    destination: SipHop,
    user: ClientTransactionUser,
    transport: SipTransport,
  ): AnyClientTransaction {
    const key = clientKey(topVia(request).parameters.get('branch') ?? '', request.method);
    const details = { id: randomUUID(), request, destination, user };
    const environment = {
      ...this.#environment(transport, destination, () => this.#forgetClient(key, destination)),
      probe: (onUnreachable: (error: Error) => void) => transport.probe(destination, onUnreachable),
      sendCancel: (cancel: SipRequest) =>
        void this.#startClient(cancel, destination, { onResponse: () => {} }, transport),
    };
    const transaction =
      request.method === 'INVITE'
        ? new InviteClientTransaction(details, environment)
        : new NonInviteClientTransaction(details, environment);
    this.#client.set(key, transaction);
    this.#awaitedFrom.set(destination.address, (this.#awaitedFrom.get(destination.address) ?? 0) + 1);
    transaction.begin();
    return transaction;
  }

  #forgetClient(key: string, { address }: SipHop): void {
    this.#client.delete(key);
    const left = (this.#awaitedFrom.get(address) ?? 1) - 1;
    if (left === 0) this.#awaitedFrom.delete(address);
    else this.#awaitedFrom.set(address, left);
  }

  #environment(transport: SipTransport, destination: SipHop, ended: () => void): TransactionEnvironment {
    const { clock, logger } = this.#options;
    return {
      clock,
      logger,
      timers: transport.reliable ? this.#timers.reliable : this.#timers.unreliable,
      send: (bytes, onError) => transport.send(bytes, destination, onError),
      ended,
    };
  }

  #sendAndForget(transport: SipTransport, bytes: Buffer, destination: SipHop): void {
    transport.send(bytes, destination, (error) => {
      this.#options.logger.debug({ err: error, destination }, 'SIP message could not be sent');
    });
  }

  #transportOf(point: ListeningPoint): SipTransport | undefined {
    return this.#transports.find((transport) => transport.listeningPoint === point);
  }

  /** @throws NoTransportError when nothing of ours speaks that protocol in that address family */
  #transportTo(hop: SipHop): SipTransport {
    const transport = this.#fitting(hop);
    if (!transport) throw new NoTransportError(`no listening point can reach ${hop.protocol}/${hop.address}`);
    return transport;
  }

  #fitting(hop: SipHop): SipTransport | undefined {
    const fitting = this.#transports.filter(({ listeningPoint: point }) => {
      return point.protocol === hop.protocol && point.address.includes(':') === hop.address.includes(':');
    });
    const near = fitting.find(({ listeningPoint: point }) => isLoopback(point.address) === isLoopback(hop.address));
    return near ?? fitting[0];
  }

  #guard(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the user of the SIP transaction layer threw');
      return false;
    }
  }
}

/** There is no listening point for the protocol and address family of a destination. */
export class NoTransportError extends Error {
  override readonly name = 'NoTransportError';
}

function countVias(message: SipMessage): number {
  return message.headers.getList('Via').length;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
