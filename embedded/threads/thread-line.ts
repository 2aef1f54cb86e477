/**
 * The line to a worker thread: requests with answers, and events from it. However the thread ends, every request is
 * settled and the owner is told once.
 */
import type { Worker } from 'node:worker_threads';

/** What may be asked: functions from what is asked to what is answered in the end. */
export type Table<R> = { readonly [N in keyof R]: (ask: never) => unknown };
export type Asked<R extends Table<R>, N extends keyof R> = Parameters<R[N]>[0];
export type Answered<R extends Table<R>, N extends keyof R> = ReturnType<R[N]>;

export type Request<R extends Table<R>> = {
  [N in keyof R]: { readonly kind: 'request'; readonly id: number; readonly name: N; readonly ask: Asked<R, N> };
}[keyof R];

/** @typeParam F what is told of an error */
export type Reply<F extends object> =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | ({ readonly kind: 'failure'; readonly id: number } & F);

export interface ThreadListener<E> {
  onEvent(event: E): void;
  /** Once. Without error when the thread was asked to stop. */
  onEnd(error: Error | undefined): void;
}

/** What a request is refused with. */
export interface LineErrors<F> {
  /** The thread has failed at it. */
  told(failure: F): Error;
  /** The thread has died of this. */
  died(error: Error): Error;
  /** It was asked to stop, or has ended before. */
  stopped(): Error;
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Every thread can be asked to stop. */
type Stoppable = { stop(ask: Readonly<Record<string, never>>): void };

export class ThreadLine<R extends Table<R> & Stoppable, E extends { readonly kind: string }, F extends object> {
  readonly #worker: Worker;
  readonly #listener: ThreadListener<E>;
  readonly #errors: LineErrors<F>;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #ended = false;
  #stopping: Promise<boolean> | undefined;
  #error: Error | undefined;

  constructor(worker: Worker, listener: ThreadListener<E>, errors: LineErrors<F>) {
    this.#listener = listener;
    this.#errors = errors;
    this.#worker = worker;
    this.#worker.on('message', (message: E | Reply<F>) => this.#receive(message));
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

  request<N extends keyof R>(name: N, ask: Asked<R, N>): Promise<Answered<R, N>> {
    if (this.#ended) return Promise.reject(this.#errors.stopped());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve, reject });
      this.#worker.postMessage({ kind: 'request', id, name, ask });
    });
  }

  /** Without an answer. */
  protected send(message: object): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  /** Idempotent. Resolves when the thread is gone: with true when it has stopped in order and in time, or had ended before. */
  async stop(deadlineMs: number): Promise<boolean> {
    if (!this.#ended) this.#stopping ??= this.#stop(deadlineMs);
    const inOrder = await this.#stopping;
    await this.#exited;
    return inOrder ?? true;
  }

  /** A thread that does not answer any more is ended all the same. */
  async #stop(deadlineMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), deadlineMs)));
    const stopped = this.request('stop', {}).then(
      () => true,
      () => false,
    );
    const inOrder = await Promise.race([stopped, deadline]);
    clearTimeout(timer);
    await this.#worker.terminate();
    return inOrder;
  }

  #receive(message: E | Reply<F>): void {
    if (!isReply(message)) {
      this.#listener.onEvent(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'answer') pending?.resolve(message.answer);
    else pending?.reject(this.#errors.told(message));
  }

  #end(code: number): void {
    this.#ended = true;
    const error = this.#stopping ? undefined : (this.#error ?? new Error(`the thread ended with code ${code}`));
    const reason = error ? this.#errors.died(error) : this.#errors.stopped();
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
    this.#listener.onEnd(error);
  }
}

function isReply<F extends object>(message: { readonly kind: string } | Reply<F>): message is Reply<F> {
  return message.kind === 'answer' || message.kind === 'failure';
}
