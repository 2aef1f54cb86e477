import { expect } from 'chai';
import { SampleSource } from '../../../embedded/media/sources/audio-source.ts';
import type { RoomLeg } from '../../../embedded/media/room/member.ts';
import { Room } from '../../../embedded/media/room/room.ts';
import type { MemberAudio, PlayResult } from '../../../embedded/media/types.ts';
import { FRAME, level } from './helpers.ts';

class FakeLeg implements RoomLeg {
  inRoom = false;
  says = 0;
  failsAt: 'pull' | 'push' | undefined;
  readonly heard: number[] = [];

  pull(): Int16Array {
    if (this.failsAt === 'pull') throw new Error('pull failed');
    return level(this.says);
  }

  push(frame: Int16Array): void {
    if (this.failsAt === 'push') throw new Error('push failed');
    this.heard.push(frame[0]!);
  }
}

const MEMBER: MemberAudio = { speak: true, hear: true, volumeIn: 0, volumeOut: 0, energyLevel: 100, muteDetect: false };

class Bench {
  readonly told: string[] = [];
  readonly ended = new Map<number, PlayResult>();
  readonly room = new Room({
    startTalking: (memberId, energy) => this.told.push(`${memberId} starts at ${energy}`),
    stopTalking: (memberId) => this.told.push(`${memberId} stops`),
    muteDetect: (memberId) => this.told.push(`${memberId} is muted`),
    floorChange: (from, to) => this.told.push(`floor ${from} ${to}`),
    playEnded: (playId, result) => this.ended.set(playId, result),
    legFailed: (leg, error) => {
      this.told.push(`leg ${this.legs.findIndex((candidate) => candidate === leg) + 1}: ${String(error)}`);
      this.room.removeLeg(leg);
    },
    fault: (text) => this.told.push(text),
  });
  readonly legs: FakeLeg[] = [];

  constructor(says: number[], audio: Partial<MemberAudio>[] = []) {
    says.forEach((value, index) => {
      const leg = new FakeLeg();
      leg.says = value;
      this.legs.push(leg);
      this.room.addMember(index + 1, leg, { ...MEMBER, ...audio[index] });
    });
  }

  tick(count = 1): number[] {
    for (let n = 0; n < count; n++) this.room.tick(0);
    return this.legs.map(({ heard }) => heard.at(-1)!);
  }

  async play(
    playId: number,
    value: number,
    frames: number,
    options: { memberId?: number; volume?: number; async?: boolean } = {},
  ): Promise<void> {
    const source = Promise.resolve(new SampleSource(level(value, frames * FRAME)));
    const { memberId, volume, async = false } = options;
    this.room.play({ playId, uri: '', source, memberId, volume, async });
    await source;
  }
}

describe('room', () => {
  for (const failsAt of ['pull', 'push'] as const) {
    it(`goes on without a leg that fails at ${failsAt}`, () => {
      const bench = new Bench([1000, 2000, 4000]);
      bench.legs[1]!.failsAt = failsAt;
      bench.tick();
      const [first, , third] = bench.tick();
      expect([first, third]).to.deep.equal([4000, 1000]);
      expect(bench.told.filter((line) => line.startsWith('leg'))).to.deep.equal([`leg 2: Error: ${failsAt} failed`]);
      expect(bench.room.members().map(({ memberId }) => memberId)).to.deep.equal([1, 3]);
    });
  }

  it('lets the first frame of a word in and keeps noise below the level out', () => {
    const bench = new Bench([1000, 200, 99]);
    expect(bench.tick()).to.deep.equal([200, 1000, 1200]);
    bench.legs[0]!.says = 50;
    expect(bench.tick(), 'still talking').to.deep.equal([200, 50, 250]);
    expect(bench.tick(60), 'no more').to.deep.equal([200, 0, 200]);
  });

  it('lets everything of a member through whose level is 0', () => {
    expect(new Bench([3, 0], [{ energyLevel: 0 }]).tick()).to.deep.equal([0, 3]);
  });

  it('applies volumes as steps: in before the mix, out after it', () => {
    const bench = new Bench([1000, 2000], [{ volumeIn: -1 }, { volumeOut: -2 }]);
    expect(bench.tick()).to.deep.equal([2000, 480]);
  });

  it('saturates for each listener, not in the sum', () => {
    expect(new Bench([30_000, 30_000, -20_000]).tick()).to.deep.equal([10_000, 10_000, 32_767]);
  });

  it('tells once of each talk, and at once when a talker is muted', () => {
    const bench = new Bench([1000]);
    bench.tick(10);
    bench.room.setAudio(1, { speak: false });
    bench.tick(60);
    expect(bench.told).to.deep.equal(['1 starts at 1000', 'floor null 1', '1 stops']);
    bench.room.setAudio(1, { speak: true });
    bench.tick();
    expect(bench.told.at(-1)).to.equal('1 starts at 1000');
  });

  it('tells of the muted who speak only when asked to, once per talk, and gives them no floor', () => {
    const bench = new Bench([0, 1000, 1000], [{}, { speak: false }, { speak: false, muteDetect: true }]);
    expect(bench.tick(20)).to.deep.equal([0, 0, 0]);
    expect(bench.told).to.deep.equal(['3 is muted', 'floor null 1']);
  });

  it('plays queued sounds one after the other and parallel ones at once, with their volume', async () => {
    const bench = new Bench([0, 0]);
    await bench.play(1, 1000, 2);
    await bench.play(2, 300, 1);
    await bench.play(3, 50, 3, { async: true });
    await bench.play(4, 7, 3, { memberId: 2, volume: 20 });
    expect(bench.tick()).to.deep.equal([1050, 1120]);
    expect(bench.tick()).to.deep.equal([1050, 1120]);
    expect(bench.tick(), 'no hole between the two').to.deep.equal([350, 420]);
    expect(bench.tick()).to.deep.equal([0, 0]);
    expect(bench.ended.get(1)).to.deep.equal({ outcome: 'done', playedMilliseconds: 40, lastOffset: 320 });
    expect(bench.ended.get(2)?.outcome).to.equal('done');
    expect([...bench.ended.keys()].sort()).to.deep.equal([1, 2, 3, 4]);
  });

  it('lets a deaf member hear what is played to it alone', async () => {
    const bench = new Bench([1000, 0], [{}, { hear: false }]);
    await bench.play(1, 500, 2, { memberId: 2 });
    expect(bench.tick()).to.deep.equal([0, 500]);
  });

  it('stops a play wherever it is, and tells of plays to nobody', async () => {
    const bench = new Bench([0]);
    await bench.play(1, 1, 99);
    await bench.play(2, 2, 99, { async: true });
    await bench.play(3, 4, 99, { memberId: 1 });
    await bench.play(4, 8, 99, { memberId: 77 });
    expect(bench.ended.get(4)?.outcome).to.equal('stopped');
    expect(bench.tick()).to.deep.equal([7]);
    for (const playId of [1, 2, 3, 99]) bench.room.stopPlaying(playId);
    expect(bench.tick()).to.deep.equal([0]);
    expect([...bench.ended.keys()].sort()).to.deep.equal([1, 2, 3, 4]);
  });

  it('lets go of legs and plays when it closes, twice', async () => {
    const bench = new Bench([0, 0]);
    await bench.play(1, 1, 99);
    await bench.play(2, 1, 99, { memberId: 1 });
    await bench.room.close();
    await bench.room.close();
    expect(bench.legs.map(({ inRoom }) => inRoom)).to.deep.equal([false, false]);
    expect([...bench.ended.values()].map(({ outcome }) => outcome)).to.deep.equal(['stopped', 'stopped']);
    expect(bench.room.members()).to.deep.equal([]);
  });
});
