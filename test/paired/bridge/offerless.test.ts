/** Telephones that want our offer: an INVITE without SDP, the answer in the ACK (RFC 3261 section 13.2.1). */
import { expect } from 'chai';
import { finalResponse, mediaPort, type Caller } from './caller.ts';
import { runService, type Running } from './running-service.ts';

describe('an INVITE without an offer', function () {
  this.timeout(30_000);
  let running: Running;
  before(async () => (running = await runService()));
  after(() => running.stop());
  afterEach(() => running.quiet());

  /** @param answer what the ACK carries */
  async function dial(phone: Caller, answer: string): Promise<string> {
    const response = await finalResponse(phone.dial(running.port, { offer: '' }));
    expect(response.status).to.equal(200);
    phone.call.ack(answer);
    return response.body.toString();
  }

  it('is answered with our offer; caller and room hear each other, and keys arrive', async () => {
    const meeting = await running.conference();
    const [alice, bob] = [await running.phone(), await running.phone()];
    const offer = await dial(alice, alice.offer());
    expect(offer.match(/^m=/gm), 'one stream').to.have.length(1);
    expect(offer).to.match(/^m=audio \d+ RTP\/AVP 0 8\b/m);
    expect(offer).to.match(/^a=rtpmap:101 telephone-event\/8000/m);
    alice.rtp.talk(mediaPort(alice.call.responses.at(-1)!), 440);
    await alice.hearsVoice();
    alice.press(`${meeting.guestCode}#`);
    await meeting.joined(1);
    await bob.connect(running.port, 830);
    bob.press(`${meeting.guestCode}#`);
    await meeting.joined(2);
    await alice.hears(830);
    await bob.hears(440);
    await alice.hangUp();
    await bob.hangUp();
  });

  it('may be answered with A-law', async () => {
    const phone = await running.phone();
    await dial(phone, phone.offer('8 101'));
    phone.rtp.talk(mediaPort(phone.call.responses.at(-1)!), 0);
    await phone.rtp.hear(100);
    await phone.hangUp();
  });

  const useless: [what: string, answer: (phone: Caller) => string][] = [
    ['nothing', () => ''],
    ['video only', (phone) => phone.offer().replace('m=audio', 'm=video')],
    ['a codec we do not speak', (phone) => phone.offer('18')],
  ];
  for (const [what, answer] of useless) {
    it(`ends with BYE when the ACK says ${what}`, async () => {
      const before = running.lines('call ended').length;
      const phone = await running.phone();
      await dial(phone, answer(phone));
      await phone.letGo();
      await running.quiet();
      expect(running.lines('call ended')[before]).to.deep.include({
        termination: { class: 'caller', reason: 'no-common-codec' },
      });
    });
  }

  it('is cancelled like any other while nothing has been answered', async () => {
    const phone = await running.phone();
    const call = phone.dial(running.port, { offer: '' });
    call.invite?.cancel();
    const response = await finalResponse(call);
    expect(response.status).to.be.oneOf([200, 487]);
    if (response.status === 200) {
      call.ack(phone.offer());
      await phone.hangUp();
    }
  });
});
