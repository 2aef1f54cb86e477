import { expect } from 'chai';
import fc from 'fast-check';
import { distance, footprint, isObvious, randomCode, randomPair } from '../../../store/code-space.ts';

const code = (digits: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: digits, maxLength: digits }).map((list) => list.join(''));
const anyCode = fc.integer({ min: 8, max: 12 }).chain(code);

/** As the store's script does: may the second code be taken when the first one is in use? */
function collides(inUse: string, wanted: string): boolean {
  const { shorter, avoids } = footprint(wanted);
  const set = new Set(footprint(inUse).sets);
  return wanted === inUse || shorter.includes(inUse) || avoids.some((pattern) => set.has(pattern));
}

describe('store: the space of access codes', () => {
  it('lets no code be another one’s beginning, or one digit apart, and nothing else in the way', () => {
    fc.assert(
      fc.property(anyCode, anyCode, (one, other) => {
        const tooClose = one.startsWith(other) || other.startsWith(one) || distance(one, other) < 2;
        expect(collides(one, other)).to.equal(tooClose);
        expect(collides(other, one)).to.equal(tooClose);
      }),
    );
  });

  it('sees every code that is one digit apart', () => {
    fc.assert(
      fc.property(anyCode, fc.nat(11), fc.integer({ min: 1, max: 9 }), (one, place, shift) => {
        const at = place % one.length;
        const other = one.slice(0, at) + String((Number(one[at]) + shift) % 10) + one.slice(at + 1);
        expect(distance(one, other)).to.equal(1);
        expect(collides(one, other)).to.equal(true);
      }),
    );
  });

  it('sees every code that goes on where another ends', () => {
    fc.assert(
      fc.property(code(8), fc.integer({ min: 1, max: 4 }).chain(code), (short, rest) => {
        expect(collides(short, short + rest)).to.equal(true);
        expect(collides(short + rest, short)).to.equal(true);
      }),
    );
  });

  it('draws digits of the length asked for, each digit equally often at each place', () => {
    const draws = 20_000;
    const counts = Array.from({ length: 9 }, () => new Array<number>(10).fill(0));
    for (let drawn = 0; drawn < draws; drawn += 1) {
      const digits = randomCode(9);
      expect(digits).to.match(/^\d{9}$/);
      for (let place = 0; place < 9; place += 1) counts[place]![Number(digits[place])]! += 1;
    }
    // Six standard deviations of a binomial with p = 0.1: wrong once in hundreds of millions of runs.
    const tolerance = 6 * Math.sqrt(draws * 0.1 * 0.9);
    for (const place of counts) for (const count of place) expect(count).to.be.closeTo(draws / 10, tolerance);
  });

  it('draws pairs that keep their distance, also when the dice do not', () => {
    for (let drawn = 0; drawn < 2_000; drawn += 1) {
      const { guest, host } = randomPair(8);
      expect(distance(guest, host)).to.be.at.least(2);
    }
    // guest 13572468, then a host one digit away, then one that is far.
    const dice = [1, 3, 5, 7, 2, 4, 6, 8, 1, 3, 5, 7, 2, 4, 6, 9, 9, 0, 2, 4, 6, 1, 3, 5];
    const pair = randomPair(8, () => dice.shift() ?? 0);
    expect(pair).to.deep.equal({ guest: '13572468', host: '90246135' });
  });

  it('refuses what people try first', () => {
    for (const obvious of ['000000000', '121212121', '123456789', '987654321', '890123456', '13579135']) {
      expect(isObvious(obvious), obvious).to.equal(true);
    }
    for (const fine of ['316208408', '939824659', '100000002']) expect(isObvious(fine), fine).to.equal(false);
    const dice = [...Array.from({ length: 9 }, () => 7), 3, 1, 6, 2, 0, 8, 4, 0, 8];
    expect(randomCode(9, () => dice.shift() ?? 0)).to.equal('316208408');
  });
});
