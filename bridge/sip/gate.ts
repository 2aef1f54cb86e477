/** The INVITE gate: who may call, how often, and whose number they dialled. Knows no sockets. */
import ipaddr from 'ipaddr.js';
import type { Settings } from '../../config/index.ts';
import type { Clock } from '../support/clock.ts';
import { AddressRanges } from './address-ranges.ts';

/** Source addresses whose rate is remembered; the longest silent is forgotten first. */
const MAX_SOURCES = 10_000;
/** INVITEs a second of one browser: it makes one, and one more when its network changes. */
const BROWSER_RATE = 5;

export type GateSettings = Pick<Settings, 'trustedSources' | 'trunks' | 'dids' | 'inviteRatePerSource' | 'language'>;

export interface Line {
  readonly tenantId: string;
  /** Of the number dialled; absent when the tenant's counts. */
  readonly language?: string;
}

interface Source {
  readonly name: string;
  readonly ranges: AddressRanges;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

export class InviteGate {
  readonly #sources: readonly Source[];
  readonly #lines: ReadonlyMap<string, Line>;
  readonly #rate: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(settings: GateSettings, clock: Clock) {
    const trunks = settings.trunks.map(({ name, addresses }) => ({ name, ranges: new AddressRanges(addresses) }));
    this.#sources = [...trunks, { name: 'trusted', ranges: new AddressRanges(settings.trustedSources) }];
    this.#lines = new Map(
      settings.dids.map((did) => [
        withoutPlus(did.number),
        { tenantId: did.tenant, ...(did.language === undefined ? {} : { language: did.language }) },
      ]),
    );
    this.#rate = settings.inviteRatePerSource;
    this.#clock = clock;
  }

  /** Name of the trunk (or `trusted`) an address belongs to; null for strangers, who get no answer at all. */
  trunkOf(address: string): string | null {
    return this.#sources.find(({ ranges }) => ranges.includes(address))?.name ?? null;
  }

  /**
   * Whether datagrams and connections of this source are read at all. Browsers come from anywhere, but to the embedded
   * SIP server only through the gateway's pass-through (plain WebSocket) on this machine; what they are is asked for each
   * INVITE.
   */
  mayBeRead({ address, protocol }: { readonly address: string; readonly protocol: string }): boolean {
    if (protocol !== 'ws') return this.trunkOf(address) !== null;
    return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
  }

  /** Takes one from the allowance of a trunk's address or of a browser (a token bucket of one second's size). */
  allowRate(source: string, kind: 'trunk' | 'browser' = 'trunk'): boolean {
    const now = this.#clock.now();
    const rate = kind === 'browser' ? Math.min(BROWSER_RATE, this.#rate) : this.#rate;
    const bucket = this.#buckets.get(source) ?? { tokens: rate, filledAt: now };
    bucket.tokens = Math.min(rate, bucket.tokens + ((now - bucket.filledAt) / 1_000) * rate);
    bucket.filledAt = now;
    // Re-inserting keeps the map in order of last use.
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > MAX_SOURCES) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Whose number was dialled. Without configured numbers every one belongs to the default tenant (`defaultTenantId`). */
  lineOf(dialledNumber: string, defaultTenantId: string): Line | null {
    if (this.#lines.size === 0) return { tenantId: defaultTenantId };
    return this.#lines.get(withoutPlus(dialledNumber)) ?? null;
  }
}

function withoutPlus(number: string): string {
  return number.replace(/^\+/, '');
}
