/** Where the worker thread begins. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ToWorker, WorkerSettings } from '../messages.ts';
import { MediaWorker } from './media-worker.ts';

const port = parentPort;
if (!port) throw new Error('this file is run in a worker thread');
const { settings } = workerData as { settings: WorkerSettings };
const worker = new MediaWorker(settings, (message) => port.postMessage(message));
port.on('message', (message: ToWorker) => {
  void worker.receive(message).then(() => {
    if (message.kind === 'request' && message.name === 'stop') port.close();
  });
});
