/**
 * Which web pages are open, by the processes that have them: each shows its own again and again, for a little longer than
 * until the next time. So whoever keeps rooms can tell a page that has gone without a word.
 */
import { randomUUID } from 'node:crypto';
import type { StoreContext } from './context.ts';
import { globalKeys, isSafeId } from './keys.ts';
import { showPages } from './scripts/presence.ts';

const SHOWN_EVERY_MS = 5_000;
const SHOWN_FOR_MS = 16_000;

/** A connection's id is `process.number`. */
export class Presence {
  readonly #context: StoreContext;
  readonly #processId: string;
  readonly #open = new Set<string>();
  readonly #unlisten: () => void;
  #last = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When all who live have had the time to show it, after Redis was away; from {@link performance.now}. */
  #tellsFrom = 0;

  constructor(context: StoreContext, processId: string = randomUUID()) {
    this.#context = context;
    this.#processId = processId;
    this.#unlisten = context.connection.onAvailability((available) => {
      this.#tellsFrom = performance.now() + SHOWN_FOR_MS;
      if (available && this.#timer) void this.#showAll();
    });
  }

  newConnectionId(): string {
    this.#last += 1;
    const number = String(this.#last);
    this.#open.add(number);
    if (this.#timer) void this.#send(() => this.#show('more', [number]));
    else {
      this.#timer = setInterval(() => void this.#showAll(), SHOWN_EVERY_MS);
      void this.#showAll();
    }
    return `${this.#processId}.${number}`;
  }

  closeConnection(connectionId: string): void {
    const [, number = ''] = partsOf(connectionId);
    if (!this.#open.delete(number)) return;
    const key = globalKeys.process(this.#processId);
    void this.#send(() => this.#context.connection.send(key, ['SREM', key, number]));
  }

  async living(connectionIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (performance.now() < this.#tellsFrom) return new Set(connectionIds);
    const numbers = new Map<string, string[]>();
    for (const connectionId of connectionIds) {
      const [processId, number] = partsOf(connectionId);
      numbers.set(processId, [...(numbers.get(processId) ?? []), number]);
    }
    const living = await Promise.all(
      Array.from(numbers, async ([processId, own]) => {
        const shown = await this.#shown(processId, own);
        return own.filter((_, index) => shown[index]).map((number) => `${processId}.${number}`);
      }),
    );
    return new Set(living.flat());
  }

  close(): void {
    this.#unlisten();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #shown(processId: string, numbers: readonly string[]): Promise<readonly boolean[]> {
    if (processId === this.#processId) return numbers.map((number) => this.#open.has(number));
    if (!isSafeId(processId)) return [];
    const key = globalKeys.process(processId);
    const reply = await this.#context.connection.send(key, ['SMISMEMBER', key, ...numbers]);
    return Array.isArray(reply) ? reply.map((is) => is === 1) : [];
  }

  /** All of them, so that what was lost on the way, or with Redis, is right again. */
  #showAll(): Promise<void> {
    return this.#send(() => this.#show('all', [...this.#open]));
  }

  #show(which: 'all' | 'more', numbers: readonly string[]): Promise<unknown> {
    const key = globalKeys.process(this.#processId);
    return this.#context.connection.run(showPages, [key], [String(SHOWN_FOR_MS), which, ...numbers]);
  }

  async #send(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#context.logger.debug({ err: error }, 'a sign of life could not be given');
    }
  }
}

function partsOf(connectionId: string): readonly [processId: string, number: string] {
  const [processId = '', number = ''] = connectionId.split('.', 2);
  return [processId, number];
}
