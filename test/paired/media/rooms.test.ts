import { expect } from 'chai';
import { readFile, stat } from 'node:fs/promises';
import type { MediaRoom } from '../../../embedded/media/index.ts';
import { TONES, level, tonesHeard } from '../../helpers/tones.ts';
import { readWav } from '../../helpers/wav.ts';
import {
  MEMBER,
  MediaBench,
  SENT_DB,
  next,
  onBothNetworks,
  untilItHearsLevels,
  untilTheyHear,
  type Leg,
} from './bench.ts';

const [A, B, C] = TONES;
const OURS = [A, B, C];

onBothNetworks('media room, paired with plain phones', (udp) => {
  const bench = new MediaBench();
  before(() => bench.start(udp));
  afterEach(() => bench.clear());
  after(() => bench.stop());

  /** Three phones in one room, each saying its own tone. */
  async function threeTalk(): Promise<{ room: MediaRoom; legs: [Leg, Leg, Leg] }> {
    const room = await bench.room();
    const legs: [Leg, Leg, Leg] = [await bench.leg(), await bench.leg(), await bench.leg()];
    for (const [index, { phone, port }] of legs.entries()) {
      await room.addMember(index + 1, port, MEMBER);
      phone.talk(port.localPort, OURS[index]!);
    }
    return { room, legs };
  }

  it('lets everybody hear all others and not themselves', async () => {
    const { legs } = await threeTalk();
    await untilTheyHear(legs, [
      [B, C],
      [A, C],
      [A, B],
    ]);
  });

  it('silences who may not speak, deafens who may not hear, and takes it back', async () => {
    const { room, legs } = await threeTalk();
    room.setAudio(1, { speak: false });
    room.setAudio(2, { hear: false });
    await untilTheyHear(legs, [[B, C], [], [B]]);
    room.setAudio(1, { speak: true });
    room.setAudio(2, { hear: true });
    await untilTheyHear(legs, [
      [B, C],
      [A, C],
      [A, B],
    ]);
  });

  it('keeps apart whom a relation keeps apart', async () => {
    const { room, legs } = await threeTalk();
    room.setRelation(1, 2, { nospeak: true, nohear: false });
    await untilTheyHear(legs, [[B, C], [C], [A, B]]);
    room.setRelation(1, 2, { nospeak: false, nohear: true });
    await untilTheyHear(legs, [[C], [A, C], [A, B]]);
  });

  it('changes how loud a member is heard, and hears', async () => {
    const { room, legs } = await threeTalk();
    await untilItHearsLevels(legs[1], [A, SENT_DB], [C, SENT_DB]);
    room.setAudio(1, { volumeIn: -2 });
    await untilItHearsLevels(legs[1], [A, SENT_DB - 4.4], [C, SENT_DB]);
    room.setAudio(2, { volumeOut: -4 });
    await untilItHearsLevels(legs[1], [A, SENT_DB - 4.4 - 14], [C, SENT_DB - 14]);
  });

  it('is silent again for the others when somebody leaves', async () => {
    const { room, legs } = await threeTalk();
    await room.removeMember(3);
    await untilTheyHear(legs, [[B], [A], []]);
    expect((await room.members()).map(({ memberId }) => memberId)).to.deep.equal([1, 2]);
    await legs[1].port.close();
    await untilTheyHear([legs[0]], [[]]);
    expect((await room.members()).map(({ memberId }) => memberId)).to.deep.equal([1]);
  });

  it('tells who talks, who has the floor, and when it ends', async () => {
    const room = await bench.room();
    const floor = next(room, 'floor-change');
    const legs = [await bench.leg(), await bench.leg()] as const;
    await room.addMember(1, legs[0].port, MEMBER);
    expect(await floor).to.deep.equal({ from: null, to: 1 });
    await room.addMember(2, legs[1].port, MEMBER);

    const [started, moved] = [
      next<{ memberId: number; energy: number }>(room, 'start-talking'),
      next(room, 'floor-change'),
    ];
    legs[1].phone.talk(legs[1].port.localPort, B);
    expect((await started).memberId).to.equal(2);
    expect((await started).energy).to.be.greaterThan(400);
    expect(await moved).to.deep.equal({ from: 1, to: 2 });
    expect(await room.members()).to.deep.include({
      memberId: 2,
      energy: (await room.members())[1]!.energy,
      talking: true,
      floor: true,
    });

    const stopped = next(room, 'stop-talking');
    legs[1].phone.quiet();
    expect(await stopped).to.include({ memberId: 2 });
    const dropped = next(room, 'floor-change');
    await room.removeMember(2);
    expect(await dropped).to.deep.equal({ from: 2, to: null });
  });

  it('tells of somebody who speaks while muted, when asked to', async () => {
    const room = await bench.room();
    const { phone, port } = await bench.leg();
    await room.addMember(4, port, { ...MEMBER, speak: false, muteDetect: true });
    const told = next(room, 'mute-detect');
    phone.talk(port.localPort, A);
    expect(await told).to.deep.equal({ memberId: 4 });
  });

  it('plays to everybody, to one member, one after the other and at once', async () => {
    const { room, legs } = await threeTalk();
    for (const { phone } of legs) phone.quiet();
    const sound = (hz: number, loops = -1): string => `tone_stream://%(1000,0,${hz});loops=${loops}`;
    const whom = room.play(sound(1330), { memberId: 2 });
    const all = room.play(sound(1610));
    const queued = room.play(sound(1930, 1));
    const async = room.play(sound(1070), { async: true });
    await untilTheyHear(legs, [
      [1070, 1610],
      [1070, 1330, 1610],
      [1070, 1610],
    ]);
    expect(room.stopPlaying('async')).to.equal(1);
    expect(room.stopPlaying('current')).to.equal(1);
    expect(room.stopPlaying('all', 2)).to.equal(1);
    expect((await whom.result).outcome).to.equal('stopped');
    expect((await all.result).outcome).to.equal('stopped');
    expect((await async.result).outcome).to.equal('stopped');
    expect(await queued.result).to.deep.equal({ outcome: 'done', playedMilliseconds: 1000, lastOffset: 8000 });
    expect(room.stopPlaying('all')).to.equal(0);
    expect((await room.play('/no/such/file.wav').result).outcome).to.equal('not-found');
  });

  it('records the mix; the file can be read while it grows and is whole in the end', async () => {
    const { room, legs } = await threeTalk();
    const path = bench.file('deep/er/room.wav');
    await room.startRecording(path);
    await legs[0].phone.hear(1500);
    const content = await readFile(path);
    const { size } = await stat(path); // asked afterwards: the file grows while it is read
    expect(content.readUInt32LE(40), 'the header tells of what is there').to.be.within(8000, size - 44);
    const { milliseconds } = await room.stopRecording(path);
    const recorded = await readWav(path);
    expect(recorded.samples.length / 8).to.equal(milliseconds);
    expect(milliseconds).to.be.greaterThan(1400);
    expect(tonesHeard(recorded, TONES)).to.deep.equal(OURS);
  });

  it('leaves out of the recording what is said while it is paused', async () => {
    const { room, legs } = await threeTalk();
    const path = bench.file('paused.wav');
    await room.startRecording(path);
    await legs[0].phone.hear(400);
    await room.pauseRecording(path, true);
    await legs[0].phone.hear(600);
    await room.pauseRecording(path, false);
    await legs[0].phone.hear(200);
    const { milliseconds } = await room.stopRecording(path);
    expect(milliseconds).to.be.within(400, 1000);
  });

  it('refuses recordings it cannot make, and answers for those that are not', async () => {
    const room = await bench.room();
    const code = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'none',
        (error: unknown) => (error as { code: string }).code,
      );
    expect(await code(room.startRecording('/proc/no/where.wav'))).to.equal('media/cannot-record');
    expect(await code(room.startRecording(bench.file('x.mp3')))).to.equal('media/cannot-record');
    expect(await code(room.startRecording('relative.wav'))).to.equal('media/cannot-record');
    expect(await code(room.stopRecording(bench.file('x.wav')))).to.equal('media/not-recording');
    await room.startRecording(bench.file('x.wav'));
    expect(await code(room.startRecording(bench.file('x.wav')))).to.equal('media/cannot-record');
  });

  it('refuses a member twice, and a port in two rooms', async () => {
    const [one, two] = [await bench.room('1'), await bench.room('2')];
    const { port } = await bench.leg();
    await one.addMember(1, port, MEMBER);
    const refused = async (work: Promise<void>): Promise<string | undefined> =>
      work.then(() => undefined).catch((error: unknown) => (error as { code: string }).code);
    expect(await refused(one.addMember(1, (await bench.leg()).port, MEMBER))).to.equal('media/member-exists');
    expect(await refused(two.addMember(1, port, MEMBER))).to.equal('media/member-exists');
    expect(await refused(two.removeMember(9))).to.equal('media/unknown-member');
    await one.removeMember(1);
    await two.addMember(1, port, MEMBER);
  });

  it('gives silence, not noise, to somebody alone', async () => {
    const room = await bench.room();
    const { phone, port } = await bench.leg();
    await room.addMember(1, port, MEMBER);
    phone.talk(port.localPort, A);
    expect(level(await phone.hear(200, 300))).to.be.lessThan(-80);
  });
});
