/** From a URI to the hops its requests may be sent to, in the order in which they are to be tried (RFC 3263). */
import { isIP } from 'node:net';
import { parseSipUri, type SipUri } from '../wire/sip-address.ts';
import { SipParseError } from '../wire/sip-message.ts';
import { defaultPort, type ListeningPoint, type SipHop, type TransportProtocol } from '../sip/index.ts';
import type { NameService, PointerRecord, ServiceRecord } from './names.ts';

/** A URI leads nowhere; the message is what the client is told. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

export type Hops = readonly [SipHop, ...SipHop[]];

const PROTOCOLS = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
/** Services of NAPTR records (RFC 3263 section 4.1). */
const PROTOCOL_OF_SERVICE: Readonly<Record<string, TransportProtocol>> = {
  'SIP+D2U': 'udp',
  'SIP+D2T': 'tcp',
  'SIPS+D2T': 'tls',
};
/** Prefixes of SRV names; there are none for WebSocket. */
const SERVICE_PREFIX: Readonly<Partial<Record<TransportProtocol, string>>> = {
  udp: '_sip._udp.',
  tcp: '_sip._tcp.',
  tls: '_sips._tcp.',
};
const MAX_HOPS = 8;

/** Where a name leads by one protocol. */
interface Place {
  readonly protocol: TransportProtocol;
  readonly host: string;
  readonly port: number;
}

export class TargetResolver {
  readonly #points: readonly ListeningPoint[];
  readonly #names: NameService;
  readonly #random: () => number;

  /** @param random from 0 to below 1: chooses among services of the same priority */
  constructor(points: readonly ListeningPoint[], names: NameService, random: () => number = Math.random) {
    this.#points = points;
    this.#names = names;
    this.#random = random;
  }

  /**
   * The first of `resolveAll`.
   * @param protocol when the URI names none
   * @throws TargetError
   */
  async resolve(uri: string, protocol?: TransportProtocol): Promise<SipHop> {
    return (await this.resolveAll(uri, protocol))[0];
  }

  /**
   * All hops a request may be sent to; the later ones when the earlier ones fail (section 4.3).
   * @param protocol when the URI names none; without it the DNS may choose, and UDP is usual
   * @throws TargetError
   */
  async resolveAll(uri: string, protocol?: TransportProtocol): Promise<Hops> {
    const parsed = parseTarget(uri);
    const named = parsed.parameters.get('transport')?.toLowerCase();
    const wanted = protocolOf(parsed.scheme, named ?? protocol ?? 'udp');
    if (!wanted || !this.#speaks(wanted)) throw new TargetError('requested protocol/transport not available');
    const host = parsed.parameters.get('maddr') ?? parsed.host;
    const isChosen = named !== undefined || protocol !== undefined || parsed.scheme === 'sips';
    const places = await this.#places(host, parsed.port, wanted, isChosen);
    const found = await Promise.all(places.map((place) => this.#hopsOf(place, host)));
    const [first, ...others] = found.flat().slice(0, MAX_HOPS);
    if (!first) throw new TargetError(`no address was found for ${host}`);
    return [first, ...others];
  }

  async #places(host: string, port: number | undefined, wanted: TransportProtocol, isChosen: boolean) {
    const plain: Place = { protocol: wanted, host, port: port ?? defaultPort(wanted) };
    // A name without a dot is a machine of this network, not a domain.
    if (port !== undefined || isIP(host) !== 0 || !host.includes('.')) return [plain];
    const services = isChosen ? await this.#services([wanted], host) : await this.#chosenByNames(host);
    return services.length > 0 ? services : [plain];
  }

  /** The domain says by NAPTR what it prefers; without that, whatever SRV records there are. */
  async #chosenByNames(host: string): Promise<Place[]> {
    const [pointers, usual] = await Promise.all([
      this.#names.pointers(host),
      this.#services(['udp', 'tcp'], host), // asked at once: most domains have no NAPTR records
    ]);
    const usable = pointers.filter((pointer) => this.#isUsable(pointer)).sort(byOrder);
    if (usable.length === 0) return usual;
    const found = usable.map(({ service, replacement }) => {
      return this.#placesOf(PROTOCOL_OF_SERVICE[service.toUpperCase()] ?? 'udp', replacement);
    });
    return (await Promise.all(found)).flat();
  }

  #isUsable({ flags, service }: PointerRecord): boolean {
    const protocol = PROTOCOL_OF_SERVICE[service.toUpperCase()];
    return flags.toLowerCase() === 's' && protocol !== undefined && this.#speaks(protocol);
  }

  async #services(protocols: readonly TransportProtocol[], host: string): Promise<Place[]> {
    const names = protocols.filter((protocol) => this.#speaks(protocol) && SERVICE_PREFIX[protocol] !== undefined);
    const found = names.map((protocol) => this.#placesOf(protocol, `${SERVICE_PREFIX[protocol] ?? ''}${host}`));
    return (await Promise.all(found)).flat();
  }

  async #placesOf(protocol: TransportProtocol, serviceName: string): Promise<Place[]> {
    const records = await this.#names.services(serviceName);
    const offered = records.filter(({ name }) => name !== '' && name !== '.'); // “.”: decidedly not here
    return inOrder(offered, this.#random).map(({ name, port }) => ({ protocol, host: name, port }));
  }

  /** @param domain what a TLS server must prove to be: the name in the URI, wherever its services are (RFC 5922) */
  async #hopsOf({ protocol, host, port }: Place, domain: string): Promise<SipHop[]> {
    const addresses = isIP(host) === 0 ? await this.#addressesOf(host, protocol) : [host];
    const isProven = (protocol === 'tls' || protocol === 'wss') && isIP(domain) === 0;
    return addresses.map((address) => ({ protocol, address, port, ...(isProven && { host: domain }) }));
  }

  /** Those of the families that we can send from. */
  async #addressesOf(host: string, protocol: TransportProtocol): Promise<string[]> {
    const families = new Set(
      this.#points.filter((point) => point.protocol === protocol).map((point) => (point.address.includes(':') ? 6 : 4)),
    );
    const addresses = await this.#names.addresses(host);
    return addresses.filter(({ family }) => families.has(family as 4 | 6)).map(({ address }) => address);
  }

  #speaks(protocol: TransportProtocol): boolean {
    return this.#points.some((point) => point.protocol === protocol);
  }
}

function byOrder(one: PointerRecord, other: PointerRecord): number {
  return one.order - other.order || one.preference - other.preference;
}

/** By priority; among equals at random, the heavier the more often first (RFC 2782). */
function inOrder(records: readonly ServiceRecord[], random: () => number): ServiceRecord[] {
  const ordered: ServiceRecord[] = [];
  for (const priority of [...new Set(records.map((record) => record.priority))].sort((one, other) => one - other)) {
    // Weight 0 first, so that it has a chance at all.
    const left = records
      .filter((record) => record.priority === priority)
      .sort((one, other) => one.weight - other.weight);
    while (left.length > 0) {
      const total = left.reduce((sum, { weight }) => sum + weight, 0);
      let threshold = Math.floor(random() * (total + 1));
      const chosen = left.findIndex(({ weight }) => (threshold -= weight) <= 0);
      ordered.push(...left.splice(Math.max(0, chosen), 1));
    }
  }
  return ordered;
}

/** `sips:` means TLS, and secure WebSocket where WebSocket is named (RFC 7118 section 5.2). */
function protocolOf(scheme: string, named: string): TransportProtocol | undefined {
  if (scheme === 'sips') return named === 'ws' || named === 'wss' ? 'wss' : 'tls';
  return PROTOCOLS.find((known) => known === named);
}

function parseTarget(uri: string): SipUri {
  try {
    return parseSipUri(uri);
  } catch (error) {
    if (error instanceof SipParseError) throw new TargetError(`invalid request-uri: ${uri}`);
    throw error;
  }
}
