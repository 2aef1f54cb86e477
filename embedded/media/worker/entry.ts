/** Where the worker thread begins. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ToWorker, WorkerSettings } from '../messages.ts';
import { commands } from './commands.ts';
import { MediaCore, type Post } from './media-core.ts';

const port = parentPort;
if (!port) throw new Error('this file is run in a worker thread');
const { settings } = workerData as { settings: WorkerSettings };
const post: Post = (message) => port.postMessage(message);
const core = new MediaCore(settings, post);
// Sockets made without Node's help outlive a thread that dies.
process.once('exit', () => core.releaseSockets());
const obey = commands(core, post);
port.on('message', (message: ToWorker) => void obey(message));
