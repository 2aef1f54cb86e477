/**
 * The main thread's line to the worker: requests with answers, orders without, and events from it. However the worker
 * ends, every request is settled and the owner is told once.
 */
import { Worker } from 'node:worker_threads';
import { MediaError } from './errors.ts';
import type { Answer, Ask, FromWorker, OrderName, Orders, RequestName, ToWorker, WorkerSettings } from './messages.ts';

export type WorkerEvent = Exclude<FromWorker, { kind: 'answer' } | { kind: 'failure' }>;

export interface WorkerLinkListener {
  onEvent(event: WorkerEvent): void;
  /** Once. Without error when the worker was asked to stop. */
  onEnd(error: Error | undefined): void;
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export type StartWorker = (settings: WorkerSettings) => Worker;

export function startMediaWorker(settings: WorkerSettings): Worker {
  // The start file brings its own loader; nothing of how this process was started is passed on.
  return new Worker(new URL('./worker/start.mjs', import.meta.url), {
    execArgv: [],
    name: 'media',
    workerData: { settings },
  });
}

export class WorkerLink {
  readonly #worker: Worker;
  readonly #listener: WorkerLinkListener;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #ended = false;
  #stopping = false;
  #error: Error | undefined;

  constructor(worker: Worker, listener: WorkerLinkListener) {
    this.#listener = listener;
    this.#worker = worker;
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => (this.#error = error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#end(code);
        resolve();
      });
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  request<N extends RequestName>(name: N, ask: Ask<N>): Promise<Answer<N>> {
    if (this.#ended) return Promise.reject(new MediaError('media/engine-stopped', 'the media engine has ended'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve, reject });
      const message = { kind: 'request', id, name, ask } as ToWorker;
      this.#worker.postMessage(message);
    });
  }

  order<N extends OrderName>(name: N, order: Orders[N]): void {
    if (!this.#ended) this.#worker.postMessage({ kind: 'order', name, order });
  }

  /** Idempotent. Resolves when the thread is gone. */
  async stop(deadlineMs: number): Promise<void> {
    if (!this.#stopping && !this.#ended) {
      this.#stopping = true;
      await this.#request('stop', deadlineMs);
      await this.#worker.terminate();
    }
    await this.#exited;
  }

  /** A worker that does not answer any more is ended all the same. */
  async #request(name: 'stop', deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
    await Promise.race([this.request(name, {}).catch(() => undefined), deadline]);
    clearTimeout(timer);
  }

  #receive(message: FromWorker): void {
    if (message.kind !== 'answer' && message.kind !== 'failure') {
      this.#listener.onEvent(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'answer') pending?.resolve(message.answer);
    else pending?.reject(new MediaError(message.code, message.detail));
  }

  #end(code: number): void {
    this.#ended = true;
    const error = this.#stopping ? undefined : (this.#error ?? new Error(`the media worker ended with code ${code}`));
    const reason = error
      ? new MediaError('media/engine-failed', error.message)
      : new MediaError('media/engine-stopped', 'the media engine was stopped');
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
    this.#listener.onEnd(error);
  }
}
