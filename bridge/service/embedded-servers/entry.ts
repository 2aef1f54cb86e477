/** Where the thread of the embedded servers begins. */
import { parentPort, workerData } from 'node:worker_threads';
import { answers, toPlainError, type Request } from '../../../embedded/threads/index.ts';
import { FiguresReporter } from './figures-reporter.ts';
import { lineLogger } from './log-lines.ts';
import type { Failure, FromThread, Requests, ServersData, ThreadMemory } from './messages.ts';
import { startServers, type Servers } from './start-servers.ts';

const port = parentPort;
if (!port) throw new Error('this file is run in a worker thread');
const { logLevel, ...options } = workerData as ServersData;
const post = (message: FromThread): void => port.postMessage(message);
const logger = lineLogger(logLevel, (line) => post({ kind: 'log', line }));
let starting: Promise<Servers> | undefined;
let reporter: FiguresReporter | undefined;

// The whole service ends because of it, but in order: this thread is needed until then.
process.on('uncaughtException', (error) => post({ kind: 'fault', error: toPlainError(error) }));

const answer = answers<Requests, Failure>(
  {
    start: async () => {
      starting = startServers({ ...options, logger });
      const { drachtio, freeswitch, ...servers } = await starting;
      reporter = new FiguresReporter({ drachtio, freeswitch, ...servers }, (figures) =>
        post({ kind: 'figures', figures }),
      );
      return {
        listeningPoints: drachtio.listeningPoints,
        clientPort: drachtio.clientPort,
        eventSocketPort: freeswitch.eventSocketPort,
      };
    },
    memory: async ({ collect }) => {
      if (collect) await collectGarbage();
      return memory();
    },
    stop: async () => {
      reporter?.stop();
      // Those that could not be started have left nothing open.
      const servers = await starting?.catch(() => undefined);
      await servers?.stop();
      reporter?.report();
    },
  },
  post,
  (error) => ({ error: toPlainError(error) }),
);
port.on('message', (request: Request<Requests>) => void answer(request));

/** Twice: finalisers of the first round let go of more. */
async function collectGarbage(): Promise<void> {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
}

function memory(): ThreadMemory {
  const { heapUsed, external } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  return { heapBytes: heapUsed, externalBytes: external, timers };
}
