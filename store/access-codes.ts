/**
 * Looking up what a caller keyed, under limits on wrong entries.
 *
 * Three counters of wrong entries: per caller number, per source address, per tenant. A number that used up its tries
 * waits, each time twice as long. The other two are shared by honest people (a carrier's trunk, a whole company), so
 * they never lock anybody out: when one is used up, callers whose number got in before pass as ever, and newcomers pass
 * one a second. That leaves an attack with a thousand forged numbers about one guess a second, while the meetings go
 * on. docs/decisions/007-store.md has the arithmetic.
 *
 * Every lookup does the same reads and writes in the same order of rounds, whatever its outcome.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { codeText } from './conferences.ts';
import type { StoreContext } from './context.ts';
import { encodeEntry } from './journal.ts';
import { tenantKeys } from './keys.ts';
import { createGrowingLimiter, createLimiter, type GrowingRule, type PlainRule, type Take } from './limits.ts';
import type { LimiterClient } from './limiter-client.ts';
import { asList, asText } from './replies.ts';
import { conferenceSchema, parseStored } from './schemas.ts';
import { findCode, settleCodeEntry } from './scripts/codes.ts';
import type { AccessCodes, CodeLookup } from './store.ts';
import type { AccessCodeKind, Conference } from './types.ts';

export interface CodeLimitRules {
  readonly number: GrowingRule;
  readonly source: PlainRule;
  readonly tenant: PlainRule;
  /** How many newcomers are heard while a shared counter is used up. */
  readonly newcomers: PlainRule;
}

export const CODE_LIMITS: CodeLimitRules = {
  number: { tries: 6, windowSeconds: 600, firstDelaySeconds: 30, longestDelaySeconds: 900 },
  source: { tries: 60, windowSeconds: 600 },
  tenant: { tries: 300, windowSeconds: 600 },
  newcomers: { tries: 1, windowSeconds: 1 },
};

const DIGITS = /^\d{1,32}$/;
/** A number of fewer digits is no number that anybody could be known by. */
const IDENTIFIED = /\d{3}/;
const MOST_NUMBER_CHARACTERS = 64;
const KNOWN_CALLER_MS = 30 * 24 * 60 * 60 * 1_000;
const MOST_KNOWN_CALLERS = 100_000;
const CODE = /^(guest|host) (.+)$/;

type LookupInput = Parameters<AccessCodes['lookup']>[0];

interface Found {
  readonly kind: AccessCodeKind;
  readonly conference: Conference;
}

export function createAccessCodes(
  context: StoreContext,
  client: LimiterClient,
  rules: Partial<CodeLimitRules> = {},
): AccessCodes {
  const all = { ...CODE_LIMITS, ...rules };
  const number = createGrowingLimiter(client, all.number);
  const source = createLimiter(client, all.source);
  const tenant = createLimiter(client, all.tenant);
  const newcomers = createLimiter(client, all.newcomers);

  return {
    lookup: async (input) => {
      const keys = limitKeys(context, input);
      const [numberTake, sourceTake, tenantTake] = await Promise.all([
        number.take(keys.number),
        source.take(keys.source),
        tenant.take(keys.tenant),
      ]);
      const { found, known } = await find(context, input, keys.caller);

      const sharedUsedUp = [sourceTake, tenantTake, ...(keys.identified ? [] : [numberTake])].some(isUsedUp);
      const ownWaitMs = keys.identified ? numberTake.waitMs : 0;
      const lane = ownWaitMs === 0 && sharedUsedUp && !known ? await newcomers.take(keys.newcomers) : null;
      const waitMs = Math.max(ownWaitMs, lane?.waitMs ?? 0);
      const outcome = decide(found, waitMs);
      const good = outcome.outcome === 'found';
      // Good entries count for nobody; a caller who is made to wait does not use up what is shared with others.
      const counts = !good && ownWaitMs === 0;

      await Promise.all([
        settle(context, input, outcome, keys, {
          lastTry: counts && numberTake.used >= all.number.tries,
          attackBegins: counts && tenantTake.used === all.tenant.tries + 1,
        }),
        good ? number.giveBack(keys.number) : number.strike(keys.number, numberTake),
        ...(counts ? [] : [source.giveBack(keys.source), tenant.giveBack(keys.tenant)]),
      ]);
      return outcome;
    },
  };
}

const isUsedUp = (take: Take) => take.waitMs > 0;

function decide(found: Found | null, waitMs: number): CodeLookup {
  if (waitMs > 0) return { outcome: 'limited', retryAfterMs: waitMs };
  if (found === null) return { outcome: 'unknown' };
  if (found.conference.state !== 'open') return { outcome: 'closed' };
  return { outcome: 'found', resolved: found };
}

interface LimitKeys {
  readonly number: string;
  readonly source: string;
  readonly tenant: string;
  readonly newcomers: string;
  /** Fingerprint of the number in the list of known callers. */
  readonly caller: string;
  /** False for withheld numbers: all of them share one counter, so it must not lock them out. */
  readonly identified: boolean;
}

function limitKeys(context: StoreContext, input: LookupInput): LimitKeys {
  const keys = tenantKeys(input.tenantId);
  const callerNumber = input.callerNumber.slice(0, MOST_NUMBER_CHARACTERS);
  const identified = IDENTIFIED.test(callerNumber);
  const caller = context.secrets.fingerprint('caller', `${input.tenantId}:${identified ? callerNumber : 'withheld'}`);
  return {
    number: keys.limit('code-number', caller),
    source: keys.limit('code-source', context.secrets.fingerprint('limit', networkOf(input.sourceAddress))),
    tenant: keys.limit('code-tenant', 'all'),
    newcomers: keys.limit('code-newcomers', 'all'),
    caller,
    identified,
  };
}

/** Whoever has an IPv6 address has 2^64 of them: the network counts. */
export function networkOf(address: string): string {
  if (isIP(address) === 0) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}

async function find(
  context: StoreContext,
  input: LookupInput,
  caller: string,
): Promise<{ found: Found | null; known: boolean }> {
  const keys = tenantKeys(input.tenantId);
  // What cannot be a code is looked up like any other, so that it takes as long.
  const digits = DIGITS.test(input.digits) ? input.digits : 'none';
  const fingerprint = context.secrets.fingerprint('access-code', codeText(input.tenantId, digits));
  const reply = await context.connection.run(
    findCode,
    [keys.codes, keys.conferences, keys.knownCallers],
    [fingerprint, caller],
  );
  const [code, json, lastSeen] = asList(reply).map(asText);
  const known = lastSeen !== '' && Number(lastSeen) > context.now() - KNOWN_CALLER_MS;
  const parts = CODE.exec(code ?? '');
  if (parts === null || json === undefined || json === '') return { found: null, known };
  const conference = parseStored('conference', conferenceSchema, json);
  return { found: { kind: parts[1] as AccessCodeKind, conference }, known };
}

/**
 * Journals wrong entries without the digits, and remembers the number of whoever got in. Limited tries are not
 * journalled: that would let an attacker push everything else out of the journal.
 */
async function settle(
  context: StoreContext,
  input: LookupInput,
  lookup: CodeLookup,
  limit: LimitKeys,
  marks: { lastTry: boolean; attackBegins: boolean },
): Promise<void> {
  const keys = tenantKeys(input.tenantId);
  const now = context.now();
  const good = lookup.outcome === 'found';
  const entry = {
    type: marks.attackBegins ? 'code.attack' : 'code.refused',
    at: now,
    outcome: lookup.outcome,
    callerNumber: input.callerNumber.slice(0, MOST_NUMBER_CHARACTERS),
    sourceAddress: input.sourceAddress,
    lastTry: marks.lastTry,
  };
  const args = [
    good || (lookup.outcome === 'limited' && !marks.attackBegins) ? '' : encodeEntry(entry),
    String(context.retention.journalEntries),
    good && limit.identified ? limit.caller : '',
    String(now),
    String(now - KNOWN_CALLER_MS),
    String(MOST_KNOWN_CALLERS),
  ];
  await context.connection.run(settleCodeEntry, [keys.journal, keys.knownCallers], args);
  if (marks.attackBegins) {
    context.logger.warn({ tenantId: input.tenantId }, 'many wrong access codes: newcomers are let in one by one');
  }
}
