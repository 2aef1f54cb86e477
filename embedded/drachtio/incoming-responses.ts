/** Responses from the network to requests of applications, and the ACKs that follow them. */
import { randomUUID } from 'node:crypto';
import { parseCSeq, tagOf, withTag } from '../wire/sip-address.ts';
import { EMPTY_BODY, SipHeaders, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import {
  newTag,
  type ClientTransaction,
  type ClientTransactionUser,
  type ListeningPoint,
  type SipHop,
} from '../sip/index.ts';
import { refusalReason } from './call-records.ts';
import { clientHeaders, fillContentType } from './client-message.ts';
import type { ClientPort } from './client-port.ts';
import { RefusedByServer, type DrachtioContext } from './context.ts';
import { contactUri, tryParseSipUri, type Dialog } from './dialog.ts';
import { inServerOrder } from './header-order.ts';
import { answerRequestSent, tellMessage, tellOwnResponse } from './reports.ts';
import { acknowledgementHop, endUnwantedAnswer, endWithBye, SESSION_EXPIRED } from './sender.ts';
import { armSessionTimer, readSessionExpires, type SessionTimerUser } from './session-timers.ts';
import { armSubscription, isLastNotify } from './subscriptions.ts';

/** A request an application sent. */
export interface SentRequest {
  readonly transactionId: string;
  readonly client: ClientPort;
  readonly method: string;
  readonly inDialog: boolean;
  readonly dialog: Dialog | undefined;
  readonly point: ListeningPoint;
  /** As it went out, and its transaction: those of the last hop that was tried. */
  request: SipRequest;
  transaction: ClientTransaction;
  /** Hops that are left to be tried. */
  readonly alternatives: SipHop[];
  /** Somebody further on has taken it up. */
  isTakenUp?: boolean;
  /** The client asked for a CANCEL, or is gone. */
  cancelled?: boolean;
  /** RSeq of the last reliable provisional response. */
  reliableSequence?: number;
}

/** A 2xx to an INVITE of ours: what its ACK needs, and the ACK itself once it has been sent. */
interface AnsweredInvite {
  readonly sent: SentRequest;
  /** Where the 2xx came from. */
  readonly source: SipHop;
  ack?: { readonly request: SipRequest; readonly hop: SipHop };
}

export class IncomingResponses {
  readonly #context: DrachtioContext;
  readonly #sessions: SessionTimerUser;
  readonly #finished: (sent: SentRequest) => void;
  readonly #answered = new WeakMap<Dialog, AnsweredInvite>();

  /** @param finished told when a request has had its final response */
  constructor(context: DrachtioContext, sessions: SessionTimerUser, finished: (sent: SentRequest) => void) {
    this.#context = context;
    this.#sessions = sessions;
    this.#finished = finished;
  }

  /**
   * @param find the request, known by the time anything can come back
   * @param tryNext sends it to another hop; false when there is none left
   */
  follow(find: () => SentRequest, tryNext: (sent: SentRequest) => boolean): ClientTransactionUser {
    let known: SentRequest | undefined;
    const sent = () => (known ??= find());
    /** What fails leads to the next hop, as long as nobody has taken the request up (RFC 3263 section 4.3). */
    const failsOver = () => !sent().isTakenUp && !sent().cancelled && tryNext(sent());
    return {
      onResponse: (response, source) => {
        if (response.status === 503 && failsOver()) return;
        if (response.status !== 100) sent().isTakenUp = true;
        this.#onResponse(sent(), response, source);
      },
      onTimeout: () => {
        if (!failsOver()) this.#onOwnResponse(sent(), 408, 'Request Timeout');
      },
      onTransportError: () => {
        if (!failsOver()) this.#onOwnResponse(sent(), 503, 'Service Unavailable');
      },
      onTerminated: (transaction) => {
        if (sent().transaction === transaction) this.#finished(sent());
      },
    };
  }

  #onResponse(sent: SentRequest, response: SipResponse, source: SipHop): void {
    if (response.status === 100) return; // kept from applications by the real server
    if (sent.method === 'INVITE') this.#onInviteResponse(sent, response, source);
    else {
      if (sent.method === 'SUBSCRIBE' && response.status >= 200) this.#onSubscribeResponse(sent, response, source);
      this.#tell(sent, response, source);
      if (response.status >= 200) this.#finishOther(sent, response);
    }
  }

  #onSubscribeResponse({ dialog, inDialog, request }: SentRequest, response: SipResponse, source: SipHop): void {
    if (!dialog) return;
    const { dialogs } = this.#context;
    if (response.status < 300) {
      if (inDialog) dialog.refreshTarget(response);
      else {
        this.#learn(dialog, response, source);
        dialog.confirmed = true;
      }
      armSubscription(dialog, request, response, dialogs);
    } else if (!inDialog) dialogs.remove(dialog);
  }

  #onInviteResponse(sent: SentRequest, response: SipResponse, source: SipHop): void {
    const { dialog } = sent;
    if (!dialog) return;
    if (response.status >= 200 && !sent.inDialog) this.#record(dialog, response);
    if (response.status < 200) this.#onProvisional(sent, dialog, response, source);
    else if (response.status < 300) this.#onSuccess(sent, dialog, response, source);
    else {
      this.#finishInvite(sent, dialog);
      if (!sent.inDialog) this.#context.dialogs.remove(dialog);
      this.#tell(sent, response, source);
    }
  }

  #record(dialog: Dialog, response: SipResponse): void {
    const { records } = this.#context;
    if (response.status >= 300) records.stop('network', refusalReason(response.status), response);
    else if (!dialog.confirmed) records.start('network', 'uac', response);
  }

  #onProvisional(sent: SentRequest, dialog: Dialog, response: SipResponse, source: SipHop): void {
    const rseq = Number(response.headers.get('RSeq') ?? 'NaN');
    if (Number.isInteger(rseq)) {
      if (sent.reliableSequence !== undefined && rseq <= sent.reliableSequence) return; // sent again
      sent.reliableSequence = rseq;
      if (!sent.inDialog) this.#learn(dialog, response, source);
    }
    this.#tell(sent, response, source);
  }

  #onSuccess(sent: SentRequest, dialog: Dialog, response: SipResponse, source: SipHop): void {
    const answered = this.#answered.get(dialog);
    if (answered?.sent === sent) {
      this.#onSuccessAgain(dialog, answered, response, source);
      return;
    }
    this.#finishInvite(sent, dialog);
    if (sent.inDialog) dialog.refreshTarget(response);
    else {
      this.#learn(dialog, response, source);
      dialog.behindNat = isBehindNat(dialog, response, source);
      dialog.confirmed = true;
    }
    this.#answered.set(dialog, { sent, source });
    armSessionTimer(dialog, readSessionExpires(response.headers), 'uac', this.#sessions);
    this.#tell(sent, response, source);
    if (!sent.client.connected) void this.#refuseAnswer(dialog);
  }

  /** A 2xx came again: its ACK got lost. From another branch of a forked INVITE: that call is not wanted. */
  #onSuccessAgain(dialog: Dialog, answered: AnsweredInvite, response: SipResponse, source: SipHop): void {
    const tag = tagOf(response.headers.get('To'));
    if (tag === dialog.remoteTag) {
      if (answered.ack) this.#context.layer.sendStateless(answered.ack.request, answered.ack.hop);
      return;
    }
    endUnwantedAnswer(response, source, this.#context);
  }

  #learn(dialog: Dialog, response: SipResponse, source: SipHop): void {
    if (dialog.remoteTag !== undefined && dialog.remoteTag !== tagOf(response.headers.get('To'))) {
      this.#context.dialogs.forget(dialog);
    }
    dialog.learnFromResponse(response);
    this.#context.dialogs.move(dialog, source);
    this.#context.dialogs.add(dialog);
  }

  /** Nobody is left to take the call that was just answered. Never rejects. */
  async #refuseAnswer(dialog: Dialog): Promise<void> {
    await this.#sendAck(dialog, new SipHeaders(), EMPTY_BODY);
    await endWithBye(dialog, 'application is gone', this.#context);
  }

  /** Sends the ACK of a client for the last 2xx in this dialog. @throws RefusedByServer when there is none */
  async acknowledge(client: ClientPort, messageId: string, dialog: Dialog, message: SipRequest): Promise<void> {
    const { point } = dialog;
    const extra = clientHeaders(message, { host: point.advertisedAddress, port: point.port }, true);
    fillContentType(extra, message.body, true);
    const ack = await this.#sendAck(dialog, extra, message.body);
    answerRequestSent(client, messageId, ack, { point, transactionId: randomUUID() });
    if (this.#answered.get(dialog)?.sent.cancelled) {
      await endWithBye(dialog, 'ACK-BYE due to cancel race condition', this.#context);
    }
  }

  async #sendAck(dialog: Dialog, extra: SipHeaders, body: Buffer): Promise<SipRequest> {
    const answered = this.#answered.get(dialog);
    if (!answered) throw new RefusedByServer('there is no answered INVITE that an ACK could belong to');
    const hop = await acknowledgementHop(dialog, answered.source, this.#context);
    const invite = answered.sent.request;
    for (const name of ['Authorization', 'Proxy-Authorization']) {
      for (const value of invite.headers.getAll(name)) extra.append(name, value); // section 13.2.2.4
    }
    const { sequence } = parseCSeq(invite.headers.get('CSeq') ?? '');
    const request = dialog.request('ACK', sequence, { extra, body });
    const ordered = { ...request, headers: inServerOrder(request.headers) };
    const ack = this.#context.layer.sendStateless(ordered, hop);
    answered.ack = { request: ordered, hop };
    if (body.length > 0) dialog.localSdp = body;
    return ack;
  }

  #finishInvite(sent: SentRequest, dialog: Dialog): void {
    dialog.inviteUnderWay = false;
    this.#finished(sent);
  }

  #finishOther(sent: SentRequest, response: SipResponse): void {
    const { dialog } = sent;
    this.#finished(sent);
    if (!dialog) return;
    const challenged = response.status === 401 || response.status === 407;
    const isLast = sent.method === 'BYE' || (dialog.purpose === 'subscription' && isLastNotify(sent.request));
    if (isLast && !challenged) this.#context.dialogs.remove(dialog);
    if (sent.method === 'UPDATE' && response.status < 300) dialog.refreshTarget(response);
  }

  /** Nothing came, or nothing could be sent: the client gets a response made here. */
  #onOwnResponse(sent: SentRequest, status: number, reason: string): void {
    const { dialog, transactionId, client, request } = sent;
    const response = ownResponse(request, status, reason);
    if (sent.method === 'SUBSCRIBE' && !sent.inDialog && dialog) this.#context.dialogs.remove(dialog);
    if (sent.method !== 'INVITE') this.#finishOther(sent, response);
    else if (dialog && !this.#answered.has(dialog)) {
      if (!sent.inDialog) this.#record(dialog, response);
      this.#finishInvite(sent, dialog);
      if (!sent.inDialog) this.#context.dialogs.remove(dialog);
    }
    tellOwnResponse(client, response, { protocol: sent.point.protocol, transactionId, dialogId: dialog?.id });
  }

  #tell(sent: SentRequest, response: SipResponse, source: SipHop): void {
    const { transactionId, client, dialog } = sent;
    tellMessage(client, { message: response, source, transactionId, dialogId: dialog?.id });
  }

  /** A re-INVITE of the server's own that keeps a session alive. */
  followRefresh(dialog: Dialog, request: SipRequest, hop: SipHop): void {
    const end = () => void endWithBye(dialog, SESSION_EXPIRED, this.#context);
    const transaction = this.#context.layer.request(request, hop, {
      onResponse: (response, source) => {
        if (response.status < 200 || dialog.ended) return;
        dialog.inviteUnderWay = false;
        if (response.status < 300) void this.#acknowledgeRefresh(dialog, transaction, response, source);
        else if (response.status === 491) this.#rearm(dialog);
        else end();
      },
      onTimeout: end,
      onTransportError: end,
    });
  }

  /** Never rejects. */
  async #acknowledgeRefresh(
    dialog: Dialog,
    transaction: ClientTransaction,
    response: SipResponse,
    source: SipHop,
  ): Promise<void> {
    const { sequence } = parseCSeq(transaction.request.headers.get('CSeq') ?? '');
    dialog.refreshTarget(response);
    armSessionTimer(dialog, readSessionExpires(response.headers), 'uac', this.#sessions);
    const hop = await acknowledgementHop(dialog, source, this.#context);
    this.#context.layer.sendStateless(dialog.request('ACK', sequence), hop);
  }

  #rearm(dialog: Dialog): void {
    const again = { seconds: dialog.sessionSeconds, refresher: 'uac' } as const;
    armSessionTimer(dialog, again, 'uac', this.#sessions);
  }
}

function ownResponse(request: SipRequest, status: number, reason: string): SipResponse {
  const { headers: asked } = request;
  const to = asked.get('To') ?? '';
  const headers = new SipHeaders([
    ['Via', asked.get('Via') ?? ''],
    ['From', asked.get('From') ?? ''],
    ['To', tagOf(to) === undefined ? withTag(to, newTag()) : to],
    ['Call-ID', asked.get('Call-ID') ?? ''],
    ['CSeq', asked.get('CSeq') ?? ''],
    ['Content-Length', '0'],
  ]);
  return { kind: 'response', status, reason, headers, body: EMPTY_BODY };
}

/** Without proxies, a Contact that names another host than the one that answered cannot be reached. */
function isBehindNat(dialog: Dialog, response: SipResponse, source: SipHop): boolean {
  const contact = contactUri(response.headers);
  const uri = contact === undefined ? undefined : tryParseSipUri(contact);
  return dialog.routeSet.length === 0 && uri !== undefined && uri.host !== source.address;
}
