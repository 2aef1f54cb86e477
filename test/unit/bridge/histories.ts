/** `npm run histories -- [--runs 50000] [--seed 1] [--path 12:3]`: plays any histories of rooms, as `npm test` does a few of. */
import { parseArgs } from 'node:util';
import { playHistories } from './room-histories.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '50000' }, seed: { type: 'string' }, path: { type: 'string' } },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const numRuns = Number(values.runs);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(numRuns)) {
  process.stderr.write('runs and seed are whole numbers\n');
  process.exit(2);
}
const started = performance.now();
process.stdout.write(`seed ${seed}\n`);
try {
  playHistories({ numRuns, seed, ...(values.path === undefined ? {} : { path: values.path }) });
  process.stdout.write(`${numRuns} histories in ${Math.round((performance.now() - started) / 1_000)} s\n`);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
