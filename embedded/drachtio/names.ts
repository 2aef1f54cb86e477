/** Questions to the DNS as SIP asks them (RFC 3263): addresses, services, pointers. */
import { lookup, Resolver } from 'node:dns/promises';
import type { Clock } from '../sip/index.ts';

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** SRV (RFC 2782). */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** NAPTR (RFC 3403). */
export interface PointerRecord {
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
  readonly order: number;
  readonly preference: number;
}

/** Each answers with an empty list when there is nothing, or nobody who could be asked. */
export interface NameService {
  addresses(host: string): Promise<readonly HostAddress[]>;
  services(name: string): Promise<readonly ServiceRecord[]>;
  pointers(host: string): Promise<readonly PointerRecord[]>;
}

const ANSWER_MS = 1_000;
const TRIES = 2;
const REMEMBERED_MS = 30_000;
const MAX_REMEMBERED = 1_000;

/**
 * Addresses as the operating system knows them (its hosts file included), the rest from the DNS.
 * @param servers to be asked instead of those the operating system names, `address:port`
 */
export function systemNames(servers?: readonly string[]): NameService {
  const resolver = new Resolver({ timeout: ANSWER_MS, tries: TRIES });
  if (servers) resolver.setServers(servers);
  return {
    addresses: (host) => lookup(host, { all: true }).catch(nothing),
    services: (name) => resolver.resolveSrv(name).catch(nothing),
    pointers: (host) => resolver.resolveNaptr(host).catch(nothing),
  };
}

function nothing(): never[] {
  return [];
}

/** Answers under way and just given are shared: requests to one host must not overtake each other. */
export class RememberedNames implements NameService {
  readonly #names: NameService;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, { until: number; answer: Promise<readonly unknown[]> }>();

  constructor(names: NameService, clock: Clock) {
    this.#names = names;
    this.#clock = clock;
  }

  addresses(host: string): Promise<readonly HostAddress[]> {
    return this.#ask(`addresses ${host}`, () => this.#names.addresses(host));
  }

  services(name: string): Promise<readonly ServiceRecord[]> {
    return this.#ask(`services ${name}`, () => this.#names.services(name));
  }

  pointers(host: string): Promise<readonly PointerRecord[]> {
    return this.#ask(`pointers ${host}`, () => this.#names.pointers(host));
  }

  async #ask<Answer>(question: string, ask: () => Promise<readonly Answer[]>): Promise<readonly Answer[]> {
    const now = this.#clock.now();
    const known = this.#remembered.get(question);
    // The question names the kind of answer.
    if (known && known.until > now) return known.answer as Promise<readonly Answer[]>;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    const answer = ask();
    this.#remembered.set(question, { until: now + REMEMBERED_MS, answer });
    const found = await answer;
    // That there are no services is worth remembering, too: most hosts have none.
    if (found.length === 0 && question.startsWith('addresses ')) this.#remembered.delete(question);
    return found;
  }
}
