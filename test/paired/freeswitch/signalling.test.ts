/** The SIP side, message by message: who is taken, how media is agreed, how a call changes and ends. */
import { expect } from 'chai';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { pause, until } from '../../helpers/bench.ts';
import { event } from '../../helpers/sip-phone.ts';
import { telephoneSdp, type Telephone } from '../../helpers/telephone.ts';
import { FreeswitchBench } from './bench.ts';

const audioLines = (answer: SipResponse): string[] =>
  answer.body
    .toString('utf8')
    .split('\r\n')
    .filter((line) => /^(m=|a=)/.test(line));

describe('embedded FreeSWITCH: signalling', function () {
  this.timeout(15_000);
  let bench: FreeswitchBench;
  let phone: Telephone;

  before(async () => {
    bench = await FreeswitchBench.open();
    await bench.control.ask('event plain CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY DTMF');
  });
  after(() => bench.close());
  beforeEach(async () => {
    phone = await bench.phone();
  });
  afterEach(async () => {
    if (phone.call) await phone.hangUp();
    await bench.untilIdle();
  });

  describe('outside of a call', () => {
    it('answers OPTIONS', async () => {
      const answer = await bench.ask(phone, 'OPTIONS');
      expect(answer.status).to.equal(200);
      expect(answer.headers.get('Accept')).to.equal('application/sdp');
      expect(answer.headers.get('Allow')).to.include('INVITE');
    });

    for (const method of ['BYE', 'INFO', 'UPDATE']) {
      it(`knows no dialog for ${method}`, async () => {
        expect((await bench.ask(phone, method)).status).to.equal(481);
        expect((await bench.ask(phone, method, true)).status).to.equal(481);
      });
    }

    it('has no use for SUBSCRIBE', async () => {
      expect((await bench.ask(phone, 'SUBSCRIBE')).status).to.equal(405);
    });
  });

  describe('refuses', () => {
    const refused: [what: string, status: number, headers: (good: Record<string, string>) => Record<string, string>][] =
      [
        ['a call that no drachtio-fsmrf asks for', 404, (good) => ({ ...good, 'User-Agent': 'somebody' })],
        ['a call without an application', 404, ({ 'X-esl-outbound': _address, ...rest }) => rest],
        ['an application without a port', 404, (good) => ({ ...good, 'X-esl-outbound': '127.0.0.1' })],
        ['an application that is no address', 404, (good) => ({ ...good, 'X-esl-outbound': '${base_dir}:1 full' })],
      ];
    for (const [what, status, headers] of refused) {
      it(`${what} with ${status}`, async () => {
        expect(await bench.refusal(phone, phone.sdp, headers(bench.headers))).to.equal(status);
      });
    }

    const offers: [what: string, change: (sdp: string) => string][] = [
      ['an offer of codecs it does not speak', (sdp) => sdp.replace('RTP/AVP 0 8 101', 'RTP/AVP 9 101')],
      ['an offer of encrypted audio alone', (sdp) => sdp.replace('RTP/AVP', 'RTP/SAVP')],
      ['an offer of video alone', (sdp) => sdp.replace('m=audio', 'm=video')],
      ['what is no description', () => 'nonsense'],
    ];
    for (const [what, change] of offers) {
      it(`${what} with 488`, async () => {
        expect(await bench.refusal(phone, change(phone.sdp))).to.equal(488);
      });
    }
  });

  describe('agrees on media', () => {
    it('prefers PCMU, and takes the telephone-event number of the caller', async () => {
      const sdp = phone.sdp.replaceAll('101', '96').replace('AVP 0 8', 'AVP 8 0');
      const { answer } = await bench.dial(phone, sdp);
      expect(audioLines(answer)).to.deep.equal([
        `m=audio ${/m=audio (\d+)/.exec(answer.body.toString())![1]} RTP/AVP 0 96`,
        'a=rtpmap:0 PCMU/8000',
        'a=rtpmap:96 telephone-event/8000',
        'a=fmtp:96 0-15',
        'a=ptime:20',
      ]);
    });

    it('speaks PCMA to who speaks nothing else', async () => {
      const { answer } = await bench.dial(phone, phone.sdp.replace('AVP 0 8 101', 'AVP 8'));
      expect(audioLines(answer)[0]).to.match(/^m=audio \d+ RTP\/AVP 8$/);
    });

    it('refuses the video beside the audio, in its place', async () => {
      const video = 'm=video 50000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n';
      const { answer } = await bench.dial(phone, phone.sdp.replace('m=audio', `${video}m=audio`));
      const media = audioLines(answer).filter((line) => line.startsWith('m='));
      expect(media[0]).to.equal('m=video 0 RTP/AVP 96');
      expect(media[1]).to.match(/^m=audio [1-9]\d* RTP\/AVP 0 101$/);
    });

    it('offers to who offers nothing, and takes the answer of the ACK', async () => {
      const call = phone.sip.call(bench.server.sipPort, '', bench.headers);
      phone.call = call;
      const answer = await event<SipResponse>(call, 'answered');
      const offer = answer.body.toString('utf8');
      expect(offer).to.match(/^m=audio \d+ RTP\/AVP 0 8 101$/m);
      phone.connect(offer);
      call.ack(phone.sdp);
      const { application } = await bench.takeApplication();
      application.socket.write(
        'sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: tone_stream://%(60000,0,830)\n\n',
      );
      await phone.untilHears([830]);
    });

    it('is connected to its application only after the ACK', async () => {
      const call = phone.sip.call(bench.server.sipPort, phone.sdp, bench.headers);
      phone.call = call;
      await event(call, 'answered');
      await pause(150);
      expect(bench.waiting).to.have.length(0);
      call.ack();
      await bench.takeApplication();
    });
  });

  describe('during a call', () => {
    it('is put on hold and taken off it', async () => {
      const { call, application } = await bench.dial(phone);
      application.socket.write(
        'sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: tone_stream://%(60000,0,1070)\n\n',
      );
      await phone.untilHears([1_070]);
      const held = await call.request('INVITE', `${phone.sdp}a=sendonly\r\n`);
      expect(audioLines(held)).to.include('a=recvonly');
      await untilQuiet(phone);
      const back = await call.request('INVITE', phone.sdp);
      expect(audioLines(back)).not.to.include('a=recvonly');
      await phone.untilHears([1_070]);
    });

    it('understands the old way of holding', async () => {
      const { call } = await bench.dial(phone);
      const held = await call.request('INVITE', phone.sdp.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0'));
      expect(audioLines(held)).to.include('a=recvonly');
    });

    it('follows the phone to another port', async () => {
      const { call, application } = await bench.dial(phone);
      application.socket.write(
        'sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: tone_stream://%(60000,0,620)\n\n',
      );
      const elsewhere = await bench.phone();
      await call.request('INVITE', telephoneSdp(elsewhere.rtp.port));
      await elsewhere.untilHears([620]);
      await untilQuiet(phone);
    });

    it('raises the version of its description with each change', async () => {
      const { call, answer } = await bench.dial(phone);
      const version = (response: SipResponse): number => Number(/^o=\S+ \d+ (\d+)/m.exec(response.body.toString())![1]);
      const next = await call.request('INVITE', phone.sdp);
      expect(version(next)).to.be.greaterThan(version(answer));
    });

    it('keeps its agreement when a change cannot be taken', async () => {
      const { call } = await bench.dial(phone);
      const refused = await call.request('INVITE', phone.sdp.replace('RTP/AVP 0 8 101', 'RTP/AVP 9'));
      expect(refused.status).to.equal(488);
      expect((await call.request('OPTIONS')).status).to.equal(200);
    });

    it('answers UPDATE with and without a description', async () => {
      const { call } = await bench.dial(phone);
      expect((await call.request('UPDATE')).body).to.have.length(0);
      const updated = await call.request('UPDATE', `${phone.sdp}a=sendonly\r\n`);
      expect(updated.status).to.equal(200);
      expect(audioLines(updated)).to.include('a=recvonly');
    });

    const digits: [type: string, body: string, digit: string][] = [
      ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n', '5'],
      ['application/dtmf-relay', 'Signal= 11\r\nDuration= 250\r\n', '#'],
      ['application/dtmf', '*', '*'],
    ];
    for (const [type, body, digit] of digits) {
      it(`takes the digit ${digit} by INFO, ${type}`, async () => {
        const { call, uuid } = await bench.dial(phone);
        expect((await call.request('INFO', body, { 'Content-Type': type })).status).to.equal(200);
        const { headers } = await bench.event('DTMF', (heard) => heard.headers.get('Unique-ID') === uuid);
        expect(headers.get('DTMF-Digit')).to.equal(digit);
      });
    }

    it('answers INFO about anything else, and does nothing', async () => {
      const { call } = await bench.dial(phone);
      const answer = await call.request('INFO', '<x/>', { 'Content-Type': 'application/media_control+xml' });
      expect(answer.status).to.equal(200);
    });

    it('has no use for MESSAGE', async () => {
      const { call } = await bench.dial(phone);
      expect((await call.request('MESSAGE', 'hi', { 'Content-Type': 'text/plain' })).status).to.equal(405);
    });

    it('refuses a request that is older than the last one', async () => {
      const { call } = await bench.dial(phone);
      await call.request('OPTIONS');
      call.sequence -= 2;
      expect((await call.request('OPTIONS')).status).to.equal(500);
      call.sequence += 5;
    });
  });

  describe('ends', () => {
    const causes: [reason: string | undefined, cause: string][] = [
      [undefined, 'NORMAL_CLEARING'],
      ['Q.850;cause=17;text="busy"', 'USER_BUSY'],
      ['SIP;cause=200', 'NORMAL_CLEARING'],
    ];
    for (const [reason, cause] of causes) {
      it(`by the phone, ${reason ?? 'for no reason'}: ${cause}`, async () => {
        const { call, uuid, application } = await bench.dial(phone);
        const bye = await call.request('BYE', '', reason === undefined ? {} : { Reason: reason });
        expect(bye.status).to.equal(200);
        phone.call = undefined;
        const { headers } = await bench.event(
          'CHANNEL_HANGUP_COMPLETE',
          (end) => end.headers.get('Unique-ID') === uuid,
        );
        expect(headers.get('Hangup-Cause')).to.equal(cause);
        expect(headers.get('variable_sip_hangup_disposition')).to.equal('recv_bye');
        await application.close();
      });
    }

    it('by its application, and tells why', async () => {
      const { call, application } = await bench.dial(phone);
      const bye = event<SipRequest>(call, 'BYE');
      application.socket.write('sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n');
      expect((await bye).headers.get('Reason')).to.equal('Q.850;cause=17;text="USER_BUSY"');
      phone.call = undefined;
      await application.close();
    });

    it('where the call came from, whatever address the caller tells the world', async () => {
      Object.defineProperty(phone.sip, 'contact', { value: '<sip:127.0.0.1:9>' });
      const { call, application } = await bench.dial(phone);
      const bye = event<SipRequest>(call, 'BYE');
      application.socket.write('sendmsg\ncall-command: hangup\n\n');
      expect((await bye).uri).to.equal('sip:127.0.0.1:9');
      phone.call = undefined;
      await application.close();
    });

    it('when its application cannot be reached', async () => {
      const headers = { 'X-esl-outbound': '127.0.0.1:9' };
      const call = phone.sip.call(bench.server.sipPort, phone.sdp, { ...bench.headers, ...headers });
      await event(call, 'answered');
      const bye = event<SipRequest>(call, 'BYE');
      call.ack();
      expect((await bye).headers.get('Reason')).to.include('NORMAL_CLEARING');
    });

    it('when it is cancelled before the answer', async () => {
      const call = phone.sip.call(bench.server.sipPort, phone.sdp, bench.headers);
      const final = Promise.race([event<SipResponse>(call, 'failed'), event<SipResponse>(call, 'answered')]);
      call.invite!.cancel();
      const answer = await final;
      if (answer.status === 200) {
        phone.call = call;
        call.ack();
        await bench.takeApplication();
      } else expect(answer.status).to.equal(487);
    });
  });
});

/** Nothing more comes to the phone. */
async function untilQuiet(phone: Telephone): Promise<void> {
  await until(
    'no more RTP',
    async () => {
      const before = phone.rtp.packets.length;
      await pause(120);
      return phone.rtp.packets.length - before;
    },
    (count) => count === 0,
  );
}
