import { expect } from 'chai';
import { Floor } from '../../../embedded/media/room/floor.ts';
import { Relations } from '../../../embedded/media/room/relations.ts';
import { TalkDetector } from '../../../embedded/media/room/talk-detector.ts';

/** Feeds scores, tells at which frames something changed. */
function changes(detector: TalkDetector, scores: number[], energyLevel = 300): [number, string][] {
  return scores.flatMap((score, frame) => {
    const change = detector.frame(score, energyLevel);
    return change ? [[frame, change] as [number, string]] : [];
  });
}

const times = (count: number, score: number): number[] => Array<number>(count).fill(score);

describe('talk detector', () => {
  it('begins at once when somebody speaks up', () => {
    expect(changes(new TalkDetector(), [0, 0, 700])).to.deep.equal([[2, 'started']]);
  });

  it('waits for five frames when it is only a little above the level', () => {
    expect(changes(new TalkDetector(), times(6, 699))).to.deep.equal([[4, 'started']]);
    expect(changes(new TalkDetector(), [400, 400, 0, 400, 400, 0, 400, 400])).to.deep.equal([]);
  });

  it('ends 800 ms after the last word', () => {
    expect(changes(new TalkDetector(), [1000, ...times(41, 10)])).to.deep.equal([
      [0, 'started'],
      [40, 'stopped'],
    ]);
  });

  it('takes a short pause for part of the talk', () => {
    expect(changes(new TalkDetector(), [1000, ...times(39, 10), 1000, ...times(39, 10)])).to.deep.equal([
      [0, 'started'],
    ]);
  });

  it('counts only what is above the level', () => {
    expect(changes(new TalkDetector(), times(50, 1800), 1800)).to.deep.equal([]);
    expect(changes(new TalkDetector(), [1], 0)).to.deep.equal([]);
    expect(changes(new TalkDetector(), times(5, 1), 0)).to.deep.equal([[4, 'started']]);
  });

  it('follows the score slowly for the floor', () => {
    const detector = new TalkDetector();
    detector.frame(1000, 300);
    expect(detector.smoothed).to.be.within(199, 200);
    changes(detector, times(30, 1000));
    expect(detector.smoothed).to.be.within(980, 1000);
    detector.reset();
    expect(detector).to.include({ smoothed: 0, talking: false, score: 0 });
  });
});

describe('floor', () => {
  const bench = () => {
    const changed: [number | null, number | null][] = [];
    const floor = new Floor((from, to) => changed.push([from, to]));
    const consider = (scores: Record<number, number>): void =>
      floor.consider(
        Object.entries(scores).map(([memberId, smoothed]) => ({
          memberId: Number(memberId),
          smoothed,
          tookFloor(this: { smoothed: number }) {
            this.smoothed = 0;
          },
        })),
      );
    return { floor, changed, consider };
  };

  it('goes to the newest who is there', () => {
    const { changed, consider } = bench();
    consider({});
    consider({ 1: 0 });
    consider({ 1: 0, 2: 0 });
    expect(changed).to.deep.equal([[null, 1]]);
  });

  it('ends with the oldest of several who talk when it is free, as the real server was seen to do', () => {
    const { floor, changed, consider } = bench();
    consider({ 1: 5000, 2: 5000, 3: 5000 });
    expect(changed).to.deep.equal([
      [null, 3],
      [3, 2],
      [2, 1],
    ]);
    floor.give(null);
    consider({ 1: 0, 2: 5000, 3: 0 });
    expect(changed.slice(3)).to.deep.equal([
      [null, 3],
      [3, 2],
    ]);
  });

  it('is given and taken by command', () => {
    const { floor, changed, consider } = bench();
    consider({ 1: 200 });
    floor.give(2);
    consider({ 1: 5000, 2: 150 });
    expect(floor.holder).to.equal(2);
    expect(changed).to.have.length(1);
  });

  it('goes to who speaks while the holder is quiet, and to nobody else', () => {
    const { changed, consider } = bench();
    consider({ 1: 0 });
    consider({ 1: 150, 2: 2000 });
    consider({ 1: 50, 2: 300 });
    expect(changed).to.have.length(1);
    consider({ 1: 50, 2: 301 });
    expect(changed.at(-1)).to.deep.equal([1, 2]);
  });

  it('is free when the holder leaves, then goes to the next', () => {
    const { floor, changed, consider } = bench();
    consider({ 1: 0 });
    floor.leave(2);
    floor.leave(1);
    consider({ 2: 0 });
    expect(changed).to.deep.equal([
      [null, 1],
      [1, null],
      [null, 2],
    ]);
  });
});

describe('relations', () => {
  it('keeps each direction apart and takes each back on its own', () => {
    const relations = new Relations();
    relations.set(1, 2, { nospeak: true, nohear: true });
    relations.set(3, 1, { nospeak: true, nohear: false });
    expect([...relations.unheardBy(1)!]).to.have.members([2, 3]);
    expect([...relations.unheardBy(2)!]).to.deep.equal([1]);
    expect(relations.unheardBy(3)).to.equal(undefined);
    relations.set(1, 2, { nospeak: false, nohear: false });
    expect([...relations.unheardBy(1)!]).to.deep.equal([3]);
    expect(relations.unheardBy(2)).to.equal(undefined);
  });

  it('forgets who left', () => {
    const relations = new Relations();
    relations.set(1, 2, { nospeak: true, nohear: false });
    relations.forget(1);
    expect(relations.unheardBy(2)).to.equal(undefined);
  });
});
