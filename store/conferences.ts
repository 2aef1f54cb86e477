import { randomUUID } from 'node:crypto';
import { DEFAULT_POLICY, PartylineError } from '../config/contract/index.ts';
import { claimArguments, codeFingerprint, drawUntilFree, type Claim, type CodeOptions } from './code-claims.ts';
import { randomPair } from './code-space.ts';
import type { StoreContext } from './context.ts';
import { encodeEntry } from './journal.ts';
import { isSafeId, tenantKeys } from './keys.ts';
import { asInteger, asList, asOptionalText, asText, asTexts } from './replies.ts';
import { readEach } from './read-each.ts';
import { conferenceSchema, parseStored, sealedCodesSchema } from './schemas.ts';
import { createConference, replaceCodes } from './scripts/codes.ts';
import { archiveConference, pageOfConferences, replaceConference } from './scripts/conferences.ts';
import type { Conferences } from './store.ts';
import type { AccessCodeKind, Conference, JournalEntry } from './types.ts';

const MOST_RACES = 10;
const DEFAULT_COUNT = 100;
const MOST_AT_ONCE = 1_000;

type Codes = Readonly<Record<AccessCodeKind, string>>;

export function createConferences(context: StoreContext, options: CodeOptions): Conferences {
  const drawCodes = () => randomPair(options.codeDigits, options.draw);
  return {
    create: async (input) => {
      const conference: Conference = {
        id: randomUUID(),
        tenantId: input.tenantId,
        title: input.title,
        policy: { ...DEFAULT_POLICY, ...input.policy },
        state: 'open',
        createdBy: input.createdBy,
        createdAt: context.now(),
      };
      return drawUntilFree(drawCodes, async (codes) =>
        (await tryCreate(context, conference, codes))
          ? { conference, guestCode: codes.guest, hostCode: codes.host }
          : null,
      );
    },
    get: async (tenantId, id) => {
      const json = await readJson(context, tenantId, id);
      return json === null ? null : parseStored('conference', conferenceSchema, json);
    },
    list: (tenantId, page) => list(context, tenantId, page),
    setState: async (tenantId, id, state) => {
      const type = state === 'open' ? 'conference.opened' : 'conference.closed';
      await change(context, tenantId, id, (conference) =>
        conference.state === state ? null : { after: { ...conference, state }, entry: { type } },
      );
    },
    change: (tenantId, id, changes) =>
      change(context, tenantId, id, (conference) => {
        const after: Conference = {
          ...conference,
          ...(changes.title === undefined ? {} : { title: changes.title }),
          policy: { ...conference.policy, ...changes.policy },
        };
        const fields = [...(changes.title === undefined ? [] : ['title']), ...Object.keys(changes.policy ?? {})];
        return { after, entry: { type: 'conference.changed', by: changes.by, fields } };
      }),
    archive: (tenantId, id, by) => archive(context, tenantId, id, by),
    codes: async (tenantId, id) => (await readCodes(context, tenantId, id)).codes,
    replaceCodes: (tenantId, id, by) =>
      drawUntilFree(drawCodes, (codes) => tryReplace(context, { tenantId, id, by, codes })),
  };
}

async function readJson({ connection }: StoreContext, tenantId: string, id: string): Promise<string | null> {
  if (!isSafeId(id)) return null;
  const key = tenantKeys(tenantId).conferences;
  return asOptionalText(await connection.send(key, ['HGET', key, id]));
}

const list: (
  context: StoreContext,
  ...args: Parameters<Conferences['list']>
) => ReturnType<Conferences['list']> = async (
  { connection, logger },
  tenantId,
  { count = DEFAULT_COUNT, after = '' } = {},
) => {
  const keys = tenantKeys(tenantId);
  const most = Math.min(Math.max(Math.trunc(count), 1), MOST_AT_ONCE);
  const reply = await connection.run(
    pageOfConferences,
    [keys.conferences, keys.conferenceOrder],
    [after, String(most)],
  );
  if (reply === null) throw new PartylineError('conference/not-found');
  const [idList, jsonList] = asList(reply);
  const ids = asTexts(idList);
  const conferences = await readEach(logger, asList(jsonList), (json) =>
    parseStored('conference', conferenceSchema, asOptionalText(json) ?? ''),
  );
  return { conferences, next: ids.length < most ? null : (ids.at(-1) ?? null) };
};

/**
 * Reads, changes and writes until nobody comes in between.
 * @param decide null: it is as it should be
 * @throws PartylineError conference/not-found, room/contention
 */
async function change(
  context: StoreContext,
  tenantId: string,
  id: string,
  decide: (conference: Conference) => { after: Conference; entry: { type: string; [field: string]: unknown } } | null,
): Promise<Conference> {
  const keys = tenantKeys(tenantId);
  for (let races = 0; races < MOST_RACES; races += 1) {
    const json = await readJson(context, tenantId, id);
    if (json === null) throw new PartylineError('conference/not-found');
    const conference = parseStored('conference', conferenceSchema, json);
    const decision = decide(conference);
    if (decision === null) return conference;
    const entry: JournalEntry = { ...decision.entry, at: context.now(), conferenceId: id };
    const reply = await context.connection.run(
      replaceConference,
      [keys.conferences, keys.journal],
      [id, json, JSON.stringify(decision.after), encodeEntry(entry), String(context.retention.journalEntries)],
    );
    if (asInteger(reply) === 1) return decision.after;
  }
  throw new PartylineError('room/contention');
}

const sealContext = (tenantId: string, id: string, kind: AccessCodeKind) => [tenantId, id, kind];

function sealCodes({ secrets }: StoreContext, tenantId: string, id: string, codes: Codes): string {
  const seal = (kind: AccessCodeKind) => secrets.seal(codes[kind], sealContext(tenantId, id, kind));
  return JSON.stringify({ guest: seal('guest'), host: seal('host') });
}

/** @throws PartylineError conference/not-found */
async function readCodes(
  { connection, secrets }: StoreContext,
  tenantId: string,
  id: string,
): Promise<{ codes: Codes; json: string }> {
  const key = tenantKeys(tenantId).sealedCodes;
  const json = isSafeId(id) ? asOptionalText(await connection.send(key, ['HGET', key, id])) : null;
  if (json === null) throw new PartylineError('conference/not-found');
  const sealed = parseStored('sealed codes', sealedCodesSchema, json);
  const codes = {
    guest: secrets.unseal(sealed.guest, sealContext(tenantId, id, 'guest')),
    host: secrets.unseal(sealed.host, sealContext(tenantId, id, 'host')),
  };
  return { codes, json };
}

const claimsOf = (id: string, codes: Codes): Claim[] =>
  (['guest', 'host'] as const).map((kind) => ({ value: `${kind} ${id}`, digits: codes[kind] }));

/** @returns false when a code collides with one in use */
async function tryCreate(context: StoreContext, conference: Conference, codes: Codes): Promise<boolean> {
  const { id, tenantId, createdAt, createdBy } = conference;
  const keys = tenantKeys(tenantId);
  const reply = await context.connection.run(
    createConference,
    [keys.codes, keys.codeGuards, keys.conferences, keys.conferenceOrder, keys.sealedCodes, keys.journal],
    [
      id,
      JSON.stringify(conference),
      sealCodes(context, tenantId, id, codes),
      String(createdAt),
      encodeEntry({ type: 'conference.created', at: createdAt, conferenceId: id, by: createdBy }),
      String(context.retention.journalEntries),
      ...claimArguments(context, tenantId, claimsOf(id, codes)),
    ],
  );
  return asInteger(reply) === 1;
}

/** @returns null when a code collides with one in use. @throws PartylineError conference/not-found, room/contention */
async function tryReplace(
  context: StoreContext,
  { tenantId, id, by, codes }: { tenantId: string; id: string; by: string; codes: Codes },
): Promise<Codes | null> {
  const keys = tenantKeys(tenantId);
  const before = await readCodes(context, tenantId, id);
  const reply = asInteger(
    await context.connection.run(
      replaceCodes,
      [keys.codes, keys.codeGuards, keys.sealedCodes, keys.journal],
      [
        id,
        before.json,
        sealCodes(context, tenantId, id, codes),
        codeFingerprint(context, tenantId, before.codes.guest),
        codeFingerprint(context, tenantId, before.codes.host),
        encodeEntry({ type: 'conference.codes-replaced', at: context.now(), conferenceId: id, by }),
        String(context.retention.journalEntries),
        ...claimArguments(context, tenantId, claimsOf(id, codes)),
      ],
    ),
  );
  if (reply < 0) throw new PartylineError('room/contention');
  return reply === 1 ? codes : null;
}

/** @throws PartylineError conference/not-found, conference/live */
async function archive(context: StoreContext, tenantId: string, id: string, by: string): Promise<void> {
  const { codes } = await readCodes(context, tenantId, id);
  const keys = tenantKeys(tenantId);
  const reply = await context.connection.run(
    archiveConference,
    [
      ...([keys.conferences, keys.conferenceOrder, keys.archive, keys.codes, keys.sealedCodes] as const),
      ...[keys.invitees, keys.inviteeOrder(id), keys.passes(id), keys.passOrder(id), keys.rooms, keys.journal],
    ],
    [
      id,
      codeFingerprint(context, tenantId, codes.guest),
      codeFingerprint(context, tenantId, codes.host),
      encodeEntry({ type: 'conference.archived', at: context.now(), conferenceId: id, by }),
      String(context.retention.journalEntries),
    ],
  );
  const outcome = asText(reply);
  if (outcome === 'gone') throw new PartylineError('conference/not-found');
  if (outcome === 'live') throw new PartylineError('conference/live');
}
