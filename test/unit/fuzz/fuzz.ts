/** Mutation fuzzing of everything that reads bytes from outside. Run `n` of a seed is always the same input. */
import { mutate } from './mutate.ts';
import { otherTargets } from './other-targets.ts';
import { Random } from './random.ts';
import { sipTargets } from './sip-targets.ts';

export const targets = [...sipTargets, ...otherTargets];

export interface Finding {
  readonly seed: number;
  readonly run: number;
  readonly target: string;
  readonly input: Buffer;
  readonly error: unknown;
}

export interface FuzzResult {
  readonly runs: number;
  readonly finding?: Finding;
}

/** More CPU than this for one input, again and again, is an attack that works. */
const SLOW_MS = 1_000;
const SHOWN_BYTES = 3_000;
const RUNS_PER_TURN = 100;
const GOLDEN = 0x9e3779b1;

/** One input. */
export function runOnce(seed: number, run: number): Finding | undefined {
  const random = new Random(seed ^ Math.imul(run + 1, GOLDEN));
  const target = targets[run % targets.length]!;
  const input = mutate(target.examples, random);
  let took = Infinity;
  // Once is no proof: garbage may have been collected just then.
  for (let tries = 0; tries < 3 && took >= SLOW_MS; tries++) {
    const before = process.cpuUsage();
    try {
      target.check(input, random);
    } catch (error) {
      return { seed, run, target: target.name, input, error };
    }
    const used = process.cpuUsage(before);
    took = (used.user + used.system) / 1_000;
  }
  if (took < SLOW_MS) return undefined;
  return { seed, run, target: target.name, input, error: new Error(`it took ${Math.round(took)} ms`) };
}

/** Until the time is over or something is found. */
export async function fuzz(seed: number, milliseconds: number): Promise<FuzzResult> {
  const end = performance.now() + milliseconds;
  let run = 0;
  while (performance.now() < end) {
    for (let count = 0; count < RUNS_PER_TURN; count++, run++) {
      const finding = runOnce(seed, run);
      if (finding) return { runs: run + 1, finding };
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { runs: run };
}

export function describeFinding({ seed, run, target, input, error }: Finding): string {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    `${target} failed; have it again with: npm run fuzz -- --seed ${seed} --run ${run}`,
    `input, ${input.length} bytes, base64:`,
    input.subarray(0, SHOWN_BYTES).toString('base64') + (input.length > SHOWN_BYTES ? '…' : ''),
    told,
  ].join('\n');
}
