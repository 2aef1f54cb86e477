/** Where the worker thread begins. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { ToWorker, WorkerSettings } from '../messages.ts';
import { commands } from './commands.ts';
import { MediaCore, type Post } from './media-core.ts';

/** As `nice` counts. */
const PRIORITY = -10;

const port = parentPort;
if (!port) throw new Error('this file is run in a worker thread');
comeFirst();
const { settings } = workerData as { settings: WorkerSettings };
const post: Post = (message) => port.postMessage(message);
const core = new MediaCore(settings, post);
// Sockets made without Node's help outlive a thread that dies.
process.once('exit', () => core.releaseSockets());
const obey = commands(core, post);
port.on('message', (message: ToWorker) => void obey(message));

/**
 * Sound cannot wait; everything else of a call can. Linux gives each thread a priority of its own, and a higher one to root
 * and within RLIMIT_NICE only (elsewhere it would be that of the whole process). Without it, all threads are equal.
 */
function comeFirst(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(PRIORITY);
  } catch {
    // Not allowed: nothing is lost but the precedence.
  }
}
