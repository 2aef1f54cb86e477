/** What authenticated applications ask for, frame by frame. */
import type { Logger } from '../../config/index.ts';
import { parseIncompleteSipMessage, SipParseError, type SipMessage } from '../wire/sip-message.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { OutgoingRequests } from './outgoing-requests.ts';
import type { OutgoingResponses } from './outgoing-responses.ts';
import { parseProxyFrame } from './proxy/proxy-frame.ts';
import type { ProxiedRequests } from './proxy/proxied-requests.ts';
import { answerFailed } from './reports.ts';

const VERB = /^[A-Za-z:_-]{1,32}$/;

export class FrameHandler {
  readonly #clients: ClientRegistry<ClientConnection>;
  readonly #requests: OutgoingRequests;
  readonly #responses: OutgoingResponses;
  readonly #proxied: ProxiedRequests;
  readonly #logger: Logger;

  constructor(
    clients: ClientRegistry<ClientConnection>,
    requests: OutgoingRequests,
    responses: OutgoingResponses,
    proxied: ProxiedRequests,
    logger: Logger,
  ) {
    this.#clients = clients;
    this.#requests = requests;
    this.#responses = responses;
    this.#proxied = proxied;
    this.#logger = logger;
  }

  handle(client: ClientConnection, tokens: readonly string[], sip: Buffer | undefined): void {
    const [messageId = '', kind = ''] = tokens;
    switch (kind) {
      case 'ping':
        client.send(['response', messageId, 'OK', 'pong']);
        break;
      case 'route':
      case 'remove_route':
        this.#route(client, messageId, kind, tokens[2] ?? '');
        break;
      case 'sip':
        void this.#sip(client, messageId, tokens, sip);
        break;
      case 'proxy':
        this.#proxy(client, messageId, tokens, sip);
        break;
      default:
        client.refuseAndClose(messageId, 'Unknown message type');
    }
  }

  #route(client: ClientConnection, messageId: string, kind: 'route' | 'remove_route', verb: string): void {
    if (!VERB.test(verb)) {
      const request = kind === 'route' ? 'Route' : 'Remove route';
      client.refuseAndClose(messageId, `${request} request includes unsupported verb`);
      return;
    }
    if (kind === 'route') this.#clients.addRoute(client, verb);
    else this.#clients.removeRoute(client, verb);
    client.send(['response', messageId, 'OK']);
  }

  #proxy(client: ClientConnection, messageId: string, tokens: readonly string[], sip?: Buffer): void {
    const options = parseProxyFrame(tokens);
    if (!options) {
      client.refuseAndClose(messageId, 'Invalid proxy request: not enough information provided');
      return;
    }
    const message = parse(sip);
    try {
      const headers = typeof message !== 'string' && message.kind === 'request' ? message : undefined;
      this.#proxied.proxy(client, messageId, options, headers);
    } catch (error) {
      this.#failed(client, messageId, error);
    }
  }

  #failed(client: ClientConnection, messageId: string, error: unknown): void {
    this.#logger.error({ err: error }, 'a frame of a drachtio client could not be handled');
    answerFailed(client, messageId, 'Internal server error');
  }

  async #sip(client: ClientConnection, messageId: string, tokens: readonly string[], sip?: Buffer): Promise<void> {
    const [, , transactionId = '', dialogId = '', routeUri = ''] = tokens;
    const message = parse(sip);
    try {
      if (typeof message === 'string') answerFailed(client, messageId, message);
      else if (message.kind === 'request') {
        await this.#requests.request(client, messageId, message, { transactionId, dialogId, routeUri });
      } else if (transactionId === '') client.refuseAndClose(messageId, 'transaction id missing');
      else this.#responses.respond(client, messageId, transactionId, message);
    } catch (error) {
      this.#failed(client, messageId, error);
    }
  }
}

/** The message, or what is wrong with it. */
function parse(sip: Buffer | undefined): SipMessage | string {
  try {
    return sip ? parseIncompleteSipMessage(sip) : 'there is no SIP message in the frame';
  } catch (error) {
    if (error instanceof SipParseError) return error.message;
    throw error;
  }
}
