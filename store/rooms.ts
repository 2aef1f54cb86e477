import { createHash } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { CorruptValue } from './errors.ts';
import { encodeEntry } from './journal.ts';
import { checkId, isSafeId, tenantKeys } from './keys.ts';
import { KnownRooms } from './known-rooms.ts';
import { readEach } from './read-each.ts';
import { asInteger, asOptionalText, asTexts } from './replies.ts';
import { RoomWatch } from './room-watch.ts';
import { checkStored, parseStored, participantSchema, roomDocumentSchema, roomFrameSchema } from './schemas.ts';
import { commitRoom, leaseRooms } from './scripts/rooms.ts';
import type { Rooms } from './store.ts';
import type { Participant, RoomDocument, RoomEvent } from './types.ts';

/** Longer than anybody tries a commit again, shorter than anybody cares. */
const REMOVAL_REMEMBERED_MS = 60_000;
/** They come and go every second: they are in the room's stream, not in the journal. */
const NOT_JOURNALLED = new Set(['talking-started', 'talking-stopped']);
const MOST_DUE_AT_ONCE = 200;

export function createRooms(context: StoreContext): Rooms {
  const { connection } = context;
  const known = new KnownRooms();
  const read = async (tenantId: string, conferenceId: string): Promise<RoomDocument | null> => {
    if (!isSafeId(conferenceId)) return null;
    const key = tenantKeys(tenantId).rooms;
    const stored = asOptionalText(await connection.send(key, ['HGET', key, conferenceId]));
    if (stored === null) return null;
    const digest = lastDigestOf(stored);
    const room = known.get(tenantId, conferenceId, digest) ?? decodeRoom(stored);
    known.set(tenantId, conferenceId, digest, room);
    return room;
  };
  const watch = new RoomWatch(context, read);
  return {
    read,
    list: async (tenantId) => {
      const key = tenantKeys(tenantId).rooms;
      return readEach(context.logger, asTexts(await connection.send(key, ['HVALS', key])), decodeRoom);
    },
    ids: async (tenantId) => {
      const key = tenantKeys(tenantId).rooms;
      return asTexts(await connection.send(key, ['HKEYS', key]));
    },
    commit: async (input) => {
      const { committed, digest } = await commit(context, input);
      if (input.document === null) known.delete(input.tenantId, input.conferenceId);
      else if (committed) known.set(input.tenantId, input.conferenceId, digest, input.document);
      if (committed) watch.committed(input.tenantId, input.conferenceId, input.expectedVersion, input.document);
      return committed;
    },
    endReason: async (tenantId, conferenceId) => {
      const key = tenantKeys(tenantId).roomRemoval(conferenceId);
      const removal = asOptionalText(await connection.send(key, ['GET', key]));
      return removal?.split(' ')[1] ?? null;
    },
    due: async (tenantId, now) => {
      const key = tenantKeys(tenantId).roomDeadlines;
      const range = ['ZRANGEBYSCORE', key, '-inf', String(now), 'LIMIT', '0', String(MOST_DUE_AT_ONCE)];
      return asTexts(await connection.send(key, range));
    },
    lease: async (tenantId, conferenceIds, owner, forMs) => {
      if (conferenceIds.length === 0) return [];
      const args = [owner, String(forMs), ...conferenceIds.map(checkId)];
      return asTexts(await connection.run(leaseRooms, [tenantKeys(tenantId).roomLeases], args));
    },
    watch: (tenantId, conferenceId, listener) => watch.watch(tenantId, checkId(conferenceId), listener),
  };
}

async function commit(
  { connection, retention }: StoreContext,
  input: Parameters<Rooms['commit']>[0],
): Promise<{ committed: boolean; digest: string }> {
  checkCommit(input);
  const keys = tenantKeys(input.tenantId);
  const { conferenceId } = input;
  const document = input.document === null ? '' : JSON.stringify(input.document);
  const events = input.events.flatMap((event) => encodeEvent(conferenceId, event));
  const head = [conferenceId, input.expectedVersion, input.document?.startedAt ?? ''].map(String);
  const digest = digestOf(head, document, events);
  const limits = [retention.roomEvents, retention.journalEntries, retention.endedRoomMs, REMOVAL_REMEMBERED_MS];
  if (!/^[a-z-]{0,64}$/.test(input.ended ?? '')) refuse('the reason of its end is none');
  const wakeAt = input.wakeAt === undefined || input.wakeAt === null ? '' : String(input.wakeAt);
  const reply = await connection.run(
    commitRoom,
    [
      keys.rooms,
      keys.roomEvents(conferenceId),
      keys.journal,
      keys.roomRemoval(conferenceId),
      keys.roomDeadlines,
      keys.roomLeases,
    ],
    [...head, digest, document, ...limits.map(String), wakeAt, keys.roomChanges, input.ended ?? '', ...events],
  );
  return { committed: asInteger(reply) === 1, digest };
}

function encodeEvent(conferenceId: string, event: RoomEvent): [string, string] {
  const entry = NOT_JOURNALLED.has(event.type) ? '' : encodeEntry({ ...event, conferenceId });
  return [encodeEntry(event), entry];
}

/** Tells a second try of the same commit (whose first answer was lost) from another writer's commit. */
function digestOf(head: readonly string[], document: string, events: readonly string[]): string {
  // The lengths keep the parts apart; the document may be long and is not written a second time.
  return createHash('sha256')
    .update(JSON.stringify([head, document.length, events]))
    .update(document)
    .digest('base64url');
}

/** Documents share the participants that did not change: each is checked once. */
const checked = new WeakSet<Participant>();

function checkCommit(input: Parameters<Rooms['commit']>[0]): void {
  const { document, expectedVersion } = input;
  if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0) refuse('expectedVersion is no version');
  if (document === null) return;
  if (document.version !== expectedVersion + 1) refuse('the version must be expectedVersion + 1');
  if (document.conferenceId !== input.conferenceId || document.tenantId !== input.tenantId) {
    refuse('the document belongs to another room');
  }
  // What cannot be read again must not be written: it would lock the room for good.
  checkStored('room', roomFrameSchema, document);
  for (const participant of document.participants) {
    if (checked.has(participant)) continue;
    checkStored('room', participantSchema, participant);
    checked.add(participant);
  }
}

function refuse(why: string): never {
  throw new PartylineError('internal/unexpected', { detail: `The commit of a room is wrong: ${why}.` });
}

/** Of `version startedAt digest,digest…\nJSON`: of the commit that wrote it, '' when the form is wrong. */
function lastDigestOf(stored: string): string {
  const [, , digests = ''] = stored.slice(0, stored.indexOf('\n')).split(' ');
  return digests.split(',')[0] ?? '';
}

/** `version startedAt digests\nJSON`, as the script writes it. */
function decodeRoom(stored: string): RoomDocument {
  const line = stored.indexOf('\n');
  if (line < 0) throw new CorruptValue('room', 'has the wrong form');
  return parseStored('room', roomDocumentSchema, stored.slice(line + 1));
}
