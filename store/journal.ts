import { PartylineError } from '../config/contract/index.ts';
import type { StoreContext } from './context.ts';
import { CorruptValue } from './errors.ts';
import { tenantKeys } from './keys.ts';
import { asList, asPairs, asText } from './replies.ts';
import { journalEntrySchema, parseStored } from './schemas.ts';
import type { Journal } from './store.ts';
import type { JournalEntry } from './types.ts';

const STREAM_ID = /^\d{1,20}-\d{1,20}$/;
const DEFAULT_COUNT = 100;
const MOST_AT_ONCE = 1_000;
/** An entry says what happened; it is no place for content. */
const MOST_ENTRY_CHARACTERS = 64 * 1_024;

/** @throws PartylineError internal/unexpected when the entry is too large */
export function encodeEntry(entry: JournalEntry): string {
  const text = JSON.stringify(entry);
  if (text.length > MOST_ENTRY_CHARACTERS) {
    throw new PartylineError('internal/unexpected', { detail: `A journal entry ${entry.type} is too large.` });
  }
  return text;
}

export function createJournal(context: StoreContext): Journal {
  return {
    append: async (tenantId, entry) => {
      const key = tenantKeys(tenantId).journal;
      const most = String(context.retention.journalEntries);
      await context.connection.send(key, ['XADD', key, 'MAXLEN', '~', most, '*', 'entry', encodeEntry(entry)]);
    },
    read: async (tenantId, options = {}) => {
      const key = tenantKeys(tenantId).journal;
      const end = options.before === undefined ? '+' : `(${checkStreamId(options.before)}`;
      const count = Math.min(Math.max(Math.trunc(options.count ?? DEFAULT_COUNT), 1), MOST_AT_ONCE);
      const reply = await context.connection.send(key, ['XREVRANGE', key, end, '-', 'COUNT', String(count)]);
      return asList(reply).map(decodeEntry);
    },
  };
}

/** An entry that cannot be read keeps its place: a gap would look as if nothing had happened. */
function decodeEntry(reply: unknown): JournalEntry & { id: string } {
  const [streamId, fields] = asList(reply);
  const id = asText(streamId);
  try {
    const entry = parseStored('journal entry', journalEntrySchema, asPairs(fields).get('entry') ?? '');
    return { ...entry, id };
  } catch (error) {
    if (!(error instanceof CorruptValue)) throw error;
    // A stream's id begins with the milliseconds since 1970 at which the entry was added.
    return { type: 'entry.damaged', at: Number.parseInt(id, 10), id };
  }
}

function checkStreamId(id: string): string {
  if (!STREAM_ID.test(id)) throw new PartylineError('request/invalid', { detail: 'This is no id of a journal entry.' });
  return id;
}
