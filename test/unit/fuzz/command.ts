/** `npm run fuzz -- [--minutes 10] [--seed 1] [--run 2]`; with `--run` that one input only. */
import { parseArgs } from 'node:util';
import { describeFinding, fuzz, runOnce } from './fuzz.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' }, run: { type: 'string' } },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const milliseconds = Number(values.minutes) * 60_000;
if (![seed, milliseconds, Number(values.run ?? 0)].every(Number.isFinite)) {
  process.stderr.write('minutes, seed and run are numbers\n');
  process.exit(2);
}

process.stdout.write(`seed ${seed}\n`);
const single = values.run === undefined ? undefined : runOnce(seed, Number(values.run));
const { runs, finding } = values.run === undefined ? await fuzz(seed, milliseconds) : { runs: 1, finding: single };
process.stdout.write(`${runs} inputs\n`);
if (finding) {
  process.stdout.write(`${describeFinding(finding)}\n`);
  process.exitCode = 1;
}
