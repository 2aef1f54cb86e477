/** The connection to drachtio-server and everything that comes over it. The only owner of the Srf object. */
import type { Logger } from '../../config/index.ts';
import { settled, withDeadline } from '../support/deadline.ts';
import { TypedEmitter } from '../support/typed-emitter.ts';
import type { InviteGate } from './gate.ts';
import { IncomingCall } from './incoming-call.ts';
import { readInvite, readTicket, type Invite, type Refusal } from './invite.ts';
import { answerOtherMethods } from './other-methods.ts';
import { OutboundTrunks, type OutboundTrunk } from './outbound-trunks.ts';
import {
  closeSrf,
  createSrf,
  forgetInvite,
  moveDialogsToCurrentSocket,
  type Srf,
  type SrfRequest,
  type SrfResponse,
} from './srf-port.ts';
import { browserSource, WebSocketPoints } from './web-socket.ts';

const APPLICATION_TAG = 'partyline';
const MAX_RETRY_DELAY_MS = 2_000;
const PING_INTERVAL_MS = 15_000;
const FOREIGN_BYE_DEADLINE_MS = 3_000;
const RETRY_AFTER_SECONDS = '5';

export interface SipServerOptions {
  readonly server: { readonly host: string; readonly port: number; readonly secret: string };
  readonly gate: InviteGate;
  readonly logger: Logger;
  /** May one more call be taken now? */
  readonly hasRoom: () => boolean;
}

export type SipServerEvents = {
  call: [call: IncomingCall];
  /** An INVITE that never became a call. */
  refused: [invite: Invite | null, refusal: Refusal];
  connected: [];
  disconnected: [];
};

/** `source`: whose allowance of INVITEs it uses up. */
type Origin =
  | { readonly kind: 'trunk'; readonly source: string; readonly trunk: string }
  | { readonly kind: 'browser'; readonly source: string; readonly ticket: string | null };

/** Silence hides nothing from browsers, and would make the SIP server keep the request for a minute. */
const NO_TICKET: Refusal = { status: 403, reason: 'ticket-refused' };

export class SipServer {
  readonly events: TypedEmitter<SipServerEvents>;
  readonly #options: SipServerOptions;
  readonly #logger: Logger;
  readonly #srf: Srf;
  #connected = false;
  #draining = false;
  #stopped = false;
  #listeningPoints = '';
  #webSockets = new WebSocketPoints('');
  #firstConnection: PromiseWithResolvers<void> = deferred();

  constructor(options: SipServerOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ room: 'sip' });
    this.events = new TypedEmitter((error, event) => this.#logger.error({ err: error, event }, 'a listener failed'));
    this.#srf = createSrf([APPLICATION_TAG]);
    this.#srf.on('connect', (error, hostport) => this.#onConnect(error, hostport));
    this.#srf.on('close', () => this.#onClose());
    this.#srf.on('error', (error) => this.#logger.warn({ err: error }, 'connection to the SIP server failed'));
    this.#srf.use('invite', (request, response) =>
      this.#guard(request, response, () => this.#onInvite(request, response)),
    );
    answerOtherMethods(this.#srf, (request, response, handle) => {
      this.#guard(request, response, () => {
        const origin = this.#origin(request);
        if (origin?.kind === 'trunk') handle();
        else if (origin !== null) this.#refuse(response, null, NO_TICKET);
      });
    });
  }

  /** For bridge/media: drachtio-fsmrf sends its INVITEs through the same connection. */
  get srf(): unknown {
    return this.#srf;
  }

  /** Calls of ours, over the same connection. */
  outboundTrunks(trunks: readonly OutboundTrunk[]): OutboundTrunks {
    return new OutboundTrunks({ srf: this.#srf, trunks, logger: this.#options.logger });
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** What drachtio-server listens on, as it says itself: `udp/10.0.0.1:5060,tcp/…`. */
  get listeningPoints(): string {
    return this.#listeningPoints;
  }

  /** Dialogs held, with callers and media servers: zero when all is over. */
  get dialogCount(): number {
    return this.#srf._dialogs.size;
  }

  /** Connects, and reconnects for ever after. @throws DeadlineError when there is no connection in time, or the secret is wrong */
  async connect(deadlineMs: number): Promise<void> {
    const { host, port, secret } = this.#options.server;
    this.#srf.connect({
      host,
      port,
      secret,
      enablePing: true,
      pingInterval: PING_INTERVAL_MS,
      reconnect: { retryMaxDelay: MAX_RETRY_DELAY_MS },
    });
    await withDeadline(this.#firstConnection.promise, deadlineMs, `connecting to drachtio-server at ${host}:${port}`);
  }

  /** From now on every new call gets 503. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends a dialog that another process made (it died). Best effort. */
  async endForeignDialog(dialogId: string): Promise<boolean> {
    if (!this.#connected) return false;
    const bye = this.#srf.request('sip:placeholder', { method: 'BYE', stackDialogId: dialogId });
    return settled(bye, FOREIGN_BYE_DEADLINE_MS);
  }

  /** Idempotent. Calls are ended by their owner before. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#connected = false;
    closeSrf(this.#srf);
    this.events.removeAll();
  }

  #onConnect(error: Error | null, hostport: string | undefined): void {
    if (this.#stopped) return;
    if (error) {
      this.#logger.error({ err: error }, 'drachtio-server refused the secret');
      this.#firstConnection.reject(error);
      return;
    }
    this.#connected = true;
    this.#listeningPoints = hostport ?? '';
    this.#webSockets = new WebSocketPoints(this.#listeningPoints);
    moveDialogsToCurrentSocket(this.#srf);
    this.#logger.info({ listeningPoints: hostport }, 'connected to the SIP server');
    this.#firstConnection.resolve();
    this.events.emit('connected');
  }

  #onClose(): void {
    if (this.#stopped || !this.#connected) return;
    this.#connected = false;
    this.#logger.warn('lost the SIP server; trying again');
    this.events.emit('disconnected');
  }

  /** The outermost layer: what is thrown in here would end the process inside drachtio-srf's data handler. */
  #guard(request: SrfRequest, response: SrfResponse, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#logger.error({ err: error, method: request.method }, 'a request could not be handled');
      try {
        if (!response.finalResponseSent) response.send(500);
      } catch (sendError) {
        this.#logger.warn({ err: sendError }, 'nor could it be refused');
      }
    }
  }

  #onInvite(request: SrfRequest, response: SrfResponse): void {
    const origin = this.#origin(request);
    if (origin === null) {
      // No answer at all: drachtio-server forgets the transaction by itself after 64 s.
      forgetInvite(request);
      this.#logger.debug({ source: request.source_address }, 'INVITE from a stranger dropped');
      return;
    }
    const early = this.#refuseEarly(origin);
    if (early) {
      this.#refuse(response, null, early);
      return;
    }
    const ticket = origin.kind === 'browser' ? origin.ticket : null;
    if (origin.kind === 'browser' && ticket === null) {
      this.#refuse(response, null, NO_TICKET);
      return;
    }
    const read = readInvite(request, ticket);
    if ('refusal' in read) {
      this.#logger.info({ source: request.source_address, why: read.why }, 'INVITE refused');
      this.#refuse(response, null, read.refusal);
      return;
    }
    if (this.events.listenerCount('call') === 0) {
      this.#refuse(response, read.invite, overloaded('shutdown'));
      return;
    }
    this.events.emit(
      'call',
      new IncomingCall({
        srf: this.#srf,
        request,
        response,
        invite: read.invite,
        trunk: origin.kind === 'browser' ? origin.kind : origin.trunk,
        onListenerError: (error, event) => this.#logger.error({ err: error, event }, 'a listener failed'),
      }),
    );
  }

  /**
   * Null for strangers. Nobody who comes through the web gateway is one of ours for their address, not even for this
   * machine's: only a ticket makes them so. A phone on our own secure WebSocket is known by its address, as any phone.
   */
  #origin(request: SrfRequest): Origin | null {
    const source = request.source_address;
    const way = this.#webSockets.wayOf(request);
    const ticket = way === 'none' ? null : readTicket(request);
    const trunk = way === 'gateway' ? null : this.#options.gate.trunkOf(source);
    if (way !== 'none' && (ticket !== null || trunk === null)) {
      return { kind: 'browser', source: browserSource(request), ticket };
    }
    return trunk === null ? null : { kind: 'trunk', source, trunk };
  }

  #refuseEarly({ source, kind }: Origin): Refusal | null {
    if (!this.#options.gate.allowRate(source, kind)) return overloaded('rate-limited');
    if (this.#draining) return overloaded('shutdown');
    return this.#options.hasRoom() ? null : overloaded('overloaded');
  }

  #refuse(response: SrfResponse, invite: Invite | null, refusal: Refusal): void {
    response.send(refusal.status, { headers: { ...refusal.headers } }, () => undefined);
    this.events.emit('refused', invite, refusal);
  }
}

function overloaded(reason: Refusal['reason']): Refusal {
  return { status: 503, reason, headers: { 'Retry-After': RETRY_AFTER_SECONDS } };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred(): PromiseWithResolvers<void> {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onDone, onFail) => {
    resolve = onDone;
    reject = onFail;
  });
  // Nobody may be waiting any more when it fails.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
