/**
 * Passes a browser's SIP over WebSocket (RFC 7118) on to the SIP server, frame by frame, so that a browser needs one port
 * only. What is said is the SIP server's business; here it is who may speak, how much, and that both ends go together.
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import type { Logger } from '../../config/index.ts';
import type { TakeConnection } from './connection-limits.ts';
import { limitKeyOf } from './client-address.ts';
import { SharedBuckets, TokenBucket } from './token-bucket.ts';

/** RFC 7118 section 4.1. */
const SUBPROTOCOL = 'sip';

export interface SipRelayLimits {
  /** A message of SIP with the SDP of a browser has 2 to 6 kB. */
  readonly messageBytes: number;
  /** Bytes that wait for a peer that does not read. */
  readonly waitingBytes: number;
  /** Of one socket. */
  readonly burstMessages: number;
  readonly messagesPerSecond: number;
  /** INVITEs of one socket: a page calls once, and invites again after a change of network. Nobody tries tickets out. */
  readonly burstInvites: number;
  readonly invitesPerSecond: number;
  /** Of all sockets of one address together: an office calls in at the hour. */
  readonly addressBurstMessages: number;
  readonly addressMessagesPerSecond: number;
  /** Until the first message; whoever opens a socket wants to call. */
  readonly silentMs: number;
  /** Between two pings; whoever does not answer the one before is cut off. */
  readonly pingMs: number;
  readonly connectMs: number;
}

export const SIP_RELAY_LIMITS: SipRelayLimits = {
  messageBytes: 32 * 1_024,
  waitingBytes: 256 * 1_024,
  burstMessages: 60,
  messagesPerSecond: 20,
  burstInvites: 10,
  invitesPerSecond: 0.5,
  addressBurstMessages: 1_500,
  addressMessagesPerSecond: 300,
  silentMs: 15_000,
  pingMs: 20_000,
  connectMs: 5_000,
};

/** Status codes of a closing WebSocket (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

export interface SipRelayOptions {
  /** `ws://127.0.0.1:5080`; undefined: browsers cannot call here. */
  readonly target: string | undefined;
  readonly isOurPage: (request: IncomingMessage) => boolean;
  readonly takeConnection: TakeConnection;
  readonly logger: Logger;
  readonly limits?: Partial<SipRelayLimits>;
}

export interface SipRelay {
  readonly count: number;
  /** Takes an HTTP upgrade over. Never throws; whoever may not is told by a status. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<void>;
  /** Closes all, politely. Idempotent. */
  stop(): void;
}

export function createSipRelay(options: SipRelayOptions): SipRelay {
  const limits = { ...SIP_RELAY_LIMITS, ...options.limits };
  const logger = options.logger.child({ room: 'sip-relay' });
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const pairs = new Set<Pair>();
  const ofAddresses = new SharedBuckets(limits.addressBurstMessages, limits.addressMessagesPerSecond);
  let stopped = false;

  const refusalOf = (request: IncomingMessage): number | null => {
    if (!options.isOurPage(request)) return 403;
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!protocols.includes(SUBPROTOCOL)) return 400;
    return options.target === undefined || stopped ? 503 : null;
  };

  const connect = async (socket: Duplex, release: () => void): Promise<WebSocket | null> => {
    const upstream = await openUpstream(options.target ?? '', limits, logger);
    if (upstream !== null && !socket.destroyed && !stopped) return upstream;
    upstream?.terminate();
    release();
    return null;
  };

  return {
    get count() {
      return pairs.size;
    },
    upgrade: async (request, socket, head, address) => {
      socket.on('error', () => undefined); // whoever resets the connection early
      const refusal = refusalOf(request);
      const release = refusal === null ? await options.takeConnection(address) : null;
      const upstream = release === null ? null : await connect(socket, release);
      if (release === null || upstream === null) {
        refuse(socket, refusal ?? (release === null ? 429 : 503));
        return;
      }
      const closeUpstream = () => upstream.terminate();
      socket.once('close', closeUpstream);
      server.handleUpgrade(request, socket, head, (browser) => {
        socket.off('close', closeUpstream);
        const ofAddress = ofAddresses.use(limitKeyOf(address));
        const pair = new Pair({ browser, upstream, limits, ofAddress }, () => {
          pairs.delete(pair);
          ofAddresses.giveBack(limitKeyOf(address));
          release();
        });
        pairs.add(pair);
        logger.debug({ address, browsers: pairs.size }, 'a browser opened SIP');
      });
      // A handshake that `ws` refuses ends the socket without calling back.
      socket.once('close', release);
    },
    stop: () => {
      stopped = true;
      for (const pair of [...pairs]) pair.close(GOING_AWAY, 'the service is stopping');
    },
  };
}

/** @returns null when the SIP server cannot be reached in time */
function openUpstream(target: string, limits: SipRelayLimits, logger: Logger): Promise<WebSocket | null> {
  return new Promise((resolve) => {
    const upstream = new WebSocket(target, SUBPROTOCOL, {
      perMessageDeflate: false,
      maxPayload: 2 * limits.messageBytes,
      handshakeTimeout: limits.connectMs,
      followRedirects: false,
    });
    upstream.once('open', () => resolve(upstream));
    upstream.on('error', (error) => {
      logger.warn({ err: error }, 'the SIP server’s WebSocket failed');
      resolve(null);
    });
  });
}

interface PairParts {
  readonly browser: WebSocket;
  readonly upstream: WebSocket;
  readonly limits: SipRelayLimits;
  /** Shared with the other sockets of its address. */
  readonly ofAddress: TokenBucket;
}

/** A browser's socket and the SIP server's; what ends one ends the other. */
class Pair {
  readonly #browser: WebSocket;
  readonly #upstream: WebSocket;
  readonly #limits: SipRelayLimits;
  readonly #onClose: () => void;
  readonly #messages: TokenBucket;
  readonly #invites: TokenBucket;
  readonly #ofAddress: TokenBucket;
  readonly #silence: NodeJS.Timeout;
  readonly #ping: NodeJS.Timeout;
  #answered = true;
  #closed = false;

  constructor({ browser, upstream, limits, ofAddress }: PairParts, onClose: () => void) {
    this.#browser = browser;
    this.#upstream = upstream;
    this.#limits = limits;
    this.#onClose = onClose;
    this.#messages = new TokenBucket(limits.burstMessages, limits.messagesPerSecond);
    this.#invites = new TokenBucket(limits.burstInvites, limits.invitesPerSecond);
    this.#ofAddress = ofAddress;
    this.#silence = setTimeout(() => this.close(POLICY_VIOLATION, 'nothing was said'), limits.silentMs);
    this.#ping = setInterval(() => this.#askWhetherAlive(), limits.pingMs);
    browser.on('message', (data, isBinary) => this.#fromBrowser(data, isBinary));
    browser.on('pong', () => (this.#answered = true));
    browser.on('close', () => this.close(GOING_AWAY, ''));
    browser.on('error', () => this.close(POLICY_VIOLATION, 'that is no WebSocket message for us'));
    upstream.on('message', (data, isBinary) => this.#pass(data, isBinary, browser));
    upstream.on('close', () => this.close(TRY_AGAIN_LATER, 'the SIP server went away'));
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#silence);
    clearInterval(this.#ping);
    this.#browser.close(code, reason);
    // Nobody waits for the goodbye of a browser that has gone.
    setTimeout(() => this.#browser.terminate(), this.#limits.connectMs).unref();
    this.#upstream.close();
    setTimeout(() => this.#upstream.terminate(), this.#limits.connectMs).unref();
    this.#onClose();
  }

  #fromBrowser(data: RawData, isBinary: boolean): void {
    clearTimeout(this.#silence);
    if (!this.#mayPass(data)) this.close(POLICY_VIOLATION, 'too many messages');
    else this.#pass(data, isBinary, this.#upstream);
  }

  #mayPass(data: RawData): boolean {
    if (!this.#messages.take() || !this.#ofAddress.take()) return false;
    return !startsWithInvite(data) || this.#invites.take();
  }

  #pass(data: RawData, isBinary: boolean, to: WebSocket): void {
    if (this.#closed || to.readyState !== WebSocket.OPEN) return;
    if (to.bufferedAmount > this.#limits.waitingBytes) this.close(POLICY_VIOLATION, 'too slow');
    else to.send(data, { binary: isBinary });
  }

  #askWhetherAlive(): void {
    if (!this.#answered) {
      this.#browser.terminate();
      return;
    }
    this.#answered = false;
    this.#browser.ping();
  }
}

const INVITE = Buffer.from('INVITE ');

/** `ws` hands a message out as one Buffer unless told otherwise. */
const startsWithInvite = (data: RawData): boolean =>
  Buffer.isBuffer(data) && data.subarray(0, INVITE.length).equals(INVITE);

/** An answer in plain HTTP, and the connection ends. */
export function refuse(socket: Duplex, status: number): void {
  if (socket.destroyed) return;
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
