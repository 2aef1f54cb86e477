/** The main thread's line to a media worker: requests with answers, orders without, and events from it. */
import { Worker } from 'node:worker_threads';
import { ThreadLine, type ThreadListener } from '../threads/index.ts';
import { MediaError } from './errors.ts';
import type { Failure, FromWorker, OrderName, Orders, Requests, WorkerSettings } from './messages.ts';

export type WorkerEvent = Exclude<FromWorker, { kind: 'answer' } | { kind: 'failure' }>;

export type StartWorker = (settings: WorkerSettings) => Worker;

export function startMediaWorker(settings: WorkerSettings): Worker {
  // The start file brings its own loader; nothing of how this process was started is passed on.
  return new Worker(new URL('./worker/start.mjs', import.meta.url), {
    execArgv: [],
    name: 'media',
    workerData: { settings },
  });
}

export class WorkerLink extends ThreadLine<Requests, WorkerEvent, Failure> {
  constructor(worker: Worker, listener: ThreadListener<WorkerEvent>) {
    super(worker, listener, {
      told: ({ code, detail }) => new MediaError(code, detail),
      died: ({ message }) => new MediaError('media/engine-failed', message),
      stopped: () => new MediaError('media/engine-stopped', 'the media engine has stopped'),
    });
  }

  order<N extends OrderName>(name: N, order: Orders[N]): void {
    this.send({ kind: 'order', name, order });
  }
}
