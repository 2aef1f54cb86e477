/** The service as a command, in a process whose servers' thread can be killed: by the message `kill`. */
import { Worker } from 'node:worker_threads';
import { startService } from '../../bridge/main.ts';
import { runAsCommand } from '../../bridge/service/run.ts';
import { createLogger, loadSettings, type SettingsInput } from '../../config/index.ts';

const settings = loadSettings({ environment: {}, overrides: JSON.parse(process.argv[2]!) as SettingsInput });
process.once('worker', (worker: Worker) => {
  process.once('message', () => void worker.terminate());
});
await runAsCommand({
  settings: () => settings,
  createLogger,
  isSettingsError: () => false,
  start: async (options) => {
    const service = await startService(options);
    process.send?.({ url: service.url });
    return service;
  },
});
