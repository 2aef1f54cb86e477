/**
 * Passes of people at browsers. Tokens and tickets only lead to the pass, which lies beside its conference: whoever takes
 * the pass away makes all of them void at once, without knowing them. The serial keeps them void when the same person is
 * let in again.
 */
import { randomBytes } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { encodeEntry } from './journal.ts';
import { checkId, isSafeId, tenantKeys } from './keys.ts';
import { asOptionalText, asText } from './replies.ts';
import { parseStored, passSchema } from './schemas.ts';
import { issuePass, revokePasses } from './scripts/passes.ts';
import type { Passes, PassHolder, Tokens } from './store.ts';
import type { Pass } from './types.ts';

/** A conference holds a thousand people; some come in several times. */
const MOST_PASSES = 10_000;
const SERIAL_BYTES = 9;

type ConferenceId = Omit<PassHolder, 'participantId'>;

export function createPasses(context: StoreContext, tokens: Tokens): Passes {
  const check = async (token: string) => follow(context, await tokens.check('participant', token));
  return {
    issue: async (input, ttlMs) => {
      const now = context.now();
      const pass: Pass = { ...input, issuedAt: now, expiresAt: now + ttlMs };
      const serial = await write(context, pass);
      return { pass, token: await tokens.issue('participant', subjectOf(pass, serial), ttlMs) };
    },
    issueTicket: async (token, ttlMs) => {
      const subject = await tokens.check('participant', token);
      const pass = await follow(context, subject);
      return pass === null || subject === null ? null : tokens.issue('ticket', subject, ttlMs);
    },
    check,
    redeemTicket: async (ticket) => follow(context, await tokens.redeem('ticket', ticket)),
    revoke: (holder) => revoke(context, holder, 'only', [holder.participantId]),
    revokeAll: (conference, except = []) => revoke(context, conference, 'except', except),
  };
}

/** @returns the serial. @throws PartylineError conference/not-open, room/full */
async function write(context: StoreContext, pass: Pass): Promise<string> {
  const { tenantId, conferenceId, participantId, issuedAt, expiresAt, role, identity } = pass;
  const keys = tenantKeys(tenantId);
  const who = { conferenceId, participantId, role, ...(identity === undefined ? {} : { identity }) };
  const reply = await context.connection.run(
    issuePass,
    [keys.conferences, keys.passes(conferenceId), keys.passOrder(conferenceId), keys.journal],
    [
      conferenceId,
      checkId(participantId),
      JSON.stringify(pass),
      String(issuedAt),
      String(expiresAt),
      String(MOST_PASSES),
      encodeEntry({ type: 'join.accepted', at: issuedAt, ...who }),
      String(context.retention.journalEntries),
      randomBytes(SERIAL_BYTES).toString('base64url'),
    ],
  );
  const serial = asText(reply);
  if (serial === 'closed') throw new PartylineError('conference/not-open');
  if (serial === 'full') throw new PartylineError('room/full');
  return serial;
}

/** What a token or ticket leads to now. */
async function follow(context: StoreContext, subject: string | null): Promise<Pass | null> {
  const [tenantId = '', conferenceId = '', participantId = '', serial = ''] = (subject ?? '').split(' ');
  if (![tenantId, conferenceId, participantId].every(isSafeId)) return null;
  const key = tenantKeys(tenantId).passes(conferenceId);
  const text = asOptionalText(await context.connection.send(key, ['HGET', key, participantId]));
  if (text === null || !text.startsWith(`${serial} `)) return null;
  const pass = parseStored('pass', passSchema, text.slice(serial.length + 1));
  return pass.expiresAt > context.now() ? pass : null;
}

async function revoke(
  context: StoreContext,
  { tenantId, conferenceId }: ConferenceId,
  which: 'only' | 'except',
  participantIds: readonly string[],
): Promise<void> {
  const keys = tenantKeys(tenantId);
  await context.connection.run(
    revokePasses,
    [keys.passes(conferenceId), keys.passOrder(conferenceId)],
    [which, ...participantIds],
  );
}

/** Neither ids nor serials hold blanks. */
const subjectOf = ({ tenantId, conferenceId, participantId }: PassHolder, serial: string) =>
  [tenantId, conferenceId, participantId, serial].join(' ');
