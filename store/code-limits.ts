/**
 * Limits on wrong codes: who is counted with whom, and what using up the tries means. docs/decisions/007-store.md has the
 * arithmetic.
 *
 * - A telephone's number is its own: whoever used up its tries waits, each time twice as long, and nobody else does.
 * - A browser has no number. Its network stands for it, and honest people share it: when the tries are used up, each wrong
 *   entry is followed by a wait, and a good one by none.
 * - What honest people share (a trunk, all withheld numbers, the company) locks nobody out. While it is used up, those who
 *   got in before pass as ever, and a wrong entry of a newcomer shuts the door for newcomers for a moment.
 * - Telephones are counted by themselves, browsers together with telephones: whoever attacks over the web, where it costs
 *   nothing, does not narrow the door for phones.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { StoreContext } from './context.ts';
import { tenantKeys } from './keys.ts';
import type { GrowingRule, PlainRule } from './limits.ts';
import type { CodeEntry } from './store.ts';

export interface CodeLimitRules {
  readonly number: GrowingRule;
  /** Of a browser: an IPv4 address, or the network of an IPv6 address. */
  readonly network: GrowingRule;
  /** Of telephones: a trunk's address. */
  readonly source: PlainRule;
  /** All who withhold their number. */
  readonly withheld: PlainRule;
  /** All telephones of a company. */
  readonly phones: PlainRule;
  /** Telephones and browsers of a company. */
  readonly tenant: PlainRule;
  /** How long a newcomer's wrong entry keeps the door shut. */
  readonly doorSeconds: number;
  /** How many wrong entries a decoy counts for where counters are shared. */
  readonly decoyWeight: number;
}

export const CODE_LIMITS: CodeLimitRules = {
  number: { tries: 6, windowSeconds: 600, firstDelaySeconds: 30, longestDelaySeconds: 900 },
  network: { tries: 20, windowSeconds: 600, firstDelaySeconds: 2, longestDelaySeconds: 30 },
  source: { tries: 60, windowSeconds: 600 },
  withheld: { tries: 20, windowSeconds: 600 },
  phones: { tries: 300, windowSeconds: 600 },
  tenant: { tries: 300, windowSeconds: 600 },
  doorSeconds: 1,
  decoyWeight: 10,
};

export interface CallerLimits {
  /** What using up one's own tries means. */
  readonly own: 'lock' | 'lane' | 'none';
  readonly ownRule: GrowingRule;
  /** Own count, own wait, own strikes. */
  readonly ownKeys: readonly [string, string, string];
  /** Where newcomers wait. */
  readonly door: string;
  readonly shared: readonly SharedCounter[];
  /** Fingerprint in the list of known callers; '' for somebody who cannot be known again. */
  readonly caller: string;
}

export interface SharedCounter {
  readonly key: string;
  readonly rule: PlainRule;
  /** Whether this caller is a newcomer at a narrow door while it is used up. */
  readonly narrows: boolean;
  /** Whether using it up is an attack that somebody should know of. */
  readonly alarms: boolean;
}

/** A number of fewer digits is no number that anybody could be known by. */
const IDENTIFIED = /\d{3}/;
export const MOST_NUMBER_CHARACTERS = 64;
const EVERYBODY = 'all';
const NARROWS = { narrows: true, alarms: false };

export function limitsOf(context: StoreContext, rules: CodeLimitRules, entry: CodeEntry): CallerLimits {
  return entry.via === 'web' ? ofBrowser(context, rules, entry) : ofTelephone(context, rules, entry);
}

function ofTelephone(context: StoreContext, rules: CodeLimitRules, entry: CodeEntry): CallerLimits {
  const { codeLimit } = tenantKeys(entry.tenantId);
  const number = entry.callerNumber.slice(0, MOST_NUMBER_CHARACTERS);
  const identified = IDENTIFIED.test(number);
  const caller = identified ? context.secrets.fingerprint('caller', `${entry.tenantId}:phone:${number}`) : '';
  const source = context.secrets.fingerprint('limit', networkOf(entry.sourceAddress));
  return {
    own: identified ? 'lock' : 'none',
    ownRule: rules.number,
    ownKeys: ownKeys(codeLimit, 'number', identified ? caller : 'withheld'),
    door: codeLimit('door', source),
    shared: [
      ...(identified ? [] : [{ key: codeLimit('withheld', EVERYBODY), rule: rules.withheld, ...NARROWS }]),
      { key: codeLimit('source', source), rule: rules.source, narrows: true, alarms: true },
      { key: codeLimit('phones', EVERYBODY), rule: rules.phones, narrows: true, alarms: true },
      { key: codeLimit('tenant', EVERYBODY), rule: rules.tenant, narrows: false, alarms: true },
    ],
    caller,
  };
}

function ofBrowser(context: StoreContext, rules: CodeLimitRules, entry: CodeEntry): CallerLimits {
  const { codeLimit } = tenantKeys(entry.tenantId);
  const network = networkOf(entry.sourceAddress);
  const caller = context.secrets.fingerprint('caller', `${entry.tenantId}:web:${network}`);
  return {
    own: 'lane',
    ownRule: rules.network,
    ownKeys: ownKeys(codeLimit, 'network', caller),
    door: codeLimit('door', 'web'),
    shared: [{ key: codeLimit('tenant', EVERYBODY), rule: rules.tenant, narrows: true, alarms: true }],
    caller: network === UNKNOWN ? '' : caller,
  };
}

const ownKeys = (codeLimit: (counter: string, subject: string) => string, scope: string, subject: string) =>
  [
    codeLimit(`${scope}-count`, subject),
    codeLimit(`${scope}-wait`, subject),
    codeLimit(`${scope}-strikes`, subject),
  ] as const;

const UNKNOWN = 'unknown';

/** Whoever has an IPv6 address has 2^64 of them: the network counts. */
export function networkOf(address: string): string {
  if (isIP(address) === 0) return UNKNOWN;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}
