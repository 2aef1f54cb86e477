/** Requests that applications send: outside of dialogs, inside them, CANCEL. */
import { randomInt, randomUUID } from 'node:crypto';
import { formatNameAddr, parseCSeq, parseNameAddr, tagOf, withTag } from '../wire/sip-address.ts';
import { SipHeaders, SipParseError, type SipRequest } from '../wire/sip-message.ts';
import {
  NamedTimers,
  newTag,
  NoTransportError,
  type ClientTransaction,
  type ClientTransactionUser,
  type ListeningPoint,
  type SipHop,
} from '../sip/index.ts';
import { clientHeaders, fillContentType, MissingContentType } from './client-message.ts';
import type { ClientPort } from './client-port.ts';
import { contactOf } from './contact.ts';
import { METHODS, RefusedByServer, type DrachtioContext } from './context.ts';
import { Dialog, tryParseSipUri } from './dialog.ts';
import { inServerOrder } from './header-order.ts';
import { IncomingResponses, type SentRequest } from './incoming-responses.ts';
import { answerFailed, answerRequestSent } from './reports.ts';
import { destinationOf, endWithBye, SESSION_EXPIRED, watchOrphan } from './sender.ts';
import type { SessionTimerUser } from './session-timers.ts';
import { TargetError } from './target.ts';

/** Where a client wants a request to go: tokens 2 to 4 of its frame. */
export interface RequestAddressing {
  readonly transactionId: string;
  readonly dialogId: string;
  /** Outbound proxy. */
  readonly routeUri: string;
}

const FIRST_SEQUENCE_BELOW = 2 ** 30;

export class OutgoingRequests implements SessionTimerUser {
  readonly #context: DrachtioContext;
  readonly #responses: IncomingResponses;
  /** By the id the client knows; until the final response. */
  readonly #sent = new Map<string, SentRequest>();

  constructor(context: DrachtioContext) {
    this.#context = context;
    this.#responses = new IncomingResponses(context, this, (sent) => this.#sent.delete(sent.transactionId));
  }

  get size(): number {
    return this.#sent.size;
  }

  /** Sends the request of a client and tells it how that went. */
  async request(client: ClientPort, messageId: string, message: SipRequest, to: RequestAddressing): Promise<void> {
    try {
      if (to.dialogId !== '') await this.#inside(client, messageId, message, to.dialogId);
      else if (to.transactionId !== '') this.#cancel(client, messageId, message, to.transactionId);
      else await this.#withoutIds(client, messageId, message, to.routeUri);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      answerFailed(client, messageId, to.dialogId === '' ? error.message : `Server error: ${error.message}`);
    }
  }

  /** Calls that this client is making are given up; its dialogs live on. */
  clientGone(client: ClientPort): void {
    for (const sent of [...this.#sent.values()]) {
      if (sent.client !== client) continue;
      sent.cancelled = true;
      if (sent.method === 'INVITE') sent.transaction.cancel();
    }
  }

  async #withoutIds(client: ClientPort, messageId: string, message: SipRequest, routeUri: string): Promise<void> {
    const callId = message.headers.get('Call-ID');
    const dialog = callId === undefined ? undefined : this.#context.dialogs.findByCallId(callId);
    if (dialog) await this.#inside(client, messageId, message, dialog.id);
    else await this.#outside(client, messageId, message, routeUri);
  }

  async #outside(client: ClientPort, messageId: string, message: SipRequest, routeUri: string): Promise<void> {
    const { layer, resolver } = this.#context;
    if (!METHODS.has(message.method))
      throw new RefusedByServer(`invalid request-uri: ${message.method} ${message.uri}`);
    const target = routeUri === '' ? message.uri : withScheme(routeUri);
    const [first, ...alternatives] = await resolver.resolveAll(target);
    const point = layer.pointTo(first);
    if (layer.listeningPoints.some((own) => isSame(own, first))) {
      throw new RefusedByServer('can not send request to myself');
    }
    const headers = completeOutside(message, point);
    const request: SipRequest = { ...message, headers: inServerOrder(headers) };
    const hop = await this.#hopForSize(request, first, target);
    const transactionId = randomUUID();
    const makesDialog = message.method === 'INVITE' || message.method === 'SUBSCRIBE';
    const dialog = makesDialog ? this.#makeDialog(request, point, hop, client, transactionId) : undefined;
    if (dialog?.purpose === 'subscription') this.#context.dialogs.addUnanswered(dialog);
    this.#send(client, messageId, { request, hop, alternatives, transactionId, dialog, inDialog: false });
  }

  /** Who names a transport gets it, whatever the size, as from the real server. */
  async #hopForSize(request: SipRequest, hop: SipHop, target: string): Promise<SipHop> {
    const isNamed = tryParseSipUri(target)?.parameters.has('transport') ?? false;
    return isNamed ? hop : this.#context.largeRequests.hopFor(request, hop);
  }

  async #inside(client: ClientPort, messageId: string, message: SipRequest, dialogId: string): Promise<void> {
    const dialog = this.#dialogFor(message, dialogId);
    if (message.method === 'ACK') {
      await this.#responses.acknowledge(client, messageId, dialog, message);
      return;
    }
    const { point } = dialog;
    const extra = clientHeaders(message, { host: point.advertisedAddress, port: point.port }, true);
    fillContentType(extra, message.body, true);
    if (needsContact(message.method) && !extra.has('Contact')) extra.append('Contact', contactOf(point));
    const usual = await this.#hopInside(dialog, message.method);
    if (dialog.ended) throw new RefusedByServer('unable to find dialog for dialog id provided');
    if (!dialog.owner.connected) watchOrphan(dialog, this.#context);
    if (message.method === 'BYE') this.#cancelInvitesIn(dialog);
    const own = message.uri.includes('placeholder') ? {} : { uri: message.uri };
    const made = dialog.request(message.method, dialog.nextSequence(), { ...own, extra, body: message.body });
    const request = { ...made, headers: inServerOrder(made.headers) };
    // Behind NAT there is one way only, the one that the peer has opened.
    const hop = dialog.behindNat ? usual : await this.#hopForSize(request, usual, dialog.nextHop);
    const transactionId = randomUUID();
    this.#send(client, messageId, { request, hop, alternatives: [], transactionId, dialog, inDialog: true });
  }

  /** A dialog that its client hangs up is over, even when its peer cannot be told. */
  async #hopInside(dialog: Dialog, method: string): Promise<SipHop> {
    try {
      return await destinationOf(dialog, this.#context);
    } catch (error) {
      if (method === 'BYE') this.#context.dialogs.remove(dialog);
      throw error;
    }
  }

  #dialogFor(message: SipRequest, dialogId: string): Dialog {
    const dialog = this.#context.dialogs.findById(dialogId);
    if (!dialog) {
      throw new RefusedByServer(
        message.method === 'ACK'
          ? 'ACK for non-success final response is automatically generated by server'
          : 'unable to find dialog for dialog id provided',
      );
    }
    if (!METHODS.has(message.method)) {
      throw new RefusedByServer(`invalid or missing method supplied on start line: ${message.method} ${message.uri}`);
    }
    return dialog;
  }

  #send(
    client: ClientPort,
    messageId: string,
    what: Pick<SentRequest, 'transactionId' | 'dialog' | 'inDialog' | 'alternatives'> & {
      request: SipRequest;
      hop: SipHop;
    },
  ): void {
    const { request, hop, transactionId, dialog, inDialog, alternatives } = what;
    const { layer } = this.#context;
    const point = layer.pointTo(hop);
    const state = { client, transactionId, dialog, inDialog, method: request.method, point, alternatives };
    const user = this.#responses.follow(
      () => this.#sent.get(transactionId) ?? sent,
      (failed) => this.#tryNext(failed, request, user),
    );
    const transaction = layer.request(request, hop, user);
    const sent: SentRequest = { ...state, transaction, request: transaction.request };
    this.#sent.set(transactionId, sent);
    if (dialog && request.method === 'INVITE') {
      dialog.inviteUnderWay = true;
      if (request.body.length > 0) dialog.localSdp = request.body;
    }
    answerRequestSent(client, messageId, transaction.request, { point, transactionId });
    const { records } = this.#context;
    if (request.method === 'INVITE' && !inDialog) records.attempt('application', transaction.request);
    if (request.method === 'BYE') records.stop('application', 'normal-release', transaction.request);
  }

  /** The same request, in a transaction of its own, to the next hop that can be sent to. */
  #tryNext(sent: SentRequest, request: SipRequest, user: ClientTransactionUser): boolean {
    const hop = sent.alternatives.shift();
    if (!hop) return false;
    this.#context.logger.debug({ failed: sent.transaction.destination, hop }, 'trying the next hop');
    sent.transaction = this.#context.layer.request(request, hop, user);
    sent.request = sent.transaction.request;
    return true;
  }

  #cancel(client: ClientPort, messageId: string, message: SipRequest, transactionId: string): void {
    const invite = this.#sent.get(transactionId);
    if (message.method !== 'CANCEL' || invite?.method !== 'INVITE') {
      throw new RefusedByServer(`unable to cancel unknown transaction id: ${transactionId}`);
    }
    const { point } = invite;
    const extra = clientHeaders(message, { host: point.advertisedAddress, port: point.port }, true);
    const headers = Object.fromEntries([...extra].filter(([name]) => !/^max-forwards$/i.test(name)));
    const cancel = invite.transaction.cancel(headers);
    invite.cancelled = true;
    answerRequestSent(client, messageId, cancel, { point, transactionId: randomUUID() });
  }

  /** BYE while our re-INVITE is open: that one is given up first. */
  #cancelInvitesIn(dialog: Dialog): void {
    for (const sent of this.#sent.values()) {
      if (sent.dialog === dialog && sent.method === 'INVITE') sent.transaction.cancel();
    }
  }

  #makeDialog(
    request: SipRequest,
    point: ListeningPoint,
    peer: ClientTransaction['destination'],
    owner: ClientPort,
    inviteTransactionId: string,
  ): Dialog {
    const { headers } = request;
    const local = headers.get('From') ?? '';
    const dialog = new Dialog({
      role: 'uac',
      purpose: request.method === 'SUBSCRIBE' ? 'subscription' : 'call',
      callId: headers.get('Call-ID') ?? '',
      localTag: tagOf(local) ?? '',
      remoteTag: undefined,
      local,
      remote: headers.get('To') ?? '',
      localSequence: parseCSeq(headers.get('CSeq') ?? '').sequence,
      remoteSequence: undefined,
      remoteTarget: request.uri,
      routeSet: [],
      point,
      peer,
      owner,
      timers: new NamedTimers(this.#context.clock),
      inviteTransactionId,
    });
    dialog.localContact = headers.get('Contact') ?? contactOf(point);
    return dialog;
  }

  /** Half of a session interval that is ours to refresh is over. */
  refresh(dialog: Dialog): void {
    void this.#refresh(dialog).catch((error: unknown) => {
      this.#context.logger.warn({ err: error, dialog: dialog.id }, 'session could not be refreshed');
      void endWithBye(dialog, SESSION_EXPIRED, this.#context);
    });
  }

  expired(dialog: Dialog): void {
    void endWithBye(dialog, SESSION_EXPIRED, this.#context);
  }

  async #refresh(dialog: Dialog): Promise<void> {
    const hop = await destinationOf(dialog, this.#context);
    if (dialog.ended) return;
    const extra = new SipHeaders([
      ['Contact', dialog.localContact],
      ['Session-Expires', `${dialog.sessionSeconds};refresher=uac`],
    ]);
    fillContentType(extra, dialog.localSdp, false);
    const request = dialog.request('INVITE', dialog.nextSequence(), { extra, body: dialog.localSdp });
    dialog.inviteUnderWay = true;
    this.#responses.followRefresh(dialog, { ...request, headers: inServerOrder(request.headers) }, hop);
  }
}

/** An outbound proxy may be given as address and port only. */
function withScheme(proxy: string): string {
  return /^sips?:/i.test(proxy) ? proxy : `sip:${proxy}`;
}

function needsContact(method: string): boolean {
  return method === 'INVITE' || method === 'SUBSCRIBE' || method === 'REFER' || method === 'UPDATE';
}

/** What the server fills in for a request outside of a dialog: From, To, Call-ID, CSeq, Contact, Content-Type. */
function completeOutside(message: SipRequest, point: ListeningPoint): SipHeaders {
  const headers = clientHeaders(message, { host: point.advertisedAddress, port: point.port }, false);
  const from = bracketed(headers.get('From') ?? contactOf(point));
  headers.set('From', tagOf(from) === undefined ? withTag(from, newTag()) : from);
  headers.set('To', bracketed(headers.get('To') ?? `<${message.uri}>`));
  if (!headers.has('Call-ID')) headers.set('Call-ID', randomUUID());
  if (!headers.has('Max-Forwards')) headers.set('Max-Forwards', '70');
  const asked = headers.get('CSeq');
  const sequence = asked === undefined ? randomInt(1, FIRST_SEQUENCE_BELOW) : parseCSeq(asked).sequence;
  headers.set('CSeq', `${sequence} ${message.method}`);
  const wantsContact = message.method === 'INVITE' || message.method === 'SUBSCRIBE';
  if (wantsContact && !headers.has('Contact')) headers.set('Contact', contactOf(point));
  fillContentType(headers, message.body, true);
  return headers;
}

function bracketed(address: string): string {
  return address.includes('<') ? address : formatNameAddr(parseNameAddr(address));
}

function isSame(point: ListeningPoint, hop: { protocol: string; address: string; port: number }): boolean {
  const addressed = point.address === hop.address || point.advertisedAddress === hop.address;
  return point.protocol === hop.protocol && addressed && point.port === hop.port;
}

function isRefusal(error: unknown): error is Error {
  return (
    error instanceof RefusedByServer ||
    error instanceof TargetError ||
    error instanceof NoTransportError ||
    error instanceof MissingContentType ||
    error instanceof SipParseError
  );
}
