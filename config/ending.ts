/** How a command ends: in order at the first signal, at once at the second, and always within a deadline. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

/** For the lines said last: somebody waits for the end of the process meanwhile. */
const LAST_LINES_MS = 500;
const INTERRUPTED = 130;

export interface EndingOptions {
  readonly logger: Logger;
  /** Everything, in order. Resolves with whether that succeeded. */
  readonly stop: () => Promise<boolean>;
  /** After this, whatever still hangs is left hanging. */
  readonly deadlineMs: number;
}

export class Ending {
  readonly #options: EndingOptions;
  #begun = false;

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** Also keeps the process going when nobody reads any more what it prints. */
  obeySignals(): void {
    for (const signal of endSignals()) {
      process.on(signal, () => {
        this.#options.logger.info({ signal }, 'stopping');
        this.begin(0);
      });
    }
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  }

  /** The second time, at once. @param exitCode of an end in order; 1 when it was none */
  begin(exitCode: number): void {
    const { logger, stop, deadlineMs } = this.#options;
    if (this.#begun) {
      logger.warn('asked twice: ending at once');
      void this.#leave(exitCode === 0 ? INTERRUPTED : exitCode);
      return;
    }
    this.#begun = true;
    setTimeout(() => process.exit(1), deadlineMs).unref();
    void stop().then(
      (clean) => this.#leave(clean ? exitCode : 1),
      () => this.#leave(1),
    );
  }

  async #leave(exitCode: number): Promise<never> {
    await Promise.race([flushed(this.#options.logger), delay(LAST_LINES_MS)]);
    process.exit(exitCode);
  }
}

function flushed(logger: Logger): Promise<void> {
  return new Promise((resolve) => logger.flush(() => resolve()));
}

/** A terminal that is closed ends what runs in it, unless `nohup` says that it should not. */
function endSignals(): NodeJS.Signals[] {
  return ignoresHangUp() ? ['SIGTERM', 'SIGINT'] : ['SIGTERM', 'SIGINT', 'SIGHUP'];
}

/** Signal 1 is the lowest bit of the mask in proc(5). Whoever cannot say does not ignore it. */
function ignoresHangUp(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
    return (Number.parseInt(mask.slice(-1), 16) & 1) === 1;
  } catch {
    return false;
  }
}
