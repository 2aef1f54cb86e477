/**
 * People who are expected in a conference. A personal code leads to conference and person at once; it lies in the same
 * number space as all others and is kept as a fingerprint only. A link does the same for a browser.
 */
import { randomUUID } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import { claimArguments, codeFingerprint, drawUntilFree, personalDigits, type CodeOptions } from './code-claims.ts';
import { randomCode } from './code-space.ts';
import type { StoreContext } from './context.ts';
import { encodeEntry } from './journal.ts';
import { isSafeId, tenantKeys } from './keys.ts';
import { asInteger, asOptionalText, asText, asTexts } from './replies.ts';
import { readEach } from './read-each.ts';
import { conferenceSchema, inviteeSchema, parseStored, type StoredInvitee } from './schemas.ts';
import { removeInvitee, writeInvitee } from './scripts/codes.ts';
import type { InviteeChange, InviteeRef, Invitees, Passes, Tokens } from './store.ts';
import { tokenHash } from './tokens.ts';
import type { Invitee, InviteeState } from './types.ts';

/** As many as a conference may hold. */
const MOST_INVITEES = 1_000;
const MOST_RACES = 10;

export interface InviteeParts extends CodeOptions {
  readonly context: StoreContext;
  readonly tokens: Tokens;
  readonly passes: Passes;
}

export function createInvitees(parts: InviteeParts): Invitees {
  const { context, tokens, passes } = parts;
  return {
    create: async ({ tenantId, by, ...input }) => {
      const invitee: StoredInvitee = { id: randomUUID(), ...input, createdAt: context.now() };
      const ref = { tenantId, conferenceId: input.conferenceId, id: invitee.id, by };
      const personalCode = await giveCode(parts, ref, { invitee, json: '' }, 'invitee.created');
      if (personalCode === null) throw new PartylineError('room/contention');
      return { invitee: stateOf(invitee, context.now()), personalCode };
    },
    get: async (ref) => {
      const read = await readInvitee(context, ref);
      return read === null ? null : stateOf(read.invitee, context.now());
    },
    list: async ({ tenantId, conferenceId }) => {
      const keys = tenantKeys(tenantId);
      const order = keys.inviteeOrder(conferenceId);
      const ids = asTexts(await context.connection.send(order, ['ZRANGE', order, '0', '-1']));
      const read = await readEach(context.logger, ids, (id) => readInvitee(context, { tenantId, conferenceId, id }));
      return read.flatMap((each) => (each === null ? [] : [stateOf(each.invitee, context.now())]));
    },
    remove: async (ref) => {
      const removed = await retry(context, ref, (read) => tryRemove(context, ref, read));
      await Promise.all([
        tokens.revokeHash('invitation', removed.invitation?.hash ?? ''),
        passes.revoke({ ...ref, participantId: ref.id }),
      ]);
    },
    replaceCode: (ref) => retry(context, ref, (read) => giveCode(parts, ref, read, 'invitee.code-replaced')),
    invite: async (ref, ttlMs) => {
      const invitation = await tokens.issue('invitation', subjectOf(ref), ttlMs);
      const current = { hash: tokenHash(invitation), expiresAt: context.now() + ttlMs };
      const before = await retry(context, ref, async ({ invitee, json }) => {
        const after = { ...invitee, invitation: current };
        return (await write(context, ref, { json, after, type: 'invitee.invited' })) ? invitee : null;
      });
      await tokens.revokeHash('invitation', before.invitation?.hash ?? '');
      return { invitation, expiresAt: current.expiresAt };
    },
    withdraw: async (ref) => {
      const before = await retry(context, ref, async ({ invitee, json }) => {
        const { invitation: _withdrawn, ...after } = invitee;
        return (await write(context, ref, { json, after, type: 'invitee.invitation-withdrawn' })) ? invitee : null;
      });
      await tokens.revokeHash('invitation', before.invitation?.hash ?? '');
    },
    byInvitation: async (invitation) => {
      const ref = refOf(await tokens.check('invitation', invitation));
      const read = ref === null ? null : await readInvitee(context, ref);
      // The token leads here; whether it still counts is written here.
      const current = read?.invitee.invitation;
      if (ref === null || current?.hash !== tokenHash(invitation) || current.expiresAt <= context.now()) return null;
      const key = tenantKeys(ref.tenantId).conferences;
      const json = asOptionalText(await context.connection.send(key, ['HGET', key, ref.conferenceId]));
      if (read === null || json === null) return null;
      return { invitee: publicPart(read.invitee), conference: parseStored('conference', conferenceSchema, json) };
    },
  };
}

/** What the store knows of an invitee and nobody else needs stays here. */
export function publicPart({ codeFingerprint: _code, invitation: _invitation, ...invitee }: StoredInvitee): Invitee {
  return invitee;
}

function stateOf(invitee: StoredInvitee, now: number): InviteeState {
  const expiresAt = invitee.invitation?.expiresAt ?? 0;
  return { ...publicPart(invitee), invitedUntil: expiresAt > now ? expiresAt : null };
}

interface ReadInvitee {
  readonly invitee: StoredInvitee;
  readonly json: string;
}

async function readInvitee({ connection }: StoreContext, ref: InviteeRef): Promise<ReadInvitee | null> {
  if (!isSafeId(ref.id)) return null;
  const key = tenantKeys(ref.tenantId).invitees;
  const json = asOptionalText(await connection.send(key, ['HGET', key, ref.id]));
  const invitee = json === null ? null : parseStored('invitee', inviteeSchema, json);
  return json === null || invitee === null || invitee.conferenceId !== ref.conferenceId ? null : { invitee, json };
}

/**
 * Reads and writes until nobody comes in between.
 * @param attempt resolves with null when somebody did
 * @throws PartylineError invitee/not-found, room/contention
 */
async function retry<T>(
  context: StoreContext,
  ref: InviteeRef,
  attempt: (read: ReadInvitee) => Promise<T | null>,
): Promise<T> {
  for (let races = 0; races < MOST_RACES; races += 1) {
    const read = await readInvitee(context, ref);
    if (read === null) throw new PartylineError('invitee/not-found');
    const result = await attempt(read);
    if (result !== null) return result;
  }
  throw new PartylineError('room/contention');
}

const journalled = (context: StoreContext, { conferenceId, id, by }: InviteeChange, type: string) =>
  encodeEntry({ type, at: context.now(), conferenceId, inviteeId: id, by });
const mostEntries = (context: StoreContext) => String(context.retention.journalEntries);

/** @returns null when the invitee changed in between */
async function tryRemove(
  context: StoreContext,
  ref: InviteeChange,
  { invitee, json }: ReadInvitee,
): Promise<StoredInvitee | null> {
  const keys = tenantKeys(ref.tenantId);
  const reply = await context.connection.run(
    removeInvitee,
    [keys.codes, keys.invitees, keys.inviteeOrder(ref.conferenceId), keys.journal],
    [
      ...[ref.id, json, invitee.codeFingerprint ?? ''],
      ...[journalled(context, ref, 'invitee.removed'), mostEntries(context)],
    ],
  );
  return asInteger(reply) === 1 ? invitee : null;
}

/**
 * @param read `json` is '' for a new invitee
 * @returns the new code, or null when the invitee changed in between
 */
async function giveCode(
  { context, codeDigits, draw }: InviteeParts,
  ref: InviteeChange,
  { invitee, json }: ReadInvitee,
  type: string,
): Promise<string | null> {
  const drawn = await drawUntilFree(
    () => randomCode(personalDigits(codeDigits), draw),
    async (digits) => {
      const after = { ...invitee, codeFingerprint: codeFingerprint(context, ref.tenantId, digits) };
      const retired = invitee.codeFingerprint ?? '';
      const outcome = await writeOnce(context, ref, { json, after, type, retired, digits });
      return outcome === 'collides' ? null : { digits, outcome };
    },
  );
  return drawn.outcome === 'changed' ? null : drawn.digits;
}

interface Write {
  readonly json: string;
  readonly after: StoredInvitee;
  readonly type: string;
  /** Fingerprint of the code it replaces. */
  readonly retired?: string;
  readonly digits?: string;
}

/** @returns false when the invitee changed in between */
async function write(context: StoreContext, ref: InviteeChange, change: Write): Promise<boolean> {
  return (await writeOnce(context, ref, change)) === 'written';
}

/** @throws PartylineError conference/not-found, invitee/too-many */
async function writeOnce(
  context: StoreContext,
  ref: InviteeChange,
  change: Write,
): Promise<'written' | 'changed' | 'collides'> {
  const { tenantId, conferenceId, id } = ref;
  const { json, after, type, retired = '', digits } = change;
  const keys = tenantKeys(tenantId);
  const claims = digits === undefined ? [] : [{ value: `personal ${conferenceId} ${id}`, digits }];
  const reply = await context.connection.run(
    writeInvitee,
    [keys.codes, keys.codeGuards, keys.conferences, keys.invitees, keys.inviteeOrder(conferenceId), keys.journal],
    [
      ...[conferenceId, id, json, JSON.stringify(after), String(after.createdAt), String(MOST_INVITEES), retired],
      ...[journalled(context, ref, type), mostEntries(context)],
      ...claimArguments(context, tenantId, claims),
    ],
  );
  const outcome = asText(reply);
  if (outcome === 'gone') throw new PartylineError('conference/not-found');
  if (outcome === 'full') throw new PartylineError('invitee/too-many');
  return outcome as 'written' | 'changed' | 'collides';
}

/** Ids hold no blanks. */
const subjectOf = ({ tenantId, conferenceId, id }: InviteeRef) => [tenantId, conferenceId, id].join(' ');

function refOf(subject: string | null): InviteeRef | null {
  const [tenantId = '', conferenceId = '', id = ''] = (subject ?? '').split(' ');
  return [tenantId, conferenceId, id].every(isSafeId) ? { tenantId, conferenceId, id } : null;
}
