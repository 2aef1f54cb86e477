/** What follows in dialogs that this server has put itself into: passed on by its route (RFC 3261 section 16). */
import { tagOf } from '../../wire/sip-address.ts';
import type { SipRequest } from '../../wire/sip-message.ts';
import {
  NoTransportError,
  withoutTopVia,
  type ClientTransaction,
  type ServerTransaction,
  type ServerTransactionUser,
  type SipHop,
} from '../../sip/index.ts';
import type { DrachtioContext } from '../context.ts';
import { makeResponse } from '../make-response.ts';
import { TargetError } from '../target.ts';
import { forwardedCopy, hopsLeft } from './forwarding.ts';
import { uriOf, type OwnRoutes } from './own-routes.ts';

interface Onward {
  readonly request: SipRequest;
  readonly nextUri: string;
}

export class RecordRouted {
  readonly #context: DrachtioContext;
  readonly #routes: () => OwnRoutes;

  constructor(context: DrachtioContext, routes: () => OwnRoutes) {
    this.#context = context;
    this.#routes = routes;
  }

  /** @returns undefined when it does not belong to such a dialog */
  take(transaction: ServerTransaction): ServerTransactionUser | undefined {
    const { request } = transaction;
    if (!this.#isOurs(request)) return undefined;
    if (hopsLeft(request) <= 0) {
      transaction.respond(makeResponse(483, 'Too Many Hops'));
      return {};
    }
    const { records } = this.#context;
    if (request.method === 'BYE') records.stop('network', 'normal-release', request);
    const passing = new Passing(transaction);
    this.#send(onwardOf(request, this.#routes()), passing).catch((error: unknown) => {
      this.#context.logger.debug({ err: error, method: request.method }, 'a request by our route cannot be passed on');
      passing.failed(error instanceof TargetError ? 404 : 503);
    });
    return passing;
  }

  /** ACK of a 2xx: nobody answers it. */
  takeAck(ack: SipRequest): void {
    if (!this.#isOurs(ack) || hopsLeft(ack) <= 0) return;
    const { request, nextUri } = onwardOf(ack, this.#routes());
    this.#context.resolver.resolve(nextUri).then(
      (hop) => this.#sendAck(request, hop),
      (error: unknown) => this.#context.logger.debug({ err: error }, 'an ACK by our route cannot be passed on'),
    );
  }

  #sendAck(ack: SipRequest, hop: SipHop): void {
    try {
      this.#context.layer.sendStateless(ack, hop);
    } catch (error) {
      if (!(error instanceof NoTransportError)) throw error;
    }
  }

  async #send({ request, nextUri }: Onward, passing: Passing): Promise<void> {
    const { resolver, layer, largeRequests, records } = this.#context;
    const hop = await largeRequests.hopFor(request, await resolver.resolve(nextUri));
    const transaction = layer.request(request, hop, {
      onResponse: (response) => {
        if (response.status > 100) passing.transaction.forward(withoutTopVia(response));
      },
      onTimeout: () => passing.failed(408),
      onTransportError: () => passing.failed(503),
    });
    passing.sent(transaction);
    if (request.method === 'BYE') records.stop('application', 'normal-release', transaction.request);
  }

  #isOurs(request: SipRequest): boolean {
    const [first] = request.headers.getList('Route');
    if (first === undefined || tagOf(request.headers.get('To')) === undefined) return false;
    const routes = this.#routes();
    return routes.isOwn(first) && routes.isProven(first, request.headers.get('Call-ID') ?? '');
  }
}

/** One request on its way. */
class Passing implements ServerTransactionUser {
  readonly transaction: ServerTransaction;
  #client: ClientTransaction | undefined;
  #isCancelled = false;

  constructor(transaction: ServerTransaction) {
    this.transaction = transaction;
  }

  sent(client: ClientTransaction): void {
    this.#client = client;
    if (this.#isCancelled) client.cancel();
  }

  /** The side that is called answers 487 itself. */
  onCancel(): void {
    this.#isCancelled = true;
    this.#client?.cancel();
  }

  failed(status: 404 | 408 | 503): void {
    const { transaction } = this;
    if (transaction.state !== 'trying' && transaction.state !== 'proceeding') return;
    const reasons = { 404: 'Not Found', 408: 'Request Timeout', 503: 'Service Unavailable' };
    transaction.respond(makeResponse(status, reasons[status]));
  }
}

/** Without our own routes, of which there may be two; a strict router gets itself as Request-URI (section 16.6, step 6). */
function onwardOf(request: SipRequest, own: OwnRoutes): Onward {
  const routes = request.headers.getList('Route');
  while (routes[0] !== undefined && own.isOwn(routes[0])) routes.shift();
  const [next, ...others] = routes;
  if (next === undefined) return { request: forwardedCopy(request, { routes }), nextUri: request.uri };
  const nextUri = uriOf(next) ?? request.uri;
  const isLoose = /;\s*lr\b/i.test(nextUri);
  const changes = isLoose ? { routes } : { uri: nextUri, routes: [...others, `<${request.uri}>`] };
  return { request: forwardedCopy(request, changes), nextUri };
}
