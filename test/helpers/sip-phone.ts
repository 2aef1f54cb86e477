/** A small SIP user agent for tests: one transaction layer, calls as objects, every event awaitable. */
import { EventEmitter } from 'node:events';
import { createLogger } from '../../config/index.ts';
import {
  startTransactionLayer,
  type ClientTransaction,
  type ServerTransaction,
  type SipHop,
  type SipTimings,
  type TlsOptions,
  type TransactionLayer,
  type TransportProtocol,
} from '../../embedded/sip/index.ts';
import { parseCSeq, parseNameAddr, tagOf } from '../../embedded/sip/index.ts';
import { EMPTY_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../embedded/sip/index.ts';

import { testTls } from './tls.ts';

export const SDP =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';

const logger = createLogger({ logLevel: 'silent' });
let calls = 0;

/** Waits for an event, 5 s at most unless told otherwise, so that a test says what it was waiting for; an `error` before it is no concern. */
export function event<T>(emitter: EventEmitter, name: string, deadlineMs = 5_000): Promise<T> {
  return new Promise((resolve, reject) => {
    const listener = (value: T) => {
      clearTimeout(timer);
      resolve(value);
    };
    const timer = setTimeout(() => {
      emitter.off(name, listener);
      reject(new Error(`no event ${name} within ${deadlineMs / 1_000} s`));
    }, deadlineMs);
    emitter.once(name, listener);
  });
}

export function response(status: number, reason: string, body = '', extra: Record<string, string> = {}): SipResponse {
  const headers = new SipHeaders(Object.entries(extra));
  if (body !== '') headers.append('Content-Type', 'application/sdp');
  return { kind: 'response', status, reason, headers, body: Buffer.from(body) };
}

/** One call of a phone. Emits `provisional`, `answered`, `failed`, `outcome` (either of these two), `ack`, and each in-dialog request by its method. */
export class PhoneCall extends EventEmitter {
  readonly phone: SipPhone;
  readonly callId: string;
  local: string;
  remote: string;
  target: string;
  routes: string[] = [];
  hop: SipHop;
  sequence: number;
  invite: ClientTransaction | undefined;
  incoming: ServerTransaction | undefined;
  readonly responses: SipResponse[] = [];

  constructor(
    phone: SipPhone,
    details: { callId: string; local: string; remote: string; target: string; hop: SipHop; sequence: number },
  ) {
    super();
    this.phone = phone;
    this.callId = details.callId;
    this.local = details.local;
    this.remote = details.remote;
    this.target = details.target;
    this.hop = details.hop;
    this.sequence = details.sequence;
  }

  /** Answers the INVITE that made this call. */
  answer(status: number, reason: string, body = '', extra: Record<string, string> = {}): void {
    const made = response(status, reason, body, { Contact: this.phone.contact, ...extra });
    if (status < 300) for (const route of this.routes) made.headers.append('Record-Route', route);
    this.local = this.incoming!.respond(made).headers.get('To')!;
  }

  ack(body = ''): void {
    this.phone.layer.sendStateless(this.make('ACK', this.sequence, body), this.hop);
  }

  /**
   * Sends a request in the dialog and waits for its final response; an INVITE is acknowledged.
   * @param answer of the ACK
   */
  async request(method: string, body = '', extra: Record<string, string> = {}, answer = ''): Promise<SipResponse> {
    this.sequence++;
    const outcome = new EventEmitter();
    const final = event<SipResponse>(outcome, 'final');
    const request = this.make(method, this.sequence, body, extra);
    this.phone.layer.request(request, this.hop, {
      onResponse: (received) => {
        this.responses.push(received);
        if (received.status >= 200) outcome.emit('final', received);
      },
      onTimeout: () => outcome.emit('final', response(408, 'Request Timeout')),
    });
    const last = await final;
    if (method === 'INVITE' && last.status < 300) this.ack(answer);
    return last;
  }

  make(method: string, sequence: number, body = '', extra: Record<string, string> = {}): SipRequest {
    const headers = new SipHeaders([
      ...this.routes.map((route) => ['Route', route] as const),
      ['From', this.local],
      ['To', this.remote],
      ['Call-ID', this.callId],
      ['CSeq', `${sequence} ${method}`],
      ['Contact', this.phone.contact],
      ...Object.entries(extra),
    ]);
    if (body !== '' && !headers.has('Content-Type')) headers.append('Content-Type', 'application/sdp');
    return { kind: 'request', method, uri: this.target, headers, body: body === '' ? EMPTY_BODY : Buffer.from(body) };
  }
}

/** Emits `call` for each INVITE that begins a call. In-dialog requests are answered 200 unless `answerWith` says else. */
export class SipPhone extends EventEmitter {
  layer!: TransactionLayer;
  readonly protocol: TransportProtocol;
  readonly calls = new Map<string, PhoneCall>();
  /** Final answer to requests in dialogs, by method. */
  readonly answerWith = new Map<string, (request: SipRequest) => SipResponse>();
  /** When set, answers every INVITE at once. */
  onInvite: ((call: PhoneCall) => void) | undefined;
  /** Requests outside of any dialog other than INVITE. */
  readonly received: SipRequest[] = [];

  constructor(protocol: TransportProtocol) {
    super();
    this.protocol = protocol;
  }

  get port(): number {
    return this.layer.listeningPoints[0]!.port;
  }

  get uri(): string {
    return `sip:phone@${this.layer.listeningPoints[0]!.address}:${this.port}${this.protocol === 'udp' ? '' : `;transport=${this.protocol}`}`;
  }

  get contact(): string {
    return `<${this.uri}>`;
  }

  /** Dials; the INVITE goes to `port` on loopback. */
  call(
    port: number,
    body = SDP,
    extra: Record<string, string> = {},
    from = '"Alice" <sip:+15551230001@127.0.0.1>',
    dialled = '18005550100',
  ): PhoneCall {
    return this.#dial(`sip:${dialled}@127.0.0.1:${port}`, port, body, extra, from);
  }

  /** Dials a URI; the INVITE still goes to `port` on loopback. */
  callTo(uri: string, port: number, extra: Record<string, string> = {}): PhoneCall {
    return this.#dial(uri, port, SDP, extra, '"Alice" <sip:+15551230001@127.0.0.1>');
  }

  #dial(uri: string, port: number, body: string, extra: Record<string, string>, from: string): PhoneCall {
    calls++;
    const hop: SipHop = { protocol: this.protocol, address: '127.0.0.1', port };
    const call = new PhoneCall(this, {
      callId: `call-${calls}-${this.port}`,
      local: `${from};tag=t${calls}`,
      remote: `<${uri}>`,
      target: uri,
      hop,
      sequence: 1,
    });
    this.calls.set(call.callId, call);
    call.invite = this.layer.request(call.make('INVITE', 1, body, extra), hop, {
      onResponse: (answer) => this.#onAnswer(call, answer),
      onTimeout: () => call.emit('timeout'),
      onTransportError: (error) => call.emit('transport-error', error),
    });
    return call;
  }

  #onAnswer(call: PhoneCall, answer: SipResponse): void {
    call.responses.push(answer);
    if (answer.status < 200) {
      if (answer.status > 100) {
        if (tagOf(answer.headers.get('To')) !== undefined) call.remote = answer.headers.get('To')!;
        call.emit('provisional', answer);
      }
    } else if (answer.status < 300) {
      call.remote = answer.headers.get('To')!;
      call.target = parseNameAddr(answer.headers.get('Contact')!).uri;
      call.routes = answer.headers.getList('Record-Route').reverse();
      call.emit('answered', answer);
      call.emit('outcome', answer);
    } else {
      call.emit('failed', answer);
      call.emit('outcome', answer);
    }
  }

  /** The called side of a dialog that a request other than INVITE has made. */
  adopt(request: SipRequest, localTag: string, port: number): PhoneCall {
    const { headers } = request;
    const to = headers.get('To')!;
    const call = new PhoneCall(this, {
      callId: headers.get('Call-ID')!,
      local: tagOf(to) === undefined ? `${to};tag=${localTag}` : to,
      remote: headers.get('From')!,
      target: parseNameAddr(headers.get('Contact')!).uri,
      hop: { protocol: this.protocol, address: '127.0.0.1', port },
      sequence: parseCSeq(headers.get('CSeq')!).sequence,
    });
    this.calls.set(call.callId, call);
    return call;
  }

  onRequest(transaction: ServerTransaction): { onCancel: () => void } | object {
    const { request } = transaction;
    const call = this.calls.get(request.headers.get('Call-ID')!);
    if (request.method === 'INVITE' && tagOf(request.headers.get('To')) === undefined)
      return this.#incomingCall(transaction);
    if (call) call.emit(request.method, request);
    else this.received.push(request);
    const answerWith = this.answerWith.get(request.method);
    transaction.respond(
      answerWith?.(request) ?? response(200, 'OK', request.method === 'INVITE' ? SDP : '', { Contact: this.contact }),
    );
    return {};
  }

  #incomingCall(transaction: ServerTransaction): object {
    const { request, source } = transaction;
    const { headers } = request;
    const call = new PhoneCall(this, {
      callId: headers.get('Call-ID')!,
      local: headers.get('To')!,
      remote: headers.get('From')!,
      target: parseNameAddr(headers.get('Contact')!).uri,
      hop: source,
      sequence: parseCSeq(headers.get('CSeq')!).sequence,
    });
    call.incoming = transaction;
    call.routes = headers.getList('Record-Route');
    this.calls.set(call.callId, call);
    this.emit('call', call);
    this.onInvite?.(call);
    return {
      onCancel: () => {
        call.emit('CANCEL');
        call.answer(487, 'Request Terminated');
      },
    };
  }

  onAck(ack: SipRequest): void {
    this.calls.get(ack.headers.get('Call-ID')!)?.emit('ack', ack);
  }
}

export async function startPhone(
  protocol: TransportProtocol = 'udp',
  timings?: Partial<SipTimings>,
  tls: Partial<TlsOptions> = {},
  address = '127.0.0.1',
): Promise<SipPhone> {
  const phone = new SipPhone(protocol);
  phone.layer = await startTransactionLayer({
    listen: [{ protocol, address, port: 0 }],
    user: { onRequest: (transaction) => phone.onRequest(transaction), onAck: (ack) => phone.onAck(ack) },
    logger,
    timings,
    tls: { ...testTls, ...tls },
  });
  return phone;
}
