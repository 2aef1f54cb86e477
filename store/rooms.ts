import { createHash } from 'node:crypto';
import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { CorruptValue } from './errors.ts';
import { encodeEntry } from './journal.ts';
import { isSafeId, tenantKeys } from './keys.ts';
import { readEach } from './read-each.ts';
import { asInteger, asOptionalText, asTexts } from './replies.ts';
import { checkStored, parseStored, roomDocumentSchema } from './schemas.ts';
import { commitRoom } from './scripts/rooms.ts';
import type { Rooms } from './store.ts';
import type { RoomDocument } from './types.ts';

/** Longer than anybody tries a commit again, shorter than anybody cares. */
const REMOVAL_REMEMBERED_MS = 60_000;

export function createRooms(context: StoreContext): Rooms {
  const { connection, retention } = context;
  return {
    read: async (tenantId, conferenceId) => {
      if (!isSafeId(conferenceId)) return null;
      const key = tenantKeys(tenantId).rooms;
      const stored = asOptionalText(await connection.send(key, ['HGET', key, conferenceId]));
      return stored === null ? null : decodeRoom(stored);
    },
    list: async (tenantId) => {
      const key = tenantKeys(tenantId).rooms;
      return readEach(context.logger, asTexts(await connection.send(key, ['HVALS', key])), decodeRoom);
    },
    commit: async (input) => {
      checkCommit(input);
      const keys = tenantKeys(input.tenantId);
      const document = input.document === null ? '' : JSON.stringify(input.document);
      const events = input.events.flatMap((event) => [
        encodeEntry(event),
        encodeEntry({ ...event, conferenceId: input.conferenceId }),
      ]);
      const head = [input.conferenceId, input.expectedVersion, input.document?.startedAt ?? ''].map(String);
      const limits = [retention.roomEvents, retention.journalEntries, retention.endedRoomMs, REMOVAL_REMEMBERED_MS];
      const reply = await connection.run(
        commitRoom,
        [keys.rooms, keys.roomEvents(input.conferenceId), keys.journal, keys.roomRemoval(input.conferenceId)],
        [...head, digestOf(head, document, events), document, ...limits.map(String), ...events],
      );
      return asInteger(reply) === 1;
    },
  };
}

/** Tells a second try of the same commit (whose first answer was lost) from another writer's commit. */
function digestOf(head: readonly string[], document: string, events: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([head, document, events]))
    .digest('base64url');
}

function checkCommit(input: Parameters<Rooms['commit']>[0]): void {
  const { document, expectedVersion } = input;
  if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0) refuse('expectedVersion is no version');
  if (document === null) return;
  if (document.version !== expectedVersion + 1) refuse('the version must be expectedVersion + 1');
  if (document.conferenceId !== input.conferenceId || document.tenantId !== input.tenantId) {
    refuse('the document belongs to another room');
  }
  // What cannot be read again must not be written: it would lock the room for good.
  checkStored('room', roomDocumentSchema, document);
}

function refuse(why: string): never {
  throw new PartylineError('internal/unexpected', { detail: `The commit of a room is wrong: ${why}.` });
}

/** `version startedAt digest\nJSON`, as the script writes it. */
function decodeRoom(stored: string): RoomDocument {
  const line = stored.indexOf('\n');
  if (line < 0) throw new CorruptValue('room', 'has the wrong form');
  return parseStored('room', roomDocumentSchema, stored.slice(line + 1));
}
