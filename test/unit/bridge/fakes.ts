/** Small fakes of the ports that bridge declares itself. */
import { pino } from 'pino';
import type { Logger } from '../../../config/index.ts';
import type { Clock } from '../../../bridge/support/clock.ts';
import type { RoomDocument, RoomEvent, RoomListener, Store } from '../../../store/index.ts';

export const silent: Logger = pino({ level: 'silent' });

/** Keeps every line as an object. */
export function recordingLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) };
  return { logger: pino({ level: 'trace' }, stream), lines };
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  /** Timers that have not fired: zero when all is over. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + milliseconds, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Moves on, waking whoever's time comes, in order. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await turn();
      const next = [...this.#sleepers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#now = next.at;
      next.wake();
    }
    this.#now = end;
    await turn();
  }
}

/** Lets everything that is ready run. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

type Commit = Parameters<Store['rooms']['commit']>[0];

/** Rooms in memory, with the store's own rules for commits and watchers. */
export class MemoryRooms implements Pick<
  Store['rooms'],
  'read' | 'commit' | 'list' | 'watch' | 'endReason' | 'due' | 'ids'
> {
  readonly documents = new Map<string, RoomDocument>();
  readonly events: RoomEvent[] = [];
  readonly commits: Commit[] = [];
  /** Called before each commit; may throw, or say that somebody else was first. */
  beforeCommit: (commit: Commit) => boolean | Promise<boolean> = () => true;
  /** Called after it was done; may throw, as when the answer is lost. */
  afterCommit: (commit: Commit) => void = () => undefined;
  readonly #listeners = new Map<string, Set<RoomListener>>();
  readonly #ended = new Map<string, string>();

  async read(_tenantId: string, conferenceId: string): Promise<RoomDocument | null> {
    return this.documents.get(conferenceId) ?? null;
  }

  async list(): Promise<RoomDocument[]> {
    return [...this.documents.values()];
  }

  async ids(): Promise<string[]> {
    return [...this.documents.keys()];
  }

  async commit(commit: Commit): Promise<boolean> {
    if (!(await this.beforeCommit(commit))) return false;
    const { conferenceId, expectedVersion, document } = commit;
    // The very same commit, asked for again.
    const same = this.commits.at(-1)?.document === document && this.commits.at(-1)?.events === commit.events;
    if (!same && (this.documents.get(conferenceId)?.version ?? 0) !== expectedVersion) return false;
    if (!same) this.#take(commit);
    this.afterCommit(commit);
    return true;
  }

  async endReason(_tenantId: string, conferenceId: string): Promise<string | null> {
    return this.#ended.get(conferenceId) ?? null;
  }

  async due(_tenantId: string, now: number): Promise<string[]> {
    const last = new Map(this.commits.map((commit) => [commit.conferenceId, commit]));
    return [...last.values()].flatMap(({ conferenceId, wakeAt, document }) =>
      document && typeof wakeAt === 'number' && wakeAt <= now ? [conferenceId] : [],
    );
  }

  watch(_tenantId: string, conferenceId: string, listener: RoomListener): () => void {
    const listeners = this.#listeners.get(conferenceId) ?? new Set();
    this.#listeners.set(conferenceId, listeners);
    listeners.add(listener);
    queueMicrotask(() => listener(this.documents.get(conferenceId) ?? null));
    return () => listeners.delete(listener);
  }

  #take(commit: Commit): void {
    const { conferenceId, document, ended } = commit;
    this.commits.push(commit);
    this.events.push(...commit.events);
    if (document) this.documents.set(conferenceId, document);
    else this.documents.delete(conferenceId);
    if (ended !== undefined) this.#ended.set(conferenceId, ended);
    for (const listener of this.#listeners.get(conferenceId) ?? []) listener(document);
  }
}
