import { expect } from 'chai';
import { SampleSource, type AudioSource } from '../../../embedded/media/sources/audio-source.ts';
import { PlayPool, PlayQueue, PlayStack } from '../../../embedded/media/worker/playback.ts';
import type { PlayResult } from '../../../embedded/media/types.ts';
import { FRAME, level } from './helpers.ts';

const sound = (value: number, frames: number): Promise<AudioSource> =>
  Promise.resolve(new SampleSource(level(value, frames * FRAME)));

class Bench<T extends PlayPool | PlayQueue | PlayStack> {
  readonly ended: [number, PlayResult['outcome']][] = [];
  readonly plays: T;

  constructor(Kind: new (onEnded: (playId: number, result: PlayResult) => void) => T) {
    this.plays = new Kind((playId, { outcome }) => this.ended.push([playId, outcome]));
  }

  async add(playId: number, source: Promise<AudioSource | undefined>): Promise<void> {
    this.plays.add({ playId, uri: '', source });
    await Promise.race([source, Promise.resolve()]);
    await Promise.resolve();
  }

  /** First sample of each of the next frames, undefined where nothing plays. */
  read(frames: number): (number | undefined)[] {
    return Array.from({ length: frames }, () => {
      const frame = new Int16Array(FRAME);
      return this.plays.read(frame) ? frame[0] : undefined;
    });
  }
}

const never = new Promise<undefined>(() => undefined);

describe('playback', () => {
  it('plays a queue in order, and waits for what is still loading', async () => {
    const bench = new Bench(PlayQueue);
    await bench.add(1, sound(1, 2));
    await bench.add(2, sound(2, 1));
    await bench.add(3, never);
    await bench.add(4, sound(4, 1));
    expect(bench.read(5)).to.deep.equal([1, 1, 2, undefined, undefined]);
    expect(bench.plays.stop(3)).to.equal(true);
    expect(bench.plays.stop(3)).to.equal(false);
    expect(bench.read(2)).to.deep.equal([4, undefined]);
    expect(bench.ended).to.deep.equal([
      [1, 'done'],
      [2, 'done'],
      [3, 'stopped'],
      [4, 'done'],
    ]);
  });

  it('lets the newest of a stack interrupt, then goes on where it was', async () => {
    const bench = new Bench(PlayStack);
    await bench.add(1, sound(1, 4));
    expect(bench.read(1)).to.deep.equal([1]);
    await bench.add(2, never);
    await bench.add(3, sound(3, 1));
    expect(bench.read(5)).to.deep.equal([3, 1, 1, 1, undefined]);
    bench.plays.stopAll();
    expect(bench.ended).to.deep.equal([
      [3, 'done'],
      [1, 'done'],
      [2, 'stopped'],
    ]);
  });

  it('mixes all of a pool', async () => {
    const bench = new Bench(PlayPool);
    await bench.add(1, sound(1, 1));
    await bench.add(2, sound(20_000, 3));
    await bench.add(3, sound(20_000, 2));
    expect(bench.read(4)).to.deep.equal([32_767, 32_767, 20_000, undefined]);
    expect(bench.ended.map(([playId]) => playId)).to.deep.equal([1, 3, 2]);
  });

  it('tells of what is not there, and fills up the last frame with silence', async () => {
    const bench = new Bench(PlayQueue);
    await bench.add(1, Promise.resolve(undefined));
    await bench.add(2, Promise.resolve(new SampleSource(level(5, 10))));
    const frame = level(99);
    expect(bench.plays.read(frame)).to.equal(true);
    expect([frame[9], frame[10], frame[159]]).to.deep.equal([5, 0, 0]);
    expect(bench.ended).to.deep.equal([
      [1, 'not-found'],
      [2, 'done'],
    ]);
  });

  it('tells each end once', async () => {
    const bench = new Bench(PlayQueue);
    await bench.add(1, sound(1, 9));
    bench.plays.stopAll();
    bench.plays.stopAll();
    bench.plays.stop(1);
    expect(bench.ended).to.deep.equal([[1, 'stopped']]);
  });
});
