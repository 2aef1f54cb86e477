/** Requests from the network: to which application, and what the server answers by itself. */
import { randomUUID } from 'node:crypto';
import { parseCSeq, tagOf } from '../wire/sip-address.ts';
import type { SipRequest } from '../wire/sip-message.ts';
import {
  NamedTimers,
  type ServerTransaction,
  type ServerTransactionUser,
  type SipHop,
  type TransactionLayerUser,
} from '../sip/index.ts';
import type { ClientPort } from './client-port.ts';
import { METHODS, type DrachtioContext } from './context.ts';
import { routesOf, type Dialog } from './dialog.ts';
import { makeResponse } from './make-response.ts';
import type { PendingRequest, PendingRequests } from './pending-requests.ts';
import type { RecordRouted } from './proxy/record-routed.ts';
import { acceptPrack } from './reliable-responses.ts';
import { tellMessage } from './reports.ts';
import { endWithBye } from './sender.ts';
import { isTooShort, LEAST_SESSION_SECONDS } from './session-timers.ts';
import { isLastNotify } from './subscriptions.ts';

/** Methods that applications are asked about outside of dialogs. */
const ROUTED = new Set(['INVITE', 'REGISTER', 'MESSAGE', 'OPTIONS', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH']);
/** Of a Request-URI (RFC 3261 section 8.2.2.1). */
const SCHEMES = /^(?:sips?|tel):/i;
const BYE_ANSWER_MS = 32_000;
const RETRY_AFTER_SECONDS = '10';

export class IncomingRequests implements TransactionLayerUser {
  readonly #context: DrachtioContext;
  readonly #pending: PendingRequests;
  readonly #recordRouted: RecordRouted;
  /** 2xx to INVITE sent, ACK not yet seen. */
  readonly #awaitingAck = new Map<Dialog, { sequence: number; transactionId: string }>();

  constructor(context: DrachtioContext, pending: PendingRequests, recordRouted: RecordRouted) {
    this.#context = context;
    this.#pending = pending;
    this.#recordRouted = recordRouted;
  }

  get awaitingAck(): number {
    return this.#awaitingAck.size;
  }

  onRequest(transaction: ServerTransaction): ServerTransactionUser {
    const { request } = transaction;
    const dialog = this.#context.dialogs.findForRequest(request);
    if (dialog) return this.#insideDialog(dialog, transaction);
    const passedOn = this.#recordRouted.take(transaction);
    if (passedOn) return passedOn;
    if (tagOf(request.headers.get('To')) !== undefined || request.method === 'CANCEL') {
      return answer(transaction, 481, 'Call Does Not Exist');
    }
    return this.#outsideDialog(transaction);
  }

  onAck(ack: SipRequest, source: SipHop): void {
    const dialog = this.#context.dialogs.findForRequest(ack);
    if (!dialog) this.#recordRouted.takeAck(ack);
    const awaited = dialog && this.#awaitingAck.get(dialog);
    if (!awaited || awaited.sequence !== parseCSeq(ack.headers.get('CSeq') ?? '').sequence) return;
    this.#awaitingAck.delete(dialog);
    const { transactionId } = awaited;
    tellMessage(dialog.owner, { message: ack, source, transactionId, dialogId: dialog.id });
  }

  /** A 2xx to this INVITE went out. */
  expectAck(dialog: Dialog, pending: PendingRequest): void {
    const { sequence } = parseCSeq(pending.transaction.request.headers.get('CSeq') ?? '');
    // Of a re-INVITE the client learns no transaction id with the ACK: the real server makes one up.
    this.#awaitingAck.set(dialog, { sequence, transactionId: pending.inDialog ? randomUUID() : pending.transactionId });
  }

  /** The dialog is over: what is still open in it is answered. */
  dialogEnded(dialog: Dialog): void {
    this.#awaitingAck.delete(dialog);
    for (const pending of this.#pending.inDialog(dialog)) {
      this.#pending.remove(pending);
      if (pending.transaction.request.method === 'INVITE') answer(pending.transaction, 487, 'Request Terminated');
      else answer(pending.transaction, 481, 'Call Does Not Exist');
    }
  }

  /** Nobody will answer what this client was told of. Its dialogs live on. */
  clientGone(client: ClientPort): void {
    for (const pending of this.#pending.of(client)) {
      this.#pending.remove(pending);
      if (pending.inDialog) answer(pending.transaction, 481, 'Call Does Not Exist');
      else {
        answer(pending.transaction, 480, 'Temporarily Unavailable');
        if (pending.dialog) this.#context.dialogs.remove(pending.dialog);
      }
    }
  }

  #outsideDialog(transaction: ServerTransaction): ServerTransactionUser {
    const { method } = transaction.request;
    if (!isFitForClients(transaction.request)) return answer(transaction, 400, 'Bad Request');
    if (!METHODS.has(method)) return answer(transaction, 501, 'Not Implemented');
    if (!SCHEMES.test(transaction.request.uri)) return answer(transaction, 416, 'Unsupported URI Scheme');
    if (method === 'UPDATE' || method === 'BYE' || method === 'PRACK') {
      return answer(transaction, 481, 'Call Does Not Exist');
    }
    if (!ROUTED.has(method)) return answer(transaction, 405, 'Method Not Allowed', { Allow: [...ROUTED].join(', ') });
    if (this.#pending.size >= this.#context.limits.maxPendingRequests) {
      return answer(transaction, 503, 'Service Unavailable', { 'Retry-After': RETRY_AFTER_SECONDS });
    }
    if (method === 'INVITE') transaction.respond(makeResponse(100, 'Trying'));
    const client = this.#context.nextClient(method);
    this.#record(transaction.request, client !== undefined);
    if (!client) return answer(transaction, 503, 'Service Unavailable');
    const pending = this.#addPending(transaction, client, undefined, this.#context.limits.answerDeadlineMs);
    const { request: message, source, receivedOn } = transaction;
    tellMessage(client, { message, source, transactionId: pending.transactionId, receivedOn });
    return this.#follow(pending);
  }

  #record(request: SipRequest, isTaken: boolean): void {
    const { records } = this.#context;
    if (request.method !== 'INVITE') return;
    records.attempt('network', request);
    if (!isTaken) records.stop('application', 'call-rejected', request);
  }

  #insideDialog(dialog: Dialog, transaction: ServerTransaction): ServerTransactionUser {
    const { request, source } = transaction;
    const refusal = this.#refusalInDialog(dialog, transaction);
    if (refusal) return refusal;
    // Its connection, or its place behind NAT: where it was seen last it can be reached.
    if (source.protocol !== 'udp' || dialog.behindNat) this.#context.dialogs.move(dialog, source);
    if (request.method === 'PRACK') return this.#prack(dialog, transaction);
    if (request.method === 'INVITE') transaction.respond(makeResponse(100, 'Trying'));
    if (!dialog.confirmed && request.method !== 'UPDATE') {
      // Before the answer the real server takes these for requests without a dialog; BYE finds none.
      return this.#outsideDialog(transaction);
    }
    const isLast = request.method === 'BYE' || (dialog.purpose === 'subscription' && isLastNotify(request));
    if (isLast) this.#context.dialogs.remove(dialog);
    if (request.method === 'BYE') this.#context.records.stop('network', 'normal-release', request);
    if (!dialog.owner.connected) return answer(transaction, 481, 'Call Does Not Exist');
    return this.#tellOwner(dialog, transaction);
  }

  #tellOwner(dialog: Dialog, transaction: ServerTransaction): ServerTransactionUser {
    const { request: message, source } = transaction;
    const isBye = message.method === 'BYE';
    const deadline = isBye ? BYE_ANSWER_MS : this.#context.limits.answerDeadlineMs;
    const pending = this.#addPending(transaction, dialog.owner, dialog, deadline);
    tellMessage(dialog.owner, { message, source, transactionId: pending.transactionId, dialogId: dialog.id });
    return this.#follow(pending);
  }

  #refusalInDialog(dialog: Dialog, transaction: ServerTransaction): ServerTransactionUser | undefined {
    const { request } = transaction;
    const { method } = request;
    if (!dialog.acceptSequence(request)) return answer(transaction, 500, 'Server Internal Error');
    if (!METHODS.has(method)) return answer(transaction, 501, 'Not Implemented');
    if ((method === 'INVITE' || method === 'UPDATE') && isTooShort(request)) {
      const extra = { 'Min-SE': String(LEAST_SESSION_SECONDS) };
      return answer(transaction, 422, 'Session Interval Too Small', extra);
    }
    if (method !== 'INVITE') return undefined;
    // Two offers must not cross (section 14.2): theirs on ours, and theirs on theirs.
    if (dialog.inviteUnderWay) return answer(transaction, 491, 'Request Pending');
    const another = this.#pending.inDialog(dialog).some((open) => open.transaction.request.method === 'INVITE');
    return another ? answer(transaction, 500, 'Server Internal Error', { 'Retry-After': '2' }) : undefined;
  }

  #prack(dialog: Dialog, transaction: ServerTransaction): ServerTransactionUser {
    const invite = this.#pending.inDialog(dialog).find((open) => open.transaction.request.method === 'INVITE');
    if (!invite || !acceptPrack(invite, transaction.request)) return answer(transaction, 481, 'Call Does Not Exist');
    return this.#tellOwner(dialog, transaction);
  }

  #addPending(
    transaction: ServerTransaction,
    client: ClientPort,
    dialog: Dialog | undefined,
    deadlineMs: number,
  ): PendingRequest {
    const pending: PendingRequest = {
      transactionId: randomUUID(),
      client,
      transaction,
      inDialog: dialog !== undefined,
      dialog,
      timers: new NamedTimers(this.#context.clock),
      chosenTag: undefined,
      taker: undefined,
      reliableSequence: undefined,
      awaitingPrack: false,
    };
    this.#pending.add(pending);
    pending.timers.start('answer', deadlineMs, () => {
      this.#pending.remove(pending);
      answer(transaction, 408, 'Request Timeout');
    });
    return pending;
  }

  #follow(pending: PendingRequest): ServerTransactionUser {
    const { dialogs } = this.#context;
    return {
      onCancel: (cancel, transaction) => {
        if (pending.taker) pending.taker.onCancel?.(cancel, transaction);
        else this.#cancelled(pending, cancel);
      },
      onAckTimeout: () => {
        if (pending.dialog?.confirmed) void endWithBye(pending.dialog, 'ACK timeout', this.#context);
      },
      onTransportError: () => {
        if (pending.dialog && !pending.dialog.confirmed) dialogs.remove(pending.dialog);
      },
      onTerminated: () => this.#pending.remove(pending),
    };
  }

  /** The server answers CANCEL and INVITE by itself; the client is only told. */
  #cancelled(pending: PendingRequest, cancel: SipRequest): void {
    const { client, transaction, transactionId, dialog } = pending;
    this.#pending.remove(pending);
    tellMessage(client, { message: cancel, source: transaction.source, transactionId, dialogId: dialog?.id });
    answer(transaction, 487, 'Request Terminated');
    if (pending.inDialog) return;
    this.#context.records.stop('network', 'call-canceled', cancel);
    if (dialog) this.#context.dialogs.remove(dialog);
  }
}

/** Its identity can stand in a frame, where `|` parts tokens, and its route set can be followed. */
function isFitForClients({ headers }: SipRequest): boolean {
  const identity = `${headers.get('Call-ID') ?? ''}${tagOf(headers.get('From')) ?? ''}`;
  return !/[|\s]/.test(identity) && routesOf(headers) !== undefined;
}

/** Answers finally, unless that has been done; nobody follows the transaction. */
function answer(
  transaction: ServerTransaction,
  status: number,
  reason: string,
  extra: Readonly<Record<string, string>> = {},
): ServerTransactionUser {
  if (transaction.state === 'trying' || transaction.state === 'proceeding') {
    transaction.respond(makeResponse(status, reason, extra));
  }
  return {};
}
