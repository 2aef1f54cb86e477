/**
 * Looking up what a caller keyed, under limits on wrong entries. One script does all of it, so every entry has the same
 * reads, and one round to Redis, whatever comes of it.
 */
import {
  CODE_LIMITS,
  limitsOf,
  MOST_NUMBER_CHARACTERS,
  type CallerLimits,
  type CodeLimitRules,
} from './code-limits.ts';
import { codeFingerprint } from './code-claims.ts';
import type { StoreContext } from './context.ts';
import { CorruptValue } from './errors.ts';
import { publicPart } from './invitees.ts';
import { tenantKeys } from './keys.ts';
import { asInteger, asList, asText } from './replies.ts';
import { conferenceSchema, inviteeSchema, parseStored } from './schemas.ts';
import { lookUpCode } from './scripts/look-up-code.ts';
import type { AccessCodes, CodeEntry, CodeEvent, CodeLookup } from './store.ts';
import type { ResolvedCode } from './types.ts';

const DIGITS = /^\d{1,32}$/;
const DAY_MS = 24 * 60 * 60 * 1_000;
const KNOWN_CALLER_MS = 30 * DAY_MS;
const MOST_KNOWN_CALLERS = 100_000;
/** How long it is remembered that somebody had to wait before. */
const STRIKES_MS = DAY_MS;

export function createAccessCodes(context: StoreContext, changes: Partial<CodeLimitRules> = {}): AccessCodes {
  const rules: CodeLimitRules = { ...CODE_LIMITS, ...changes };
  const listeners = new Set<(event: CodeEvent) => void>();
  return {
    lookup: async (input) => {
      const entry: CodeEntry = { via: 'phone', ...input };
      const limits = limitsOf(context, rules, entry);
      const reply = await context.connection.run(
        lookUpCode,
        keysOf(entry, limits),
        argumentsOf(context, rules, entry, limits),
      );
      const { event, lookup } = readReply(entry, reply);
      tell(context, event, entry);
      for (const listener of listeners) listener(event);
      return lookup;
    },
    onEntry: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function keysOf({ tenantId }: CodeEntry, limits: CallerLimits): [string, ...string[]] {
  const { codes, conferences, invitees, knownCallers, journal, decoyHits } = tenantKeys(tenantId);
  const shared = limits.shared.map(({ key }) => key);
  return [codes, conferences, invitees, knownCallers, journal, decoyHits, ...limits.ownKeys, limits.door, ...shared];
}

const SECOND_MS = 1_000;

function argumentsOf(
  context: StoreContext,
  rules: CodeLimitRules,
  entry: CodeEntry,
  limits: CallerLimits,
): readonly string[] {
  const now = context.now();
  const { ownRule } = limits;
  // What cannot be a code is looked up like any other, so that it takes as long.
  const digits = DIGITS.test(entry.digits) ? entry.digits : 'none';
  return [
    codeFingerprint(context, entry.tenantId, digits),
    entry.conferenceId ?? '',
    limits.caller,
    now,
    now - KNOWN_CALLER_MS,
    MOST_KNOWN_CALLERS,
    limits.own,
    ownRule.tries,
    ownRule.windowSeconds * SECOND_MS,
    ownRule.firstDelaySeconds * SECOND_MS,
    ownRule.longestDelaySeconds * SECOND_MS,
    STRIKES_MS,
    rules.doorSeconds * SECOND_MS,
    rules.decoyWeight,
    journalBeginning(entry, now),
    context.retention.journalEntries,
    ...limits.shared.flatMap(({ rule, narrows, alarms }) => [
      ...[rule.tries, rule.windowSeconds * SECOND_MS],
      `${narrows ? 'n' : ''}${alarms ? 'a' : ''}`,
    ]),
  ].map(String);
}

/**
 * Without the digits; the script adds what came of it. Entries that were not looked at are not journalled: that would let
 * an attacker push everything else out of the journal.
 */
function journalBeginning({ via, callerNumber, sourceAddress }: CodeEntry, at: number): string {
  const number = callerNumber.slice(0, MOST_NUMBER_CHARACTERS);
  return JSON.stringify({ at, via, callerNumber: number, sourceAddress }).slice(0, -1);
}

const OUTCOMES = ['limited', 'found', 'unknown', 'closed', 'elsewhere', 'decoy'] as const;

function readReply(entry: CodeEntry, reply: unknown): { event: CodeEvent; lookup: CodeLookup } {
  const [first, second, ...rest] = asList(reply);
  const outcome = OUTCOMES.find((each) => each === first);
  if (outcome === undefined) throw new CorruptValue('reply', 'has an unknown outcome');
  const [kind = '', conference = '', invitee = '', attack = ''] = rest.map(asText);
  const { tenantId, via } = entry;
  const event: CodeEvent = { tenantId, via: via ?? 'phone', outcome, attackBegins: attack === '1' };
  switch (outcome) {
    case 'limited':
      return { event, lookup: { outcome, retryAfterMs: asInteger(second) } };
    case 'found':
      return { event, lookup: { outcome, resolved: resolve(kind, conference, invitee) } };
    case 'unknown':
    case 'closed':
      return { event, lookup: { outcome } };
    case 'elsewhere':
    case 'decoy':
      return { event, lookup: { outcome: 'unknown' } };
  }
}

function resolve(kind: string, conferenceJson: string, inviteeJson: string): ResolvedCode {
  const conference = parseStored('conference', conferenceSchema, conferenceJson);
  if (kind === 'guest' || kind === 'host') return { kind, conference };
  const invitee = publicPart(parseStored('invitee', inviteeSchema, inviteeJson));
  return { kind: 'personal', conference, invitee };
}

function tell({ logger }: StoreContext, { outcome, attackBegins }: CodeEvent, entry: CodeEntry): void {
  const { tenantId, via, sourceAddress } = entry;
  if (outcome === 'decoy')
    logger.warn({ tenantId, via, sourceAddress }, 'a decoy code was keyed: somebody is guessing');
  if (attackBegins) logger.warn({ tenantId, via }, 'many wrong access codes: newcomers are let in one by one');
}
