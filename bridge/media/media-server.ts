/**
 * One FreeSWITCH: a connection that is made again for as long as the link lives, its health, its legs. A lost event
 * socket does not cost the legs, which have sockets of their own; commands fail until it is back.
 */
import { createServer } from 'node:net';
import { PartylineError, type TerminationReason } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import type { Prompt } from '../../ivr/index.ts';
import type { Clock } from '../support/clock.ts';
import { settled, withDeadline } from '../support/deadline.ts';
import { linkSignals } from '../support/signals.ts';
import { Turnstile } from '../support/turnstile.ts';
import { TypedEmitter } from '../support/typed-emitter.ts';
import { likelyCandidatesFirst } from './candidate-order.ts';
import { CallerAnswer, needsHandshake, takeEarlyChannels, type AnswerCaller } from './caller-answer.ts';
import { commands, type ApiCommand } from './commands.ts';
import { readConferenceEvent, type ConferenceEvent } from './conference-events.ts';
import { EventSocket, type EventSocketAddress } from './event-socket.ts';
import { Leg, type LegHost } from './leg.ts';
import { FsmrfMediaServerClass, sendWhole, type FsmrfEndpoint, type FsmrfMediaServer } from './media-ports.ts';

const CONNECT_DEADLINE_MS = 5_000;
const ENDPOINT_DEADLINE_MS = 8_000;
/**
 * So many legs are made at a time. When more callers come in a second than can be served, those who wait ring a little
 * longer; making all legs at once would keep every one of them until it is too late.
 */
const LEGS_MADE_AT_ONCE = 12;
/** A caller hears ringing so long; most would hang up soon after. */
const LONGEST_WAIT_MS = 15_000;
const PING_EVERY_MS = 5_000;
const PING_DEADLINE_MS = 3_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
const LATE_ENDPOINT_DEADLINE_MS = 2_000;

export interface MediaServerOptions {
  readonly name: string;
  readonly address: EventSocketAddress;
  readonly mrf: unknown;
  /** SIP profile of FreeSWITCH; fsmrf expects it to be named so in `sofia status`. */
  readonly sipProfile: string;
  readonly conferenceProfile: string;
  readonly listen: { readonly address: string; readonly port: number; readonly advertisedAddress?: string };
  readonly filesOf: (prompts: readonly Prompt[], language: string) => readonly string[];
  readonly rtpTimeoutSeconds: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

export type MediaServerEvents = {
  ready: [];
  lost: [];
  conference: [event: ConferenceEvent];
  recorded: [channelUuid: string, path: string];
};

export interface LegRequest {
  /** Empty: the media server offers, and learns of its peer by `renegotiate`. */
  readonly offer: string;
  /** Where the caller's signalling comes from; absent when that is not known. */
  readonly callerAddress?: string;
  readonly language: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** A browser is answered by it while its leg is made: the handshake lies between. Others are answered afterwards. */
  readonly answer?: AnswerCaller;
}

interface Connected {
  readonly socket: EventSocket;
  readonly fsmrf: FsmrfMediaServer;
}

export class MediaServer implements LegHost {
  readonly name: string;
  readonly events: TypedEmitter<MediaServerEvents>;
  readonly #options: MediaServerOptions;
  readonly #logger: Logger;
  readonly #legs = new Set<Leg>();
  /** Hundreds of legs: each event goes to the one it is about. */
  readonly #byChannel = new Map<string, Set<(event: ConferenceEvent) => void>>();
  readonly #stopping = new AbortController();
  readonly #turnstile: Turnstile;
  #creating = 0;
  #connected: Connected | undefined;
  #running: Promise<void> | undefined;

  constructor(options: MediaServerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#turnstile = new Turnstile(LEGS_MADE_AT_ONCE, options.clock);
    this.#logger = options.logger.child({ mediaServer: options.name });
    this.events = new TypedEmitter((error, event) => this.#logger.error({ err: error, event }, 'a listener failed'));
  }

  get ready(): boolean {
    return this.#connected !== undefined;
  }

  /** Legs that live or are being made. */
  get legCount(): number {
    return this.#legs.size + this.#creating;
  }

  /** Connects and stays connected until `stop`. */
  start(): void {
    this.#running ??= this.#run();
  }

  async send(command: ApiCommand): Promise<string> {
    if (!this.#connected) throw new PartylineError('media/unavailable', { detail: this.name });
    return this.#connected.socket.send(command);
  }

  onChannelEvent(channelUuid: string, listener: (event: ConferenceEvent) => void): () => void {
    const listeners = this.#byChannel.get(channelUuid) ?? new Set();
    this.#byChannel.set(channelUuid, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#byChannel.delete(channelUuid);
    };
  }

  onRecorded(listener: (channelUuid: string, path: string) => void): () => void {
    return this.events.on('recorded', listener);
  }

  /**
   * Makes a leg for a caller's offer; its answer, or its own offer, is `leg.localSdp`.
   * @throws PartylineError media/unavailable, media/not-secured, sip/no-common-codec; what `request.answer` throws
   */
  async createLeg(request: LegRequest): Promise<Leg> {
    this.#creating += 1;
    try {
      const endpoint = await this.#inTurn(request, () => this.#makeEndpointInTime(request));
      endpoint.conn?.socket?.setNoDelay(true);
      return this.#adopt(endpoint, request);
    } catch (error) {
      throw toPartylineError(error);
    } finally {
      this.#creating -= 1;
    }
  }

  /** A browser's leg is there when its handshake is over, which is up to the browser: nobody waits for that. */
  async #inTurn<T>({ offer, signal }: LegRequest, make: () => Promise<T>): Promise<T> {
    if (needsHandshake(offer)) return make();
    const passage = await this.#turnstile.pass(make, { longestWaitMs: LONGEST_WAIT_MS, signal });
    if (passage.passed) return passage.value;
    signal.throwIfAborted();
    throw new PartylineError('sip/overloaded', { detail: 'too many callers come at once' });
  }

  async #makeEndpointInTime(request: LegRequest): Promise<FsmrfEndpoint> {
    if (!this.#connected) throw new PartylineError('media/unavailable', { detail: this.name });
    return withDeadline(
      this.#makeEndpoint(this.#connected.fsmrf, request),
      ENDPOINT_DEADLINE_MS,
      'making an endpoint',
      (late) => void this.#discard(late),
    );
  }

  async #makeEndpoint(fsmrf: FsmrfMediaServer, { offer, callerAddress, answer }: LegRequest): Promise<FsmrfEndpoint> {
    const headers = {
      'X-Rtp-Timeout-Ms': String(this.#options.rtpTimeoutSeconds * 1_000),
      // The embedded server listens there when the SDP names an address behind NAT. FreeSWITCH finds out by itself.
      ...(callerAddress !== undefined && { 'X-Caller-Address': callerAddress }),
    };
    if (offer === '') return fsmrf.createEndpoint({ headers });
    if (!needsHandshake(offer)) return fsmrf.createEndpoint({ remoteSdp: offer, headers });
    // Its handshake is with one media server; another one cannot take it over.
    if (!answer) throw new PartylineError('media/unavailable', { detail: 'a browser cannot change its media server' });
    const response = new CallerAnswer((sdp) => {
      takeEarlyChannels(fsmrf.pendingConnections);
      return answer(sdp);
    });
    try {
      return (await fsmrf.connectCaller({ body: likelyCandidatesFirst(offer) }, response, { headers })).endpoint;
    } catch (error) {
      // fsmrf waits four seconds for the channel after the answer.
      if (response.given) throw new PartylineError('media/not-secured', { cause: error });
      throw error;
    }
  }

  #adopt(endpoint: FsmrfEndpoint, request: LegRequest): Leg {
    const leg = new Leg({
      endpoint,
      host: this,
      language: request.language,
      signal: request.signal,
      logger: request.logger,
      clock: this.#options.clock,
      conferenceProfile: this.#options.conferenceProfile,
      filesOf: this.#options.filesOf,
    });
    this.#legs.add(leg);
    leg.onReleased = () => this.#legs.delete(leg);
    return leg;
  }

  async #discard(endpoint: FsmrfEndpoint): Promise<void> {
    const { uuid } = endpoint;
    if (await settled(endpoint.destroy(), LATE_ENDPOINT_DEADLINE_MS)) return;
    await settled(this.send(commands.killChannel(uuid)), LATE_ENDPOINT_DEADLINE_MS);
  }

  /** Ends a channel that another process left behind. @returns whether it was there */
  async killChannel(uuid: string): Promise<boolean> {
    return (await this.send(commands.killChannel(uuid))).startsWith('+OK');
  }

  /** Legs are ended by their calls before; what is left is ended here. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#legs].map((leg) => leg.release()));
    this.#disconnect();
    await this.#running;
    // One that was just being made while we stopped.
    this.#disconnect();
    this.events.removeAll();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const stopping = () => signal.aborted;
    let delay = FIRST_RETRY_MS;
    while (!stopping()) {
      try {
        const connected = await this.#connect();
        delay = FIRST_RETRY_MS;
        await this.#watch(connected);
      } catch (error) {
        if (!stopping()) this.#logger.warn({ err: error, retryInMs: delay }, 'no connection to the media server');
      }
      this.#disconnect();
      await this.#options.clock.sleep(delay, signal);
      delay = Math.min(delay * 2, LONGEST_RETRY_MS);
    }
  }

  async #connect(): Promise<Connected> {
    const { address, listen, sipProfile } = this.#options;
    const socket = await EventSocket.connect(address, {
      deadlineMs: CONNECT_DEADLINE_MS,
      logger: this.#logger,
      signal: this.#stopping.signal,
    });
    let fsmrf: FsmrfMediaServer | undefined;
    try {
      checkProfile(await socket.send(commands.sofiaStatus()), sipProfile);
      await checkPortIsFree(listen);
      this.#subscribe(socket);
      fsmrf = this.#createFsmrf(socket);
      await withDeadline(whenReady(fsmrf), CONNECT_DEADLINE_MS, 'preparing the media server');
    } catch (error) {
      fsmrf?._server?.server.close();
      socket.close();
      throw error;
    }
    this.#connected = { socket, fsmrf };
    this.#logger.info('media server ready');
    this.events.emit('ready');
    return this.#connected;
  }

  #subscribe(socket: EventSocket): void {
    socket.subscribe(['RECORD_STOP', 'CUSTOM', 'conference::maintenance']);
    socket.onEvent('RECORD_STOP', (raw) => {
      this.events.emit('recorded', raw.getHeader('Unique-ID') ?? '', raw.getHeader('Record-File-Path') ?? '');
    });
    socket.onEvent('CUSTOM', (raw) => {
      const event = readConferenceEvent(raw);
      if (event) this.#tell(event);
    });
  }

  #tell(event: ConferenceEvent): void {
    if ('channelUuid' in event) {
      for (const listener of [...(this.#byChannel.get(event.channelUuid) ?? [])]) listener(event);
    }
    this.events.emit('conference', event);
  }

  #createFsmrf(socket: EventSocket): FsmrfMediaServer {
    const { mrf, listen, sipProfile } = this.#options;
    const fsmrf = new FsmrfMediaServerClass(
      socket.connection,
      mrf,
      listen.address,
      listen.port,
      listen.advertisedAddress,
      undefined,
      sipProfile,
    );
    fsmrf.once('connect', () => {
      fsmrf._server?.on('connection::open', (channel) => {
        channel.socket?.setNoDelay(true);
        sendWhole(channel);
      });
    });
    return fsmrf;
  }

  /** Returns when we stop; throws when the connection is lost or does not answer any more. */
  async #watch({ socket }: Connected): Promise<void> {
    const over = linkSignals([this.#stopping.signal]);
    socket.onEnd(() => over.abort());
    try {
      for (;;) {
        await this.#options.clock.sleep(PING_EVERY_MS, over.signal);
        if (this.#stopping.signal.aborted) return;
        if (!socket.open) throw new Error('The event socket was closed');
        await withDeadline(socket.send(commands.status()), PING_DEADLINE_MS, 'a ping of the media server');
      }
    } finally {
      over.unlink();
    }
  }

  #disconnect(): void {
    const connected = this.#connected;
    if (!connected) return;
    this.#connected = undefined;
    connected.fsmrf.closing = true;
    // fsmrf's own disconnect throws when its listener is not up yet.
    connected.fsmrf._server?.server.close();
    if (this.#stopping.signal.aborted) closeChannels(connected.fsmrf);
    connected.socket.close();
    this.events.emit('lost');
  }
}

/** A channel's socket that is still open would keep the listener, and with it the process, alive. */
function closeChannels(fsmrf: FsmrfMediaServer): void {
  for (const channel of Object.values(fsmrf._server?.connections ?? {})) channel.socket?.destroy();
}

function whenReady(fsmrf: FsmrfMediaServer): Promise<void> {
  return new Promise((resolve, reject) => {
    fsmrf.once('ready', () => resolve());
    fsmrf.on('error', (error) => reject(error));
  });
}

/** fsmrf reads the same line and throws an uncatchable error when it is not there. */
function checkProfile(sofiaStatus: string, profile: string): void {
  const line = sofiaStatus.split('\n').find((row) => row.trim().split(/\s/, 1)[0] === profile);
  if (line === undefined || !/sip:mod_sofia@(?:[0-9]{1,3}\.){3}[0-9]{1,3}:\d+/.test(line)) {
    throw new Error(`The media server has no SIP profile ${profile} with an IPv4 address of mod_sofia`);
  }
}

/** fsmrf listens without an error handler: a port in use would end the process. */
function checkPortIsFree(listen: { address: string; port: number }): Promise<void> {
  if (listen.port === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(listen.port, listen.address, () => probe.close(() => resolve()));
  });
}

function toPartylineError(error: unknown): PartylineError {
  if (error instanceof PartylineError) return error;
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  // 488 Not Acceptable Here, 415 Unsupported Media Type, 606 Not Acceptable: FreeSWITCH found no codec in common.
  if (status === 488 || status === 415 || status === 606) {
    return new PartylineError('sip/no-common-codec', { cause: error });
  }
  // 503 Maximum Calls In Progress: it has as many sessions as it may have, or its clock is late.
  if (status === 503) return new PartylineError('sip/overloaded', { cause: error });
  return new PartylineError('media/unavailable', { cause: error });
}

/** @param cause FreeSWITCH's hang-up cause */
export function terminationOfCause(cause: string | undefined): TerminationReason {
  return cause === 'MEDIA_TIMEOUT' ? 'media-timeout' : 'media-server-lost';
}
