/**
 * Prints like mocha's `spec` and appends one JSON line per result to a file, so that the counts are true even when the
 * run crashes half-way. A skipped test says why (test/helpers/skip.ts); one that does not is a failed test.
 */
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOptions.results;
    const note = (result) => appendFileSync(file, `${JSON.stringify(result)}\n`);
    runner.on(EVENT_TEST_PASS, () => note({ outcome: 'passed' }));
    runner.on(EVENT_TEST_FAIL, (test, error) =>
      note({ outcome: 'failed', title: test.fullTitle(), message: String(error?.message ?? error) }),
    );
    runner.on(EVENT_TEST_PENDING, (test) => {
      const reason = reasonOf(test);
      if (reason !== undefined) note({ outcome: 'skipped', title: test.fullTitle(), reason });
      else note({ outcome: 'failed', title: test.fullTitle(), message: 'skipped without a reason' });
    });
    runner.once(EVENT_RUN_END, () => note({ outcome: 'end' }));
  }
}

/** A hook or a whole describe may have skipped it. */
function reasonOf(test) {
  for (let item = test; item; item = item.parent) if (item.skipReason !== undefined) return item.skipReason;
  return undefined;
}
