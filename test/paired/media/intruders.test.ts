/** Strangers send to every open port during a call, cleverly; and lines that are bad by themselves. Proven by sound. */
import { expect } from 'chai';
import { RtpIntruder } from '../../helpers/rtp-intruder.ts';
import type { RtpPhone } from '../../helpers/rtp-phone.ts';
import { HEARD_DB, TONES, longestGap, toneLevel } from '../../helpers/tones.ts';
import { MEMBER, MediaBench, listenUntil, onBothNetworks, remoteOf, untilTheyHear, type Leg } from './bench.ts';

const [A, B, C, D] = TONES;

onBothNetworks('calls among intruders', (udp) => {
  const bench = new MediaBench();
  const intruders: RtpIntruder[] = [];
  before(() => bench.start(udp));
  afterEach(async () => {
    await Promise.all(intruders.splice(0).map((intruder) => intruder.close()));
    await bench.clear();
  });
  after(() => bench.stop());

  /** One on another machine, one on the phones' own. */
  async function twoIntruders(): Promise<RtpIntruder[]> {
    intruders.push(await RtpIntruder.open('127.0.0.2', C), await RtpIntruder.open('127.0.0.1', D));
    return intruders;
  }

  /** Two phones in a room; nothing is said yet. */
  async function twoLegs(): Promise<[Leg, Leg]> {
    const legs: [Leg, Leg] = [await bench.leg(), await bench.leg()];
    const room = await bench.room('room', legs[0].port);
    for (const [index, { port }] of legs.entries()) await room.addMember(index + 1, port, MEMBER);
    return legs;
  }

  /** Every port that is open: of each leg the one for sound and the one for reports. */
  const openPorts = (legs: readonly Leg[]): Map<number, RtpPhone> =>
    new Map(
      legs.flatMap(({ phone, port }): [number, RtpPhone][] => [
        [port.localPort, phone],
        [port.localPort + 1, phone],
      ]),
    );

  const talk = ([alice, bob]: [Leg, Leg]): void => {
    alice.phone.talk(alice.port.localPort, A);
    bob.phone.talk(bob.port.localPort, B);
  };

  it('hear nobody else, tell no keys of others, answer nobody else, and believe no reports of theirs', async () => {
    const legs = await twoLegs();
    let keys = 0;
    for (const { port } of legs) port.on('digit', () => keys++);
    const strangers = await twoIntruders();
    talk(legs);
    await untilTheyHear(legs, [[B], [A]]);
    for (const stranger of strangers) stranger.spray(openPorts(legs));
    const heard = await Promise.all(legs.map(({ phone }) => phone.hear(1500)));
    for (const sound of heard) {
      for (const tone of [C, D]) expect(toneLevel(sound, tone), 'a stranger').to.be.lessThan(HEARD_DB);
    }
    // Still there while it goes on: nobody was thrown out of his leg.
    await untilTheyHear(legs, [[B], [A]]);
    for (const stranger of strangers) {
      stranger.quiet();
      expect(stranger.sent).to.be.greaterThan(1000);
      expect(stranger.received, 'packets sent to a stranger').to.equal(0);
    }
    expect(keys, 'keys').to.equal(0);
    for (const { port } of legs) {
      const { mos, reportsReceived } = await port.statistics();
      expect(mos, 'in spite of reports that all is lost').to.be.greaterThan(2);
      expect(reportsReceived).to.equal(0);
    }
  });

  it('belong to their phones also when the strangers are first', async () => {
    const legs = await twoLegs();
    const strangers = await twoIntruders();
    for (const stranger of strangers) stranger.spray(openPorts(legs));
    const before = await Promise.all(legs.map(({ phone }) => phone.hear(600)));
    for (const sound of before) {
      for (const tone of [C, D]) expect(toneLevel(sound, tone), 'a stranger').to.be.lessThan(HEARD_DB);
    }
    talk(legs);
    await untilTheyHear(legs, [[B], [A]]);
    for (const { received } of strangers) expect(received).to.equal(0);
  });

  it('belong to their phones also after a new SDP', async () => {
    const legs = await twoLegs();
    talk(legs);
    await untilTheyHear(legs, [[B], [A]]);
    const strangers = await twoIntruders();
    for (const stranger of strangers) stranger.spray(openPorts(legs));
    const other = await bench.phone();
    legs[0].phone.quiet();
    legs[0].port.setRemote(remoteOf(other));
    const moved: [Leg, Leg] = [{ phone: other, port: legs[0].port }, legs[1]];
    await untilTheyHear(moved, [[B], []]);
    talk(moved);
    await untilTheyHear(moved, [[B], [A]]);
    for (const { received } of strangers) expect(received).to.equal(0);
  });
});

onBothNetworks('a bad line', (udp) => {
  const bench = new MediaBench();
  before(() => bench.start(udp));
  afterEach(() => bench.clear());
  after(() => bench.stop());

  for (const [what, delays] of [
    // Within the buffer's first guess, out of order now and then.
    ['that is unsteady', [0, 30, 5, 45, 15, 0, 38, 20]],
    ['that loses every tenth packet', [0, 0, 0, undefined, 0, 0, 0, 0, 0, 0]],
    ['that is unsteady and loses some', [10, 45, undefined, 0, 40, 20, 30, 5, 50, 0, 25, 15]],
  ] as const) {
    it(`${what} is heard without a hole`, async () => {
      const [talker, listener] = [await bench.leg(), await bench.leg()];
      const room = await bench.room('room', talker.port);
      await room.addMember(1, talker.port, MEMBER);
      await room.addMember(2, listener.port, MEMBER);
      talker.phone.talkBadly(talker.port.localPort, A, delays);
      await listenUntil(
        async () => {
          const sound = await listener.phone.hear(1000);
          return { hole: longestGap(sound, A), level: toneLevel(sound, A) };
        },
        ({ hole, level }) => hole === 0 && level > -15,
      );
    });
  }
});
