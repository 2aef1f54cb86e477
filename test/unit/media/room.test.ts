import { expect } from 'chai';
import { SampleSource } from '../../../embedded/media/sources/audio-source.ts';
import type { RoomLeg } from '../../../embedded/media/room/member.ts';
import { Room, type RoomEvents, type RoomPlay, type RoomSettings } from '../../../embedded/media/room/room.ts';
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
  readonly room: Room;
  readonly #events: RoomEvents = {
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
  };
  readonly legs: FakeLeg[] = [];

  constructor(says: number[], audio: Partial<MemberAudio>[] = [], settings: RoomSettings = {}) {
    this.room = new Room(this.#events, settings);
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

  async play(playId: number, value: number, frames: number, options: Partial<RoomPlay> = {}): Promise<void> {
    const source = Promise.resolve(new SampleSource(level(value, frames * FRAME)));
    const { memberId, volume, async = false, ...others } = options;
    this.room.play({ playId, uri: '', source, memberId, volume, async, ...others });
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
    expect(bench.told).to.deep.equal(['3 is muted', 'floor null 3']);
    bench.room.setAudio(3, { speak: false });
    bench.tick(20);
    expect(bench.told.slice(2), 'muted once more, it is told once more').to.deep.equal(['3 is muted']);
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

  it('plays something as often as asked, without a hole, or until it is stopped', async () => {
    const bench = new Bench([0]);
    await bench.play(1, 500, 2, { times: 3 });
    expect(Array.from({ length: 7 }, () => bench.tick()[0])).to.deep.equal([500, 500, 500, 500, 500, 500, 0]);
    expect(bench.ended.get(1)).to.include({ outcome: 'done', playedMilliseconds: 120 });
    await bench.play(2, 300, 1, { times: Infinity, memberId: 1 });
    expect(bench.tick(50)).to.deep.equal([300]);
    bench.room.stopPlaying(2);
    expect(bench.ended.get(2)).to.include({ outcome: 'stopped', playedMilliseconds: 1000 });
  });

  it('lets a member hear a sound alone, without the room', async () => {
    const bench = new Bench([1000, 0]);
    await bench.play(1, 500, 2, { memberId: 2, alone: true });
    await bench.play(2, 70, 1, { memberId: 2 });
    expect(bench.tick()).to.deep.equal([0, 500]);
    expect(bench.tick()).to.deep.equal([0, 500]);
    expect(bench.tick(), 'the next one over the room again').to.deep.equal([0, 1070]);
    expect(bench.tick()).to.deep.equal([0, 1000]);
  });

  it('pauses, changes and moves what is played', async () => {
    const bench = new Bench([0]);
    await bench.play(1, 1000, 10);
    bench.tick();
    bench.room.pausePlaying(1, true);
    expect(bench.tick(3)).to.deep.equal([0]);
    bench.room.pausePlaying(1, false);
    bench.room.setPlayVolume(1, -20);
    expect(bench.tick()).to.deep.equal([100]);
    expect(bench.room.seek(1, 1200, true)).to.equal(320 + 1200);
    expect(bench.room.seek(1, -9999, true)).to.equal(0);
    expect(bench.room.seek(1, 1440, false)).to.equal(1440);
    bench.tick(2);
    expect(bench.ended.get(1)?.outcome).to.equal('done');
    expect(bench.room.seek(1, 0, false)).to.equal(0);
  });

  it('sounds faintly while nobody talks, for the deaf too, and never for who talks', () => {
    const bench = new Bench([0, 0], [{}, { hear: false }], { comfortNoiseLevel: 1400 });
    const noise = Array.from({ length: 50 }, () => bench.tick());
    expect(new Set(noise.map(([first]) => first)).size).to.be.greaterThan(10);
    for (const [hearing, deaf] of noise) {
      expect(Math.abs(hearing!)).to.be.at.most(23);
      expect(deaf).to.equal(hearing);
    }
    bench.legs[0]!.says = 1000;
    expect(bench.tick(), 'the talker hears nothing').to.deep.equal([0, 0]);
  });

  it('brings a quiet voice up to what is wanted, slowly, and a loud one down', () => {
    const bench = new Bench([500, 0], [{ gainTarget: 1000 }, {}]);
    expect(bench.tick(1)[1], 'at first').to.equal(500);
    bench.tick(4 * 101);
    expect(bench.tick()[1], 'after four times two seconds').to.be.within(555, 565);
    bench.tick(20 * 101);
    expect(bench.tick()[1]).to.be.within(960, 1060);
    bench.legs[0]!.says = 8000;
    bench.tick(60 * 101);
    expect(bench.tick()[1]).to.be.within(950, 1050);
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
