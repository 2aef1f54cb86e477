/** Requests too large for one datagram go by TCP, where the peer takes it (RFC 3261 section 18.1.1). */
import { serializeSipMessage, type SipRequest } from '../wire/sip-message.ts';
import type { Clock, SipHop, TransactionLayer } from '../sip/index.ts';

/** Where nobody knows what a path can carry. */
const LARGEST_DATAGRAM_BYTES = 1_300;
/** Our Via is still to come. */
const VIA_BYTES = 100;
/** Longer silence on TCP means that a packet filter or a phone without TCP is there: a datagram has a better chance. */
const CONNECT_MS = 1_000;
const DEAF_FOR_MS = 300_000;
const MAX_DEAF = 1_000;

export class LargeRequests {
  readonly #layer: TransactionLayer;
  readonly #clock: Clock;
  /** Peers that took no connection, and until when that is believed. */
  readonly #deaf = new Map<string, number>();

  constructor(layer: TransactionLayer, clock: Clock) {
    this.#layer = layer;
    this.#clock = clock;
  }

  /** The same hop, or the same address by TCP, with the connection already open. */
  async hopFor(request: SipRequest, hop: SipHop): Promise<SipHop> {
    if (hop.protocol !== 'udp' || isSmall(request)) return hop;
    const key = `${hop.address} ${hop.port}`;
    const now = this.#clock.now();
    if ((this.#deaf.get(key) ?? now) > now) return hop;
    const stream: SipHop = { ...hop, protocol: 'tcp' };
    if (await this.#layer.connect(stream, CONNECT_MS)) return stream;
    if (this.#deaf.size >= MAX_DEAF) this.#deaf.clear();
    this.#deaf.set(key, now + DEAF_FOR_MS);
    return hop;
  }
}

function isSmall(request: SipRequest): boolean {
  if (request.body.length > LARGEST_DATAGRAM_BYTES) return false;
  return serializeSipMessage(request).length + VIA_BYTES <= LARGEST_DATAGRAM_BYTES;
}
