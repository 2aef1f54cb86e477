/** Rooms in several workers: legs are opened where there is least to do, and move to the worker of their room. */
import { expect } from 'chai';
import { createLogger } from '../../../config/index.ts';
import { startMediaEngine, type MediaEngine } from '../../../embedded/media/index.ts';
import { TONES, toneLevel } from '../../helpers/tones.ts';
import { readWav } from '../../helpers/wav.ts';
import { MEMBER, MediaBench, onBothNetworks, remoteOf, untilTheyHear, type Leg } from './bench.ts';

const [A, B, C, D, E, F] = TONES;
const OURS = [A, B, C, D, E, F];

onBothNetworks('media engine with several workers', (udp) => {
  const bench = new MediaBench();
  before(() => bench.start(udp, 3));
  afterEach(() => bench.clear());
  after(() => bench.stop());

  const portsPerWorker = (): number[] => bench.engine.load().workers.map(({ ports }) => ports);
  it('spreads legs, and brings those of a room together', async () => {
    const legs: Leg[] = [];
    for (let n = 0; n < 6; n++) legs.push(await bench.leg());
    expect(portsPerWorker()).to.deep.equal([2, 2, 2]);
    // Neighbours were opened in different workers.
    for (let room = 0; room < 3; room++) {
      const pair = legs.slice(2 * room, 2 * room + 2);
      const opened = await bench.room(`room-${room}`, pair[0]!.port);
      for (const [index, { port }] of pair.entries()) await opened.addMember(index + 1, port, MEMBER);
    }
    expect(portsPerWorker()).to.deep.equal([2, 2, 2]);
    expect(bench.engine.load().workers.map(({ rooms }) => rooms)).to.deep.equal([1, 1, 1]);
    for (const [index, { phone, port }] of legs.entries()) phone.talk(port.localPort, OURS[index]!);
    await untilTheyHear(legs, [[B], [A], [D], [C], [F], [E]]);
  });

  it('moves a leg without the phone noticing: no packet out of line, the same source', async () => {
    const [near, far] = [await bench.leg(), await bench.leg()];
    const room = await bench.room('room', near.port);
    await room.addMember(1, near.port, MEMBER);
    near.phone.talk(near.port.localPort, A);
    far.phone.talk(far.port.localPort, B);
    await far.phone.hear(200);
    expect(portsPerWorker()).to.deep.equal([1, 1, 0]);
    await room.addMember(2, far.port, MEMBER);
    expect(portsPerWorker()).to.deep.equal([2, 0, 0]);
    await untilTheyHear([near, far], [[B], [A]]);
    const [first, ...rest] = far.phone.packets;
    for (const [index, packet] of rest.entries()) {
      expect(packet.ssrc).to.equal(first!.ssrc);
      expect(packet.sequence).to.equal((first!.sequence + index + 1) % 65_536);
      expect(packet.marker).to.equal(false);
    }
    const lost = (await far.port.statistics()).packetsLost;
    // A socket that changes hands open loses nothing; one that is bound again may miss what comes just then.
    expect(lost).to.be.at.most(udp === 'dgram' ? 2 : 0);
  });

  it('takes along what plays and what is recorded', async () => {
    const [near, far] = [await bench.leg(), await bench.leg()];
    const path = bench.file('moved.wav');
    await far.port.startRecording(path);
    const playing = far.port.play(`tone_stream://%(600000,0,${C})`);
    await untilTheyHear([far], [[C]]);
    const room = await bench.room('room', near.port);
    await room.addMember(2, far.port, MEMBER);
    expect(portsPerWorker()).to.deep.equal([2, 0, 0]);
    // It waits while the leg is in the room,
    await untilTheyHear([far], [[]]);
    await room.removeMember(2);
    // and goes on.
    await untilTheyHear([far], [[C]]);
    playing.stop();
    const { outcome, playedMilliseconds } = await playing.result;
    expect(outcome).to.equal('stopped');
    expect(playedMilliseconds, 'before and after').to.be.greaterThan(400);
    await far.port.stopRecording(path);
    const recorded = await readWav(path);
    expect(recorded.samples.length / 8).to.be.greaterThan(600);
    expect(toneLevel(recorded, C)).to.be.greaterThan(-30);
  });

  it('obeys in order what it is told on the way', async () => {
    const [near, far] = [await bench.leg(), await bench.leg()];
    const room = await bench.room('room', near.port);
    const joining = room.addMember(2, far.port, MEMBER);
    const first = far.port.play(`tone_stream://%(600000,0,${D})`);
    first.stop();
    far.port.setRemote(remoteOf(near.phone));
    const second = far.port.play('tone_stream://%(100,0,500)');
    await joining;
    expect((await first.result).outcome).to.equal('stopped');
    expect(await second.result).to.include({ outcome: 'done', playedMilliseconds: 100 });
    await near.phone.hear(100);
    expect(new Set(near.phone.packets.map(({ ssrc }) => ssrc)).size, 'both legs send to it').to.equal(2);
  });

  it('leaves a leg where it is that is in a room already', async () => {
    const [near, far] = [await bench.leg(), await bench.leg()];
    const [one, two] = [await bench.room('one', near.port), await bench.room('two', far.port)];
    await one.addMember(1, near.port, MEMBER);
    const refused = await two.addMember(1, near.port, MEMBER).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'media/member-exists');
    expect(portsPerWorker()).to.deep.equal([1, 1, 0]);
    await one.removeMember(1);
    await two.addMember(1, near.port, MEMBER);
    expect(portsPerWorker()).to.deep.equal([0, 2, 0]);
  });

  it('closes a leg that is on its way', async () => {
    const [near, far] = [await bench.leg(), await bench.leg()];
    const room = await bench.room('room', near.port);
    const joining = room.addMember(2, far.port, MEMBER).catch((error: unknown) => error);
    await far.port.close();
    await joining;
    expect(portsPerWorker()).to.deep.equal([1, 0, 0]);
    expect(await room.members()).to.have.length(0);
  });
});

// What is late is decided by reports of lateness, which test/unit/media/engine.test.ts makes up. Here a real clock reports:
// its median tick is surely done later than a thousandth of a microsecond, on any machine.
describe('admission by a real clock', function () {
  this.timeout(60_000);
  const logger = createLogger({ logLevel: 'silent' });
  let engine: MediaEngine;
  afterEach(() => engine.stop());

  const untilOverloaded = async (overloaded: boolean): Promise<void> => {
    for (const end = performance.now() + 25_000; engine.load().overloaded !== overloaded;) {
      if (performance.now() > end) throw new Error(`still ${JSON.stringify(engine.load())}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('calls the engine overloaded while it is late, and no longer than that', async () => {
    engine = await startMediaEngine({ rtpPorts: [0, 0], workers: 2, latenessLimitMs: 0.000_001, logger });
    expect(engine.load().overloaded).to.equal(false);
    const port = await engine.openPort({ address: '127.0.0.1' });
    await untilOverloaded(true);
    await port.close();
    await untilOverloaded(false);
  });
});
