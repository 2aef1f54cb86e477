/** A program a test started: its output is kept, its end can be awaited, and it never outlives the test run. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface OwnedProcessOptions {
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** How long SIGTERM may take before SIGKILL. */
  readonly graceMs?: number;
}

export class OwnedProcess {
  readonly pid: number;
  readonly exited: Promise<Ended>;
  #output = '';
  #ended: Ended | null = null;
  readonly #graceMs: number;
  readonly #streams: readonly Readable[];
  readonly #wakeUps = new Set<() => void>();

  private constructor(pid: number, streams: readonly Readable[], exited: Promise<Ended>, graceMs: number) {
    this.pid = pid;
    this.#streams = streams;
    this.#graceMs = graceMs;
    this.exited = exited.then((ended) => {
      this.#ended = ended;
      this.#wake();
      return ended;
    });
  }

  /** Its output is not read any more, as when whoever reads it hangs. */
  pauseOutput(): void {
    for (const stream of this.#streams) stream.pause();
  }

  /** Its output has no reader any more. */
  closeOutput(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  static async start(
    program: string,
    args: readonly string[],
    options: OwnedProcessOptions = {},
  ): Promise<OwnedProcess> {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new Error(`${program} cannot be started: ${error.message}`)));
    });
    if (child.pid === undefined) throw new Error(`${program} has no process id`);
    takeDownWithUs();
    children.add(child);
    const exited = new Promise<Ended>((resolve) => {
      // 'close' comes after the last output.
      child.once('close', (code, signal) => {
        children.delete(child);
        resolve({ code, signal });
      });
    });
    const streams = [child.stdout, child.stderr];
    const owned = new OwnedProcess(child.pid, streams, exited, options.graceMs ?? 3_000);
    for (const stream of streams) {
      stream.setEncoding('utf8').on('data', (text: string) => owned.#collect(text));
    }
    return owned;
  }

  /** Everything printed so far. */
  get output(): string {
    return this.#output;
  }

  get ended(): Ended | null {
    return this.#ended;
  }

  /**
   * Resolves with the match once the output holds it.
   * @throws when the process ends or `timeoutMs` pass first
   */
  async printed(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await this.#until(
      () => (found = pattern.exec(this.#output)) !== null,
      timeoutMs,
      () => `${pattern.source} was not printed`,
    );
    return found!;
  }

  signal(name: NodeJS.Signals): void {
    if (this.#ended !== null) return;
    try {
      process.kill(this.pid, name);
    } catch (error) {
      // It has ended, and the news of that is on its way.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** SIGTERM, and SIGKILL for one that does not listen. Idempotent. */
  async stop(): Promise<Ended> {
    if (this.#ended !== null) return this.#ended;
    this.signal('SIGTERM');
    this.signal('SIGCONT'); // a stopped process would not hear it
    const patience = new AbortController();
    const overdue = delay(this.#graceMs, 'overdue' as const, { signal: patience.signal }).catch(() => null);
    if ((await Promise.race([this.exited, overdue])) === 'overdue') this.signal('SIGKILL');
    patience.abort();
    return this.exited;
  }

  #collect(text: string): void {
    this.#output += text;
    this.#wake();
  }

  #wake(): void {
    for (const wakeUp of [...this.#wakeUps]) wakeUp();
  }

  async #until(isTrue: () => boolean, timeoutMs: number, describe: () => string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#wakeUps.delete(look);
        finish();
      };
      const fail = (why: string) =>
        settle(() => reject(new Error(`${describe()} (${why}). The output ends:\n${this.#output.slice(-2_000)}`)));
      const timer = setTimeout(() => fail(`within ${timeoutMs} ms`), timeoutMs);
      const look = () => {
        if (isTrue()) settle(resolve);
        else if (this.#ended !== null) fail('the process ended');
      };
      this.#wakeUps.add(look);
      look();
    });
  }
}

const children = new Set<ChildProcess>();
let watches = false;

/** By default SIGTERM and SIGHUP end a process without 'exit', and what it has started would stay. */
function takeDownWithUs(): void {
  if (watches) return;
  watches = true;
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGHUP', () => process.exit(129));
}
