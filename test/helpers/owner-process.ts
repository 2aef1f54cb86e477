/**
 * A process of its own that owns a private Redis, as the service does: run with the data folder as its argument, it
 * prints one line of JSON and then writes journal entries, printing the number of each one that was acknowledged.
 */
import { pino } from 'pino';
import { loadServerSecret, openStore, startRedisServer } from '../../store/index.ts';

const dataDir = process.argv[2] ?? '';
const logger = pino({ level: 'silent' });
const server = await startRedisServer({ dataDir, logger });
const store = await openStore({ url: server.url, secret: await loadServerSecret(dataDir), logger });
process.stdout.write(`${JSON.stringify({ pid: server.pid })}\n`);

process.once('SIGTERM', () => {
  void store
    .close()
    .then(() => server.stop())
    .then(() => process.exit(0));
});

/** Several at a time, because that is when Redis answers many with one flush. */
async function write(worker: number): Promise<void> {
  for (let count = 1; ; count += 1) {
    const at = worker * 1_000_000 + count;
    await store.journal.append('default', { type: 'written', at });
    process.stdout.write(`${at}\n`);
  }
}
if (process.argv[3] === 'write') for (let worker = 0; worker < 8; worker += 1) write(worker).catch(() => undefined);
