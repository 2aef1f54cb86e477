import { randomUUID } from 'node:crypto';
import { DEFAULT_POLICY, PartylineError } from '../config/contract/index.ts';
import { footprint, randomPair } from './code-space.ts';
import type { StoreContext } from './context.ts';
import { encodeEntry } from './journal.ts';
import { isSafeId, tenantKeys } from './keys.ts';
import { asInteger, asList, asOptionalText, asTexts } from './replies.ts';
import { readEach } from './read-each.ts';
import { conferenceSchema, parseStored, sealedCodesSchema } from './schemas.ts';
import { createConference, pageOfConferences, replaceConference } from './scripts/codes.ts';
import type { Conferences } from './store.ts';
import type { AccessCodeKind, Conference } from './types.ts';

/** With a million codes of nine digits in use one draw in a hundred collides; twenty in a row means the space is full. */
const MOST_DRAWS = 20;
const MOST_RACES = 10;
const DEFAULT_COUNT = 100;
const MOST_AT_ONCE = 1_000;

/** How a code is found, and where its sealed copy belongs. */
export const codeText = (tenantId: string, digits: string): string => `${tenantId}:${digits}`;
const sealContext = (tenantId: string, id: string, kind: AccessCodeKind) => [tenantId, id, kind];

export interface ConferenceOptions {
  readonly codeDigits: number;
  /** For tests. */
  readonly drawPair?: (digits: number) => { guest: string; host: string };
}

export function createConferences(context: StoreContext, options: ConferenceOptions): Conferences {
  const { connection, retention } = context;
  const readJson = async (tenantId: string, id: string): Promise<string | null> => {
    if (!isSafeId(id)) return null;
    const key = tenantKeys(tenantId).conferences;
    return asOptionalText(await connection.send(key, ['HGET', key, id]));
  };

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
      for (let draws = 0; draws < MOST_DRAWS; draws += 1) {
        const { guest, host } = (options.drawPair ?? randomPair)(options.codeDigits);
        if (await tryCreate(context, conference, { guest, host })) {
          return { conference, guestCode: guest, hostCode: host };
        }
      }
      throw new PartylineError('internal/unexpected', { detail: 'No free access code was found.' });
    },
    get: async (tenantId, id) => {
      const json = await readJson(tenantId, id);
      return json === null ? null : parseStored('conference', conferenceSchema, json);
    },
    list: async (tenantId, { count = DEFAULT_COUNT, after = '' } = {}) => {
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
      const conferences = await readEach(context.logger, asList(jsonList), (json) =>
        parseStored('conference', conferenceSchema, asOptionalText(json) ?? ''),
      );
      return { conferences, next: ids.length < most ? null : (ids.at(-1) ?? null) };
    },
    setState: async (tenantId, id, state) => {
      const keys = tenantKeys(tenantId);
      for (let races = 0; races < MOST_RACES; races += 1) {
        const json = await readJson(tenantId, id);
        if (json === null) throw new PartylineError('conference/not-found');
        const conference = parseStored('conference', conferenceSchema, json);
        if (conference.state === state) return;
        const entry = { type: state === 'open' ? 'conference.opened' : 'conference.closed', at: context.now() };
        const args = [id, json, JSON.stringify({ ...conference, state }), encodeEntry({ ...entry, conferenceId: id })];
        const all = [...args, String(retention.journalEntries)];
        if (asInteger(await connection.run(replaceConference, [keys.conferences, keys.journal], all)) === 1) return;
      }
      throw new PartylineError('room/contention');
    },
    codes: async (tenantId, id) => {
      const key = tenantKeys(tenantId).sealedCodes;
      const json = isSafeId(id) ? asOptionalText(await connection.send(key, ['HGET', key, id])) : null;
      if (json === null) throw new PartylineError('conference/not-found');
      const sealed = parseStored('sealed codes', sealedCodesSchema, json);
      return {
        guest: context.secrets.unseal(sealed.guest, sealContext(tenantId, id, 'guest')),
        host: context.secrets.unseal(sealed.host, sealContext(tenantId, id, 'host')),
      };
    },
  };
}

/** @returns false when a code collides with one in use */
async function tryCreate(
  context: StoreContext,
  conference: Conference,
  codes: Readonly<Record<AccessCodeKind, string>>,
): Promise<boolean> {
  const { secrets, retention } = context;
  const { id, tenantId } = conference;
  const keys = tenantKeys(tenantId);
  const found = (digits: string) => secrets.fingerprint('access-code', codeText(tenantId, digits));
  const guard = (pattern: string) => secrets.fingerprint('code-guard', `${tenantId}:${pattern}`);
  const list = (items: readonly string[]) => [String(items.length), ...items];
  const kinds = ['guest', 'host'] as const;
  const seal = (kind: AccessCodeKind) => secrets.seal(codes[kind], sealContext(tenantId, id, kind));
  const entry = { type: 'conference.created', at: conference.createdAt, conferenceId: id, by: conference.createdBy };
  const codeArguments = kinds.flatMap((kind) => {
    const { shorter, avoids, sets } = footprint(codes[kind]);
    const fingerprints = [shorter.map(found), avoids.map(guard), sets.map(guard)];
    return [kind, found(codes[kind]), ...fingerprints.flatMap(list)];
  });
  const reply = await context.connection.run(
    createConference,
    [keys.conferences, keys.sealedCodes, keys.codes, keys.codeGuards, keys.journal, keys.conferenceOrder],
    [
      id,
      JSON.stringify(conference),
      JSON.stringify({ guest: seal('guest'), host: seal('host') }),
      encodeEntry(entry),
      String(retention.journalEntries),
      String(conference.createdAt),
      String(kinds.length),
      ...codeArguments,
    ],
  );
  return asInteger(reply) === 1;
}
