import { playHistories } from './room-histories.ts';

/** `npm run histories -- --runs 50000` plays more. */
const RUNS = 3_000;

describe('any history of a room', function () {
  this.timeout(180_000);

  it('keeps every promise: heard and hearing as shown, never stuck, never invisible, hosts by right, hands in order', () => {
    playHistories({ numRuns: RUNS });
  });
});
