/** Telephones whose SDP is wrong about where their sound comes from. Proven by sound, through the whole service. */
import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { mediaPort, type Caller } from './caller.ts';
import { runService, type Running } from './running-service.ts';

const OUTSIDE = '127.0.0.2';
const PRIVATE = 'c=IN IP4 192.168.55.5';
/** Many times what a latch takes. */
const LONG_ENOUGH_MS = 400;

describe('a telephone behind NAT', () => {
  let running: Running;
  before(async () => {
    running = await runService({ trustedSources: ['127.0.0.0/8'] }, { voice: 'real' });
  });
  after(() => running.stop());
  afterEach(() => running.quiet());

  const behindNat = (phone: Caller): string => phone.offer().replace('c=IN IP4 127.0.0.1', PRIVATE);

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`is heard and answered where its ${protocol} signalling comes from, whatever its SDP says`, async () => {
      const meeting = await running.conference();
      const [alice, bob] = [await running.phone(protocol, OUTSIDE), await running.phone()];
      await alice.connect(running.port, 440, { offer: behindNat(alice) });
      await alice.hearsVoice();
      alice.press(`${meeting.guestCode}#`);
      await meeting.joined(1);
      await bob.connect(running.port, 830);
      bob.press(`${meeting.guestCode}#`);
      await meeting.joined(2);
      await alice.hears(830);
      await bob.hears(440);
      await Promise.all([alice.hangUp(), bob.hangUp()]);
    });
  }

  it('is heard and answered at another port than its SDP says', async () => {
    const phone = await running.phone();
    const offer = phone.offer().replace(`m=audio ${phone.rtp.port} `, `m=audio ${phone.rtp.port + 2} `);
    await phone.connect(running.port, 440, { offer });
    await phone.hearsVoice();
    await phone.hangUp();
  });

  it('is not taken for somebody at the address of the service, nor at a third one', async () => {
    const phone = await running.phone('udp', OUTSIDE);
    const strangers = [await running.phone(), await running.phone('udp', '127.0.0.3')];
    const answer = await phone.connect(running.port, 440, { offer: behindNat(phone) });
    phone.rtp.quiet();
    for (const { rtp } of strangers) rtp.talk(mediaPort(answer), 830);
    await delay(LONG_ENOUGH_MS);
    expect(strangers.map(({ rtp }) => rtp.packets.length)).to.deep.equal([0, 0]);
    await phone.hangUp();
  });

  it('cannot name another address by a header of its own', async () => {
    const phone = await running.phone('udp', OUTSIDE);
    const stranger = await running.phone('udp', '127.0.0.3');
    const headers = { 'X-Caller-Address': '127.0.0.3' };
    const answer = await phone.connect(running.port, 0, { offer: behindNat(phone), headers });
    stranger.rtp.talk(mediaPort(answer), 830);
    await phone.hearsVoice();
    expect(stranger.rtp.packets).to.have.length(0);
    await phone.hangUp();
  });
});
