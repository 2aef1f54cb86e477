/**
 * SIPp, from its Debian package: callers that do exactly what a scenario says, one message after the other, right or
 * wrong. It sends digits through a raw socket (`play_dtmf`), which needs root.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OwnedProcess, type Ended } from './owned-process.ts';
import { openPorts } from './proc.ts';

export interface SippOptions {
  /** Scenario in SIPp's XML. */
  readonly scenario: string;
  /** `address:port` the scenario speaks to; absent for a scenario that waits for calls. */
  readonly target?: string;
  readonly address?: string;
  readonly transport?: 'udp' | 'tcp';
  /** Calls in all, and begun a second. Default: one. */
  readonly calls?: number;
  readonly callsPerSecond?: number;
  /** At a time. */
  readonly callLimit?: number;
  /** The whole run; longer is failure. */
  readonly timeoutSeconds?: number;
}

export interface SippOutcome {
  /** 0: every call went as the scenario says. 1: at least one did not. */
  readonly code: number | null;
  /** Every SIP message sent and received, as SIPp writes them down. */
  readonly messages: string;
  readonly errors: string;
}

const LOOK_MS = 20;
const PARTS = ['messages', 'errors'] as const;

export class Sipp {
  readonly #process: OwnedProcess;
  readonly #folder: string;
  readonly #outcome: Promise<SippOutcome>;

  private constructor(owned: OwnedProcess, folder: string) {
    this.#process = owned;
    this.#folder = folder;
    this.#outcome = owned.exited.then((ended) => this.#collect(ended));
  }

  static async start(options: SippOptions): Promise<Sipp> {
    const folder = await mkdtemp(join(tmpdir(), 'partyline-sipp-'));
    try {
      await writeFile(join(folder, 'scenario.xml'), options.scenario);
      const owned = await OwnedProcess.start('sipp', argumentsOf(options, folder), { cwd: folder });
      return new Sipp(owned, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Runs a scenario to its end. */
  static async run(options: SippOptions): Promise<SippOutcome> {
    return (await Sipp.start(options)).finished();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Of a scenario that waits for calls: the port, once it is open. SIPp opens that one first. */
  async listening(): Promise<number> {
    for (;;) {
      const [first] = openPorts(this.pid);
      if (first) return first.port;
      if (this.hasEnded) throw new Error(`SIPp has ended: ${this.#process.output.slice(-500)}`);
      await delay(LOOK_MS);
    }
  }

  get hasEnded(): boolean {
    return this.#process.ended !== null;
  }

  async finished(): Promise<SippOutcome> {
    return this.#outcome;
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.#process.stop();
    await this.#outcome;
  }

  async #collect(ended: Ended): Promise<SippOutcome> {
    const [messages = '', errors = ''] = await Promise.all(
      PARTS.map((part) => readFile(join(this.#folder, part), 'latin1').catch(() => '')),
    );
    await rm(this.#folder, { recursive: true, force: true });
    // Without a scenario that runs, SIPp says so on the terminal only.
    return {
      code: ended.code,
      messages,
      errors: errors || (ended.code === 0 ? '' : this.#process.output.slice(-2_000)),
    };
  }
}

function argumentsOf(options: SippOptions, folder: string): string[] {
  const address = options.address ?? '127.0.0.1';
  const pairs: readonly (readonly [string, string | number])[] = [
    ['-sf', join(folder, 'scenario.xml')],
    ['-i', address],
    ['-mi', address],
    ['-t', options.transport === 'tcp' ? 't1' : 'u1'],
    ['-m', options.calls ?? 1],
    ['-r', options.callsPerSecond ?? 10],
    ['-l', options.callLimit ?? options.calls ?? 1],
    ['-timeout', `${options.timeoutSeconds ?? 30}s`],
    ['-recv_timeout', 10_000],
    ['-message_file', join(folder, 'messages')],
    ['-error_file', join(folder, 'errors')],
  ];
  const flags = ['-nostdin', '-trace_msg', '-trace_err', '-timeout_error'];
  return [
    ...pairs.flatMap(([name, value]) => [name, String(value)]),
    ...flags,
    ...(options.target ? [options.target] : []),
  ];
}
