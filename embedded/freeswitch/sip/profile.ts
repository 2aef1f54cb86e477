/** The SIP profile `drachtio_mrf`: takes calls, makes sessions of them, and leads requests to the dialogs they are in. */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../config/index.ts';
import type { MediaEngine, MediaPort, SecureFailure } from '../../media/index.ts';
import {
  newTag,
  startTransactionLayer,
  type ListeningPoint,
  type ServerTransaction,
  type ServerTransactionUser,
  type SipLimits,
  type SourceFilter,
  type TransactionLayer,
  type TransactionLayerUser,
} from '../../sip/index.ts';
import { tagOf } from '../../wire/sip-address.ts';
import type { SipRequest, SipResponse } from '../../wire/sip-message.ts';
import { Channel } from '../channel/channel.ts';
import type { DialplanAction, Leg, Session } from '../channel/session.ts';
import type { SessionRegistry } from '../channel/session-registry.ts';
import { microseconds, type Clock } from '../clock.ts';
import type { EventBus } from '../core/event-bus.ts';
import { routeCall, type DialplanMatch } from '../dialplan.ts';
import { readSdp, SipCall } from './call.ts';
import { callerAddressOf, callerProfileOf, channelNameOf, inviteVariables } from './call-variables.ts';
import { dialogId, UasDialog } from './dialog.ts';
import { mediaVariables } from './media-variables.ts';
import { negotiate, remoteMedia, offerSdp, type Negotiated } from './negotiation.ts';
import { maximumCalls, response } from './responses.ts';
import type { SessionDescription } from './sdp.ts';

export interface SipProfileOptions {
  readonly listen: readonly { protocol: 'udp' | 'tcp'; address: string; port: number }[];
  readonly filter: SourceFilter;
  readonly limits?: Partial<SipLimits> | undefined;
  readonly engine: Pick<MediaEngine, 'openPort' | 'load' | 'dtlsFingerprint'>;
  /** Address RTP ports are bound to, and the one told to phones. */
  readonly mediaAddress: string;
  readonly advertisedMediaAddress: string;
  readonly rtpTimeoutSeconds: number;
  readonly maxSessions: number;
  readonly sessions: SessionRegistry;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly createSession: (channel: Channel, leg: Leg, actions: readonly DialplanAction[]) => Session;
}

/** Browsers' calls whose handshake is not done: each holds memory for ten seconds at most. */
const MAX_HALF_OPEN = 200;

interface Offer {
  readonly text: string;
  readonly description: SessionDescription;
}

export class SipProfile implements TransactionLayerUser {
  readonly #options: SipProfileOptions;
  readonly #calls = new Map<string, SipCall>();
  #layer: TransactionLayer | undefined;
  #callsIn = 0;
  #failedCallsIn = 0;
  #opening = 0;

  constructor(options: SipProfileOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { listen, filter, logger, clock } = this.#options;
    // The application sends all calls from one address; how many there may be is said with 503 by the media.
    const limits = { maxNewRequestsPerSecond: Infinity, maxHalfOpenPerSource: Infinity, ...this.#options.limits };
    this.#layer = await startTransactionLayer({ listen, user: this, filter, limits, logger, clock });
  }

  async stop(): Promise<void> {
    await this.#layer?.stop();
  }

  get listeningPoint(): ListeningPoint {
    return this.#layer!.listeningPoints[0]!;
  }

  get url(): string {
    const { advertisedAddress, port } = this.listeningPoint;
    return `sip:mod_sofia@${advertisedAddress.includes(':') ? `[${advertisedAddress}]` : advertisedAddress}:${port}`;
  }

  get counters(): { callsIn: number; failedCallsIn: number } {
    return { callsIn: this.#callsIn, failedCallsIn: this.#failedCallsIn };
  }

  /** Dialogs and ports being opened: zero when no call is left. */
  get pending(): number {
    return this.#calls.size + this.#opening;
  }

  onRequest(transaction: ServerTransaction): ServerTransactionUser {
    const { request } = transaction;
    const localTag = tagOf(request.headers.get('To'));
    if (localTag !== undefined) return this.#inDialog(transaction, localTag);
    switch (request.method) {
      case 'INVITE':
        return this.#onInvite(transaction);
      case 'OPTIONS':
        transaction.respond(response(200, [['Accept', 'application/sdp']]));
        return {};
      case 'BYE':
      case 'INFO':
      case 'UPDATE':
      case 'CANCEL':
        transaction.respond(response(481));
        return {};
      default:
        transaction.respond(response(405));
        return {};
    }
  }

  onAck(ack: SipRequest): void {
    this.#callOf(ack, tagOf(ack.headers.get('To')) ?? '')?.onAck(ack);
  }

  #inDialog(transaction: ServerTransaction, localTag: string): ServerTransactionUser {
    const call = this.#callOf(transaction.request, localTag);
    if (!call) {
      transaction.respond(response(481));
      return {};
    }
    call.onRequest(transaction);
    return { onAckTimeout: () => call.onAckTimeout() };
  }

  #callOf({ headers }: SipRequest, localTag: string): SipCall | undefined {
    return this.#calls.get(dialogId(headers.get('Call-ID') ?? '', localTag, tagOf(headers.get('From')) ?? ''));
  }

  #onInvite(transaction: ServerTransaction): ServerTransactionUser {
    const { request } = transaction;
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      this.#failedCallsIn++;
      transaction.respond(refusal);
      return {};
    }
    let call: SipCall | undefined;
    let cancelled = false;
    void this.#open(transaction, () => cancelled).then((opened) => {
      call = opened;
      if (cancelled) call?.onCancel();
    });
    return {
      onCancel: () => {
        cancelled = true;
        call?.onCancel();
      },
      onAckTimeout: () => call?.onAckTimeout(),
      onTransportError: () => call?.onAckTimeout(),
    };
  }

  /** The response that refuses the call, or undefined. */
  #refusal(invite: SipRequest): SipResponse | undefined {
    const { sessions, maxSessions, engine } = this.#options;
    if (sessions.size + this.#opening >= maxSessions) return maximumCalls();
    // The real server looks at the idle CPU here (min-idle-cpu). Who talks already is to notice nothing.
    if (engine.load().overloaded) return maximumCalls();
    if (!routeOf(invite)) return response(404);
    const offer = offerOf(invite);
    if (offer === 'malformed') return response(488);
    const negotiated = offer && this.#negotiate(offer);
    if (offer && !negotiated) return response(488);
    return negotiated?.secure && this.#halfOpen >= MAX_HALF_OPEN ? maximumCalls() : undefined;
  }

  #negotiate({ description }: Offer): Negotiated | undefined {
    return negotiate(description, this.#options.engine.dtlsFingerprint !== undefined);
  }

  get #halfOpen(): number {
    let count = 0;
    for (const call of this.#calls.values()) if (call.halfOpen) count++;
    return count;
  }

  async #open(transaction: ServerTransaction, isCancelled: () => boolean): Promise<SipCall | undefined> {
    const { request } = transaction;
    const offer = offerOf(request);
    const parsed = offer === 'malformed' ? undefined : offer;
    const negotiated = parsed && this.#negotiate(parsed);
    const { engine, mediaAddress, rtpTimeoutSeconds, logger } = this.#options;
    this.#opening++;
    try {
      const port = await engine.openPort({
        address: mediaAddress,
        inactivityTimeoutSeconds: rtpTimeoutSeconds,
        // A browser's transport waits for our ICE credentials.
        ...(negotiated && !negotiated.secure && { remote: remoteMedia(negotiated, callerAddressOf(request)) }),
      });
      if (!isCancelled()) return this.#begin(transaction, port, parsed);
      await port.close();
      transaction.respond(response(487));
    } catch (error) {
      logger.error({ err: error }, 'a call could not be taken');
      this.#failedCallsIn++;
      if (transaction.state === 'trying' || transaction.state === 'proceeding') transaction.respond(response(503));
    } finally {
      this.#opening--;
    }
    return undefined;
  }

  #begin(transaction: ServerTransaction, port: MediaPort, offer: Offer | undefined): SipCall {
    const { request: invite } = transaction;
    const route = routeOf(invite)!;
    const channel = this.#createChannel(transaction, route);
    channel.port = port;
    const call = this.#createCall(transaction, channel, port);
    if (offer) call.takeOffer(offer.description, offer.text);
    else this.#describeOwnOffer(channel, port);
    port.on('digit', ({ digit, duration, source }) => channel.digits.push({ digit, duration, source }));
    port.on('media-timeout', () => channel.hangup('MEDIA_TIMEOUT'));
    port.on('secure-failed', (reason) => this.#onSecureFailed(channel, reason));
    port.on('closed', () => channel.hangup('DESTINATION_OUT_OF_ORDER'));
    this.#callsIn++;
    this.#calls.set(call.dialog.id, call);
    const session = this.#options.createSession(channel, call, route.actions);
    session.onEnd(() => this.#calls.delete(call.dialog.id));
    void session.run();
    return call;
  }

  /** As FreeSWITCH, when the handshake fails. It waits for ever for one that never ends. */
  #onSecureFailed(channel: Channel, reason: SecureFailure): void {
    this.#options.logger.warn({ channel: channel.uuid, reason }, "a browser's media could not be secured");
    channel.hangup(reason === 'no-handshake' ? 'MEDIA_TIMEOUT' : 'DESTINATION_OUT_OF_ORDER');
  }

  #createChannel({ request: invite, source, receivedOn }: ServerTransaction, route: DialplanMatch): Channel {
    const { sessions, bus, clock } = this.#options;
    const uuid = randomUUID();
    const name = channelNameOf(invite);
    const sessionId = sessions.nextId();
    const channel = new Channel({ uuid, sessionId, name, profile: callerProfileOf(invite, source), bus, clock });
    channel.variables.setAll(
      inviteVariables({
        invite,
        source,
        profileUrl: this.url,
        localAddress: receivedOn.advertisedAddress,
        uuid,
        sessionId,
        stamp: microseconds(clock),
        channelName: name,
      }),
    );
    channel.variables.set('DP_MATCH', [...route.match]);
    return channel;
  }

  #createCall(transaction: ServerTransaction, channel: Channel, port: MediaPort): SipCall {
    const { receivedOn } = transaction;
    return new SipCall({
      channel,
      port,
      dialog: new UasDialog(transaction.request, newTag()),
      invite: transaction,
      layer: this.#layer!,
      contact: `<sip:drachtio@${receivedOn.advertisedAddress}:${receivedOn.port};transport=${receivedOn.protocol}>`,
      local: this.#localMedia(port),
      dtlsFingerprint: this.#options.engine.dtlsFingerprint,
      originAddress: this.#options.advertisedMediaAddress,
      logger: this.#options.logger,
    });
  }

  /** Until the answer has come, the endpoint is known by what it offers. */
  #describeOwnOffer(channel: Channel, port: MediaPort): void {
    const local = this.#localMedia(port);
    const origin = { id: '0', version: '0', address: local.address };
    channel.variables.setAll(mediaVariables(local, offerSdp(origin, local, true), undefined, undefined));
  }

  #localMedia(port: MediaPort): { address: string; port: number } {
    return { address: this.#options.advertisedMediaAddress, port: port.localPort };
  }
}

function routeOf(invite: SipRequest): DialplanMatch | undefined {
  return routeCall(invite.headers.get('User-Agent'), invite.headers.get('X-esl-outbound'));
}

/** Undefined for an INVITE without a description. */
function offerOf(invite: SipRequest): Offer | undefined | 'malformed' {
  if (invite.body.length === 0) return undefined;
  const text = invite.body.toString('utf8');
  const description = readSdp(text);
  return description ? { text, description } : 'malformed';
}
