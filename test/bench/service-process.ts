/** The whole service in a process of its own, with a Redis of its own, asked for its figures. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SettingsInput } from '../../config/index.ts';

export interface Figures {
  readonly descriptors: number;
  /** UDP and listening TCP. */
  readonly ports: number;
  /** Of the main thread; 0 when they are not watched. */
  readonly timers: number;
  /** Of the main thread: heap, and what it holds outside. */
  readonly heapMiB: number;
  /** The same of the thread of the embedded servers; of its timers those that keep it awake. */
  readonly serverTimers: number;
  readonly serverHeapMiB: number;
  readonly rssMiB: number;
  /** Of all threads, since the start. */
  readonly cpuMs: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Warnings and errors that were logged, and how often. */
  readonly complaints: Readonly<Record<string, number>>;
}

export type ToService = { kind: 'conference' } | { kind: 'figures'; collect: boolean } | { kind: 'stop' };
export type FromService =
  | { kind: 'ready'; sipPort: number }
  | { kind: 'conference'; guestCode: string }
  | { kind: 'figures'; figures: Figures };

export class ServiceProcess {
  readonly sipPort: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, sipPort: number) {
    this.#child = child;
    this.#folder = folder;
    this.sipPort = sipPort;
  }

  static async start(overrides: SettingsInput = {}, { watchTimers = false } = {}): Promise<ServiceProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'partyline-bench-'));
    const settings = { sipPort: 0, httpPort: 0, rtpPorts: [0, 0], logFormat: 'json', dataDir: folder, ...overrides };
    const child = fork(
      fileURLToPath(new URL('served.ts', import.meta.url)),
      [JSON.stringify(settings), watchTimers ? 'watch-timers' : ''],
      {
        execArgv: [...process.execArgv, '--expose-gc'],
      },
    );
    const [message] = (await once(child, 'message')) as [FromService];
    if (message.kind !== 'ready') throw new Error('the service did not come up');
    return new ServiceProcess(child, folder, message.sipPort);
  }

  /** @returns the guest code */
  async conference(): Promise<string> {
    return (await this.#ask({ kind: 'conference' }, 'conference')).guestCode;
  }

  /** @param collect garbage first */
  async figures(collect = false): Promise<Figures> {
    return (await this.#ask({ kind: 'figures', collect }, 'figures')).figures;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.send({ kind: 'stop' } satisfies ToService);
    await exited;
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** One question at a time of each kind. */
  #ask<K extends FromService['kind']>(question: ToService, kind: K): Promise<Extract<FromService, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('the service ended'));
      const listen = (message: FromService): void => {
        if (message.kind !== kind) return;
        this.#child.off('message', listen);
        this.#child.off('exit', ended);
        resolve(message as Extract<FromService, { kind: K }>);
      };
      this.#child.on('message', listen);
      this.#child.once('exit', ended);
      this.#child.send(question);
    });
  }
}
