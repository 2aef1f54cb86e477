/** The whole service under 2,000 INVITEs a second; `npm run abuse` is the longer way, with all figures. */
import { expect } from 'chai';
import { floodService, type FloodSource } from '../bench/flooded-service.ts';

const SECONDS = 4;
const PER_SECOND = 2_000;
/** What the phones' own process may be late with on a busy machine. */
const SILENCE_MS = 800;

describe('a flood of INVITEs', function () {
  this.timeout(90_000);

  const sources: [source: FloodSource, what: string, answered: boolean][] = [
    ['trusted', 'from an address whose calls are taken', true],
    ['stranger', 'from an address nobody knows', false],
  ];
  for (const [source, what, isAnswered] of sources) {
    it(`${what} costs no honest call and no sound`, async () => {
      const { flood, honestCalls, failures, room, calls } = await floodService({
        seconds: SECONDS,
        perSecond: PER_SECOND,
        source,
      });
      expect(failures, 'honest calls that failed').to.deep.equal([]);
      expect(honestCalls).to.be.at.least(SECONDS * 3);
      expect(flood.sent).to.be.at.least(SECONDS * PER_SECOND);
      expect(Object.keys(flood.answers).length > 0, JSON.stringify(flood.answers)).to.equal(isAnswered);
      for (const leg of room) {
        expect(leg.lost, 'packets lost').to.equal(0);
        expect(leg.received, 'packets').to.be.at.least((SECONDS * 1_000) / 20);
        expect(leg.silentMs, 'silence').to.be.at.most(SILENCE_MS);
      }
      expect(calls.after, 'calls the flood has got').to.be.at.most(room.length + (isAnswered ? 60 : 0));
    });
  }
});
