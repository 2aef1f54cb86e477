/**
 * Text from outside never becomes a command. Each place where people can write something is tried with what attackers
 * write, through the whole service; everything the service then says to the media server and to the SIP server is read.
 */
import { expect } from 'chai';
import { TICKET_HEADER } from '../../../config/contract/index.ts';
import { call } from '../../helpers/gateway.ts';
import { tapSockets, type SocketTap } from '../../helpers/socket-tap.ts';
import { RawCaller, type RawInvite } from './raw-caller.ts';
import { runService, type Running } from './running-service.ts';
import { until } from './caller.ts';

/** Whatever way it is written, it must not come out. */
const MARK = 'INJECTED';
const attacks: readonly string[] = [
  `\n\napi system ${MARK}\n\n`,
  `\r\n api system ${MARK}`,
  `\rapi system ${MARK}`,
  `%0a%0aapi%20system%20${MARK}`,
  `%0d%0aX-${MARK}:%20a`,
  `\${system(${MARK})}`,
  `\u2028api system ${MARK}\u2029`,
  `\u0000${MARK}`,
  `a,api_on_answer=system ${MARK}|x;y^^:z`,
  `}sofia/gateway/x/+1900${MARK}`,
  `"><script>${MARK}</script>`,
];

const REPEATED = /^(?:from|to|call-id|cseq): /i;

/** Where in an INVITE people can write. */
const places: Readonly<Record<string, (text: string) => Partial<RawInvite>>> = {
  'the display name': (text) => ({ from: `"${text}" <sip:+15550001@127.0.0.1>` }),
  'the display name without quotes': (text) => ({ from: `${text} <sip:+15550001@127.0.0.1>` }),
  "the caller's number": (text) => ({ from: `<sip:${text}@127.0.0.1>` }),
  "the caller's domain": (text) => ({ from: `<sip:a@${text}>` }),
  'the number dialled': (text) => ({ dialled: text }),
  'the display name of To': (text) => ({ to: `"${text}" <sip:1000@127.0.0.1>` }),
  'the Call-ID': (text) => ({ callId: text }),
  'the tag': (text) => ({ tag: text }),
  'the Contact': (text) => ({ contact: `"${text}" <sip:${text}@127.0.0.1>` }),
  'the SDP: session name': (text) => ({ sdpLines: [`s=${text}`] }),
  'the SDP: attributes': (text) => ({ sdpLines: ['s=-', `a=${text}`, `a=fmtp:101 ${text}`] }),
  ...Object.fromEntries(
    [
      'User-Agent',
      'Subject',
      'Organization',
      'P-Asserted-Identity',
      'Remote-Party-ID',
      'Diversion',
      'Referred-By',
      'X-Esl-Outbound',
      'Supported',
      'Session-Expires',
      'Replaces',
      TICKET_HEADER,
    ].map((name) => [`the header ${name}`, (text: string) => ({ headers: [`${name}: ${text}`] })]),
  ),
};

describe('text from outside', function () {
  this.timeout(60_000);
  let running: Running;
  let tap: SocketTap;

  before(async () => {
    tap = tapSockets();
    running = await runService({ inviteRatePerSource: 10_000 });
  });
  after(async () => {
    tap.stop();
    await running.stop();
  });

  function expectNothingPassedOn(): void {
    const spoken = tap.eventSockets();
    expect(spoken.length, 'event sockets seen').to.be.at.least(1);
    for (const text of spoken) {
      const at = text.indexOf(MARK);
      expect(at, text.slice(Math.max(0, at - 200), at + 50)).to.equal(-1);
    }
    // An answer repeats headers of its request (RFC 3261 section 8.2.6.2): within their own line.
    const lines = tap.drachtio().flatMap((text) => text.split(/\r\n|\r|\n/));
    expect(lines.filter((line) => line.includes(MARK) && !REPEATED.test(line))).to.deep.equal([]);
  }

  /** Some are taken, some refused, and what is no SIP any more gets no answer at all. */
  async function attempt(change: Partial<RawInvite>): Promise<void> {
    const caller = await RawCaller.open();
    const wasTaken = await caller.attempt(running.port, change);
    if (wasTaken) await caller.hangUp().catch(() => undefined);
    caller.close();
  }

  for (const [place, change] of Object.entries(places)) {
    it(`in ${place} reaches neither the media server nor the SIP server`, async () => {
      await Promise.all(attacks.map((attack) => attempt(change(attack))));
      expectNothingPassedOn();
    });
  }

  it('in keys told by INFO reaches nobody', async () => {
    const caller = await RawCaller.open();
    await caller.connect(running.port, '<sip:+15550002@127.0.0.1>');
    for (const attack of attacks) await caller.info(attack);
    await caller.hangUp();
    caller.close();
    expectNothingPassedOn();
  });

  it('in titles and names of people reaches no command, not even when they are in the room', async () => {
    const gateway = { port: running.service.httpPort };
    const { conferences } = running.service.store;
    const meet = async (attack: string): Promise<void> => {
      const made = await conferences.create({ tenantId: 'default', title: attack, policy: {}, createdBy: attack });
      const joined = await call(gateway, 'POST', '/api/v1/join', { body: { code: made.guestCode, name: attack } });
      expect([200, 400, 422]).to.include(joined.status);
      const phone = await running.phone();
      // Only what a SIP parser takes can come from a phone's display name into the room.
      const name = attack.replace(/[\r\n\0"\\]/g, ' ');
      await phone.connect(running.port, 0, { from: `"${name}" <sip:+1555${phone.rtp.port}@127.0.0.1>` });
      phone.press(`${made.guestCode}#`);
      await until('in the room', async () => {
        const room = await running.service.store.rooms.read('default', made.conference.id);
        return room?.participants.some(({ leg }) => leg?.memberId !== undefined);
      });
      await phone.hangUp();
    };
    await Promise.all(attacks.map(meet));
    expectNothingPassedOn();
  });

  it('in addresses of the API is no command', async () => {
    const gateway = { port: running.service.httpPort };
    for (const attack of attacks) {
      const text = encodeURIComponent(attack);
      for (const path of [`/api/v1/rooms/${text}`, `/api/v1/conferences/${text}`, `/api/v1/rooms/${text}/commands`]) {
        const answer = await call(gateway, 'POST', path, { body: { type: 'mute', participantId: attack } });
        expect(answer.status).to.be.within(400, 499);
      }
    }
    expectNothingPassedOn();
  });

  it('is seen by this test when it does get through', async () => {
    // The other way round: a dialled number that is plain is spoken of in the same place.
    expect(tap.eventSockets().some((text) => /\nsendmsg|^auth/m.test(text))).to.equal(true);
    expect(tap.drachtio().some((text) => /SIP\/2\.0 200/.test(text))).to.equal(true);
  });
});
