import { expect } from 'chai';
import { meanOpinionScore } from '../../../embedded/media/stages/quality.ts';

describe('mean opinion score', () => {
  it('is that of G.711 at its best when nothing is lost', () => {
    expect(meanOpinionScore({ loss: 0, delayMs: 0 })).to.be.closeTo(4.41, 0.01);
  });

  it('falls with loss and with delay, and stays between 1 and 4.5', () => {
    const scores = [0, 0.01, 0.05, 0.2, 1].map((loss) => meanOpinionScore({ loss, delayMs: 60 }));
    expect([...scores].sort((a, b) => b - a)).to.deep.equal(scores);
    expect(scores[2]).to.be.within(3, 4);
    expect(meanOpinionScore({ loss: 0, delayMs: 400 })).to.be.lessThan(3.7);
    for (const loss of [-1, 0, 1, 5]) expect(meanOpinionScore({ loss, delayMs: 10_000 })).to.be.within(1, 4.5);
  });
});
