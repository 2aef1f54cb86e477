/** From a URI to the hop its requests are sent to (the part of RFC 3263 that uses A and AAAA records). */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { parseSipUri } from '../wire/sip-address.ts';
import { SipParseError } from '../wire/sip-message.ts';
import { defaultPort, type Clock, type ListeningPoint, type SipHop, type TransportProtocol } from '../sip/index.ts';

/** A URI leads nowhere; the message is what the client is told. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

export type LookUp = (host: string) => Promise<readonly { address: string; family: number }[]>;

const lookUpWithSystem: LookUp = (host) => lookup(host, { all: true });
const PROTOCOLS = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
const REMEMBERED_MS = 30_000;
const MAX_REMEMBERED = 1_000;

export class TargetResolver {
  readonly #points: readonly ListeningPoint[];
  readonly #clock: Clock;
  readonly #lookUp: LookUp;
  /** Answers under way and just given: requests to one host must not overtake each other. */
  readonly #remembered = new Map<string, { until: number; addresses: ReturnType<LookUp> }>();

  constructor(points: readonly ListeningPoint[], clock: Clock, lookUp: LookUp = lookUpWithSystem) {
    this.#points = points;
    this.#clock = clock;
    this.#lookUp = lookUp;
  }

  /**
   * @param fallback protocol when the URI names none
   * @throws TargetError
   */
  async resolve(uri: string, fallback: TransportProtocol = 'udp'): Promise<SipHop> {
    const parsed = parseTarget(uri);
    const named = parsed.parameters.get('transport')?.toLowerCase();
    const protocol = protocolOf(parsed.scheme, named ?? fallback);
    if (!protocol || !this.#points.some((point) => point.protocol === protocol)) {
      throw new TargetError('requested protocol/transport not available');
    }
    const host = parsed.parameters.get('maddr') ?? parsed.host;
    const address = await this.#addressOf(host, protocol);
    const proof = (protocol === 'tls' || protocol === 'wss') && host !== address ? { host } : {};
    return { protocol, address, port: parsed.port ?? defaultPort(protocol), ...proof };
  }

  async #addressOf(host: string, protocol: TransportProtocol): Promise<string> {
    if (isIP(host) !== 0) return host;
    const families = new Set(
      this.#points.filter((point) => point.protocol === protocol).map((point) => (point.address.includes(':') ? 6 : 4)),
    );
    const addresses = await this.#ask(host);
    const fitting = addresses.find(({ family }) => families.has(family as 4 | 6));
    if (!fitting) throw new TargetError(`no address was found for ${host}`);
    return fitting.address;
  }

  async #ask(host: string): ReturnType<LookUp> {
    const now = this.#clock.now();
    const known = this.#remembered.get(host);
    if (known && known.until > now) return known.addresses;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    const addresses = this.#lookUp(host).catch(() => []);
    this.#remembered.set(host, { until: now + REMEMBERED_MS, addresses });
    const found = await addresses;
    if (found.length === 0) this.#remembered.delete(host);
    return found;
  }
}

/** `sips:` means TLS, and secure WebSocket where WebSocket is named (RFC 7118 section 5.2). */
function protocolOf(scheme: string, named: string): TransportProtocol | undefined {
  if (scheme === 'sips') return named === 'ws' || named === 'wss' ? 'wss' : 'tls';
  return PROTOCOLS.find((known) => known === named);
}

function parseTarget(uri: string): ReturnType<typeof parseSipUri> {
  try {
    return parseSipUri(uri);
  } catch (error) {
    if (error instanceof SipParseError) throw new TargetError(`invalid request-uri: ${uri}`);
    throw error;
  }
}
