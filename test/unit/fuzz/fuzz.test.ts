import { expect } from 'chai';
import { describeFinding, fuzz, runOnce, targets } from './fuzz.ts';

const MILLISECONDS = 60_000;

describe('mutation fuzzing', () => {
  for (const target of targets) {
    it(`${target.name} takes its own examples`, () => {
      const random = { below: () => 0, pick: <T>(from: readonly T[]) => from[0]! };
      for (const example of target.examples) target.check(example, random as never);
    });
  }

  it('gives the same input for the same seed and run', () => {
    for (let run = 0; run < 50; run++) expect(runOnce(1, run)).to.equal(undefined);
  });

  const seed = Date.now() % 2 ** 31;
  it(`finds nothing in ${MILLISECONDS / 1_000} s with seed ${seed}`, async function () {
    this.timeout(3 * MILLISECONDS);
    const { runs, finding } = await fuzz(seed, MILLISECONDS);
    if (finding) expect.fail(describeFinding(finding));
    expect(runs).to.be.above(1_000);
  });
});
