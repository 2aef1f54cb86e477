/** What was opened is closed in reverse, each within its own time, whatever happens to the others. */
import type { Logger } from '../../config/index.ts';
import { withDeadline } from '../support/deadline.ts';

interface Entry {
  readonly name: string;
  readonly deadlineMs: number;
  readonly close: () => unknown;
}

export class CloseStack {
  readonly #logger: Logger;
  readonly #entries: Entry[] = [];
  #closing: Promise<boolean> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  push(name: string, deadlineMs: number, close: Entry['close']): void {
    this.#entries.push({ name, deadlineMs, close });
  }

  /** Idempotent. @returns whether everything closed in order and in time */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<boolean> {
    let clean = true;
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const { name, deadlineMs, close } = entry;
      try {
        await withDeadline(Promise.resolve().then(close), deadlineMs, `closing ${name}`);
      } catch (error) {
        clean = false;
        this.#logger.error({ err: error, part: name }, 'could not be closed in order');
      }
    }
    return clean;
  }
}
