/** Requests that applications want passed on: `proxy` frames, from the first check to the last report. */
import { SipHeaders, type SipRequest, type SipResponse } from '../../wire/sip-message.ts';
import type { ListeningPoint, ServerTransaction } from '../../sip/index.ts';
import { refusalReason } from '../call-records.ts';
import { clientHeaders } from '../client-message.ts';
import type { ClientPort } from '../client-port.ts';
import type { DrachtioContext } from '../context.ts';
import { makeResponse } from '../make-response.ts';
import type { PendingRequest, PendingRequests } from '../pending-requests.ts';
import { answerFailed, answerProxyDone, answerProxyResponse } from '../reports.ts';
import { endUnwantedAnswer } from '../sender.ts';
import { Branch, type BranchUser } from './branch.ts';
import { breadthOf, forwardedCopy, hasLooped, hopsLeft, loopMark, namesUs, requestUriOf } from './forwarding.ts';
import type { OwnRoutes } from './own-routes.ts';
import type { ProxyOptions } from './proxy-frame.ts';
import { ResponseContext } from './response-context.ts';

/** A caller answers a challenge at once; later it is a request like any other. */
const CHALLENGE_MS = 2_000;
const MAX_CHALLENGES = 10_000;

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly extra?: Readonly<Record<string, string>>;
  /** What the application is told. */
  readonly text: string;
}

export class ProxiedRequests {
  readonly #context: DrachtioContext;
  readonly #pending: PendingRequests;
  readonly #routes: () => OwnRoutes;
  readonly #live = new Set<ResponseContext>();
  /** By nonce: which of several destinations asked for credentials, and until when that is remembered. */
  readonly #challenges = new Map<string, { target: string; until: number }>();

  constructor(context: DrachtioContext, pending: PendingRequests, routes: () => OwnRoutes) {
    this.#context = context;
    this.#pending = pending;
    this.#routes = routes;
  }

  /** How many are on their way, or have branches that may still answer. */
  get size(): number {
    return this.#live.size;
  }

  stop(): void {
    for (const context of this.#live) context.abort();
    this.#live.clear();
  }

  /** @param message its headers go onto what is passed on */
  proxy(client: ClientPort, messageId: string, options: ProxyOptions, message: SipRequest | undefined): void {
    const pending = this.#pending.get(options.transactionId);
    if (!pending || pending.inDialog || pending.dialog) {
      answerFailed(client, messageId, `Unknown transaction id: ${options.transactionId}`);
      return;
    }
    this.#pending.remove(pending);
    const refusal = this.#refusalOf(pending.transaction.request, options);
    if (refusal) {
      pending.transaction.respond(makeResponse(refusal.status, refusal.reason, refusal.extra));
      answerFailed(client, messageId, refusal.text);
      return;
    }
    this.#passOn(client, messageId, options, pending, message);
  }

  #refusalOf(request: SipRequest, { simultaneous, destinations }: ProxyOptions): Refusal | undefined {
    if (hopsLeft(request) <= 0) {
      const text = 'Rejected with 483 Too Many Hops due to Max-Forwards value of 0';
      return { status: 483, reason: 'Too Many Hops', text };
    }
    if (hasLooped(request, this.#context.layer.listeningPoints)) {
      return { status: 482, reason: 'Loop Detected', text: 'Rejected with 482 Loop Detected' };
    }
    const unknown = request.headers.getAll('Proxy-Require').join(', ');
    if (unknown !== '') {
      const extra = { Unsupported: unknown };
      return { status: 420, reason: 'Bad Extension', extra, text: 'Rejected with 420 Bad Extension' };
    }
    if (simultaneous && destinations.length > breadthOf(request)) {
      const text = 'Rejected with 440 Max-Breadth Exceeded';
      return { status: 440, reason: 'Max-Breadth Exceeded', text };
    }
    return undefined;
  }

  #passOn(
    client: ClientPort,
    messageId: string,
    options: ProxyOptions,
    pending: PendingRequest,
    message: SipRequest | undefined,
  ): void {
    const { transaction } = pending;
    const { request } = transaction;
    const { records } = this.#context;
    const challenged = this.#challengedBy(request);
    const targets = challenged === undefined ? options.destinations : [challenged];
    const context = new ResponseContext({
      transaction,
      ...options,
      targets,
      branchTo: this.#branches(transaction, options, targets.length, message),
      user: {
        onSent: (sent) => {
          if (request.method === 'INVITE') records.attempt('application', sent);
        },
        onAnswered: (response) => {
          if (request.method !== 'INVITE') return;
          if (response.status < 300) records.start('application', 'proxy-uas', response);
          else records.stop('application', refusalReason(response.status), response);
        },
        onFinal: (response, source) => {
          if (request.method === 'INVITE') this.#recordFinal(response);
          if (options.fullResponse) answerProxyResponse(client, messageId, response, source);
        },
        onUnwanted: (response, source) => endUnwantedAnswer(response, source, this.#context),
        onChallenge: (response, target) => this.#remember(response, target),
        onDone: (wasSent) => {
          if (!wasSent) answerFailed(client, messageId, 'error proxying request to ');
          else if (options.fullResponse) answerProxyDone(client, messageId);
        },
        onOver: () => this.#live.delete(context),
      },
    });
    pending.taker = context;
    this.#live.add(context);
    context.start();
    if (!options.fullResponse) answerProxyDone(client, messageId);
  }

  #recordFinal(response: SipResponse): void {
    const { records } = this.#context;
    if (response.status < 300) records.start('network', 'proxy-uac', response);
    else records.stop('network', refusalReason(response.status), response);
  }

  #branches(
    transaction: ServerTransaction,
    options: ProxyOptions,
    count: number,
    message: SipRequest | undefined,
  ): (target: string, user: BranchUser, isRedirect: boolean) => Branch {
    const { request, receivedOn } = transaction;
    const { layer } = this.#context;
    const isForUs = namesUs(request.uri, layer.listeningPoints);
    const mark = loopMark(request);
    const breadth = options.simultaneous ? { breadth: Math.max(1, Math.floor(breadthOf(request) / count)) } : {};
    const requestFrom = (point: ListeningPoint, target: string, isRedirect: boolean) =>
      forwardedCopy(request, {
        // A Request-URI that is not ours is the destination's to understand, unless it sent us elsewhere.
        uri: isForUs || isRedirect ? requestUriOf(target) : undefined,
        recordRoutes: options.recordRoute ? this.#recordRoutes(request, receivedOn, point) : [],
        routes: this.#routesLeft(request),
        headers: message ? ownHeaders(message, point) : new SipHeaders(),
        ...breadth,
      });
    return (target, user, isRedirect) => {
      const { provisionalTimeoutMs, finalTimeoutMs } = options;
      const plan = { target, mark, provisionalTimeoutMs, finalTimeoutMs, user };
      return new Branch({ ...plan, requestFrom: (point) => requestFrom(point, target, isRedirect) }, this.#context);
    };
  }

  #recordRoutes(request: SipRequest, from: ListeningPoint, to: ListeningPoint): string[] {
    const routes = this.#routes().forDialog(request.headers.get('Call-ID') ?? '', from, to);
    return request.method === 'REGISTER' ? routes.slice(0, 1) : routes;
  }

  /** Some phones name us as the first route of their first request. */
  #routesLeft(request: SipRequest): string[] {
    const routes = request.headers.getList('Route');
    return routes[0] !== undefined && this.#routes().isOwn(routes[0]) ? routes.slice(1) : routes;
  }

  #remember(response: SipResponse, target: string): void {
    if (this.#challenges.size >= MAX_CHALLENGES) this.#challenges.clear();
    const until = this.#context.clock.now() + CHALLENGE_MS;
    for (const nonce of noncesOf(response.headers, ['WWW-Authenticate', 'Proxy-Authenticate'])) {
      this.#challenges.set(nonce, { target, until });
    }
  }

  /** Credentials go to who asked for them, not to all destinations again. */
  #challengedBy(request: SipRequest): string | undefined {
    for (const nonce of noncesOf(request.headers, ['Authorization', 'Proxy-Authorization'])) {
      const challenge = this.#challenges.get(nonce);
      this.#challenges.delete(nonce);
      if (challenge && challenge.until > this.#context.clock.now()) return challenge.target;
    }
    return undefined;
  }
}

function noncesOf(headers: SipHeaders, names: readonly string[]): string[] {
  return names
    .flatMap((name) => headers.getAll(name))
    .flatMap((value) => /\bnonce="([^"]{1,256})"/i.exec(value)?.[1] ?? []);
}

/** What the application puts on the way; neither dialog nor hops are its to change. */
function ownHeaders(message: SipRequest, point: ListeningPoint): SipHeaders {
  const headers = clientHeaders(message, { host: point.advertisedAddress, port: point.port }, true);
  headers.delete('Max-Forwards');
  return headers;
}
