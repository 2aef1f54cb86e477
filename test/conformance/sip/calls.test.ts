/** Calls an application answers and makes: every answer, CANCEL, ACK, BYE from both sides. */
import { expect } from 'chai';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { event, SDP, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, type SipBench } from '../../helpers/sip-bench.ts';
import type { SrfDialog, SrfMessage, SrfRequest } from '../../helpers/srf-client.ts';
import { answerCall, failure, makeCall } from '../../helpers/sip-calls.ts';

/** Servers write what they have understood. */
const withoutBlanks = (value: string | undefined) => value?.replaceAll(' ', '');

for (const protocol of ['udp', 'tcp'] as const) {
  describe(`calls over ${protocol}`, function () {
    this.timeout(20_000);
    let bench: SipBench;
    let phone: SipPhone;

    before(async function () {
      bench = await openSipBench(this);
    });
    after(() => bench.close());
    beforeEach(async () => {
      bench.on.clear();
      phone = await bench.phone(protocol);
    });

    const uri = () => phone.uri;
    const dial = (headers: Record<string, string> = {}) => phone.call(bench.sipPort, SDP, headers);

    describe('that come in', () => {
      it('are told with what a service looks at', async () => {
        const told = new Promise<SrfRequest>((resolve) => {
          bench.on.set('invite', (request, response) => {
            response.send(486);
            resolve(request);
          });
        });
        const call = dial({ 'X-Mine': 'a value', 'User-Agent': 'a phone' });
        const request = await told;
        expect(request.method).to.equal('INVITE');
        expect(request.source_address).to.equal('127.0.0.1');
        expect(request.source_port).to.be.a('number');
        expect(request.protocol).to.equal(protocol);
        expect(request.callingNumber).to.equal('+15551230001');
        expect(request.get('X-Mine')).to.equal('a value');
        expect(request.get('User-Agent')).to.equal('a phone');
        expect(request.body).to.equal(SDP);
        expect(request.get('Call-ID')).to.equal(call.callId);
        await event(call, 'failed');
      });

      it('are answered: 100 by the server, then what the application says, with a tag that stays', async () => {
        bench.on.set('invite', (request, response) => {
          response.send(180);
          response.send(183, { body: SDP });
          void bench.srf.createUAS(request, response, { localSdp: SDP });
        });
        const call = dial();
        const answered = await event<SipResponse>(call, 'answered');
        call.ack();
        expect(call.responses.map(({ status }) => status)).to.deep.equal([100, 180, 183, 200]);
        const tags = call.responses.map(({ headers }) => /;tag=([^;]+)/.exec(headers.get('To')!)?.[1]);
        expect(tags[0]).to.equal(undefined);
        expect(new Set(tags.slice(1)).size).to.equal(1);
        expect(answered.body.toString()).to.equal(SDP);
        expect(answered.headers.get('Content-Type')).to.equal('application/sdp');
        expect(answered.headers.get('Contact')).to.match(/^<sip:127\.0\.0\.1:\d+/);
        expect((await call.request('BYE')).status).to.equal(200);
      });

      it('may carry headers of the application in their answer', async () => {
        bench.on.set('invite', (_request, response) => {
          response.send(486, { headers: { 'X-Why': 'lunch', Warning: '399 here "lunch"' } });
        });
        const refused = await event<SipResponse>(dial(), 'failed');
        expect(refused.headers.get('X-Why')).to.equal('lunch');
        expect(refused.headers.get('Warning')).to.equal('399 here "lunch"');
      });

      for (const [status, reason] of [
        [302, 'Moved Temporarily'],
        [403, 'Forbidden'],
        [404, 'Not Found'],
        [486, 'Busy Here'],
        [488, 'Not Acceptable Here'],
        [503, 'Service Unavailable'],
        [603, 'Decline'],
      ] as const) {
        it(`are refused with ${status}`, async () => {
          bench.on.set('invite', (_request, response) => {
            response.send(status, { headers: status === 302 ? { Contact: '<sip:elsewhere@127.0.0.1:9>' } : {} });
          });
          const refused = await event<SipResponse>(dial(), 'failed');
          expect([refused.status, refused.reason]).to.deep.equal([status, reason]);
          expect(refused.headers.get('To')).to.match(/;tag=/);
          if (status === 302) expect(refused.headers.get('Contact')).to.equal('<sip:elsewhere@127.0.0.1:9>');
        });
      }

      it('are given up by CANCEL: 487, and the application is told', async () => {
        const told = new Promise<string | undefined>((resolve) => {
          bench.on.set('invite', (request, response) => {
            request.on('cancel', (cancel: SrfMessage) => resolve(cancel.get('Reason')));
            response.send(180);
          });
        });
        const call = dial();
        await event(call, 'provisional');
        call.invite!.cancel({ Reason: 'SIP ;cause=487 ;text="gone"' });
        expect((await event<SipResponse>(call, 'failed')).status).to.equal(487);
        expect(await told).to.equal('SIP ;cause=487 ;text="gone"');
      });

      it('may carry their answer in the ACK', async () => {
        bench.on.set('invite', (request, response) => {
          expect(request.body).to.equal('');
          void bench.srf.createUAS(request, response, { localSdp: SDP }).then((dialog) => {
            dialog.once('ack', (ack: SrfRequest) => bench.srf.emit('acknowledged', ack, dialog));
          });
        });
        const acknowledged = event<SrfRequest>(bench.srf, 'acknowledged');
        const call = phone.call(bench.sipPort, '');
        expect((await event<SipResponse>(call, 'answered')).body.toString()).to.equal(SDP);
        call.ack(SDP.replace('40000', '40008'));
        expect((await acknowledged).body).to.include('40008');
        await call.request('BYE');
      });

      it('are hung up by the caller', async () => {
        const { call, dialog } = await answerCall(bench, phone);
        const destroyed = event<SrfRequest>(dialog, 'destroy');
        expect((await call.request('BYE', '', { Reason: 'Q.850 ;cause=16' })).status).to.equal(200);
        expect((await destroyed).get('Reason')).to.equal('Q.850 ;cause=16');
        expect((await call.request('BYE')).status).to.equal(481);
      });

      it('are hung up by the application', async () => {
        const { call, dialog } = await answerCall(bench, phone);
        const bye = event<SipRequest>(call, 'BYE');
        await dialog.destroy({ headers: { Reason: 'SIP ;cause=200 ;text="enough"' } });
        const { headers, uri: target } = await bye;
        expect(withoutBlanks(headers.get('Reason'))).to.equal('SIP;cause=200;text="enough"');
        expect(target).to.equal(phone.uri);
        expect(headers.get('Max-Forwards')).to.equal('70');
        expect(headers.get('Call-ID')).to.equal(call.callId);
      });

      it('cannot be hung up twice', async () => {
        const { dialog } = await answerCall(bench, phone);
        await dialog.destroy();
        const error = await failure(dialog.request({ method: 'INFO' }));
        expect(error.message).to.match(/unable to find dialog for dialog id provided/);
      });
    });

    describe('that an application makes', () => {
      it('are sent as they should be', async () => {
        const incoming = event<PhoneCall>(phone, 'call');
        phone.onInvite = (call) => call.answer(486, 'Busy Here');
        await failure(
          bench.srf.createUAC(uri(), {
            localSdp: SDP,
            callingNumber: '+15550000000',
            headers: { 'X-Mine': 'a value', Subject: 'a call' },
          }),
        );
        const { headers, body, uri: target } = (await incoming).incoming!.request;
        expect(target).to.equal(uri());
        expect(headers.get('From')).to.match(/^<?sip:\+15550000000@127\.0\.0\.1(:\d+)?>?;tag=/);
        expect(headers.get('To')).to.include(`sip:phone@127.0.0.1:${phone.port}`);
        expect(headers.get('Contact')).to.match(/^<sip:.*127\.0\.0\.1:\d+/);
        expect(headers.get('Max-Forwards')).to.equal('70');
        expect(headers.get('X-Mine')).to.equal('a value');
        expect(headers.get('Subject')).to.equal('a call');
        expect(headers.get('Content-Type')).to.equal('application/sdp');
        expect(headers.get('Via')).to.match(new RegExp(`^SIP/2\\.0/${protocol.toUpperCase()} 127\\.0\\.0\\.1`));
        expect(headers.get('Via')).to.match(/;branch=z9hG4bK/);
        expect(body.toString()).to.equal(SDP);
      });

      it('are answered, after provisional answers', async () => {
        const heard: number[] = [];
        phone.onInvite = (call) => {
          call.answer(100, 'Trying');
          call.answer(180, 'Ringing');
          call.answer(183, 'Session Progress', SDP);
          call.answer(200, 'OK', SDP);
        };
        const incoming = event<PhoneCall>(phone, 'call');
        const acknowledged = incoming.then((call) => event<SipRequest>(call, 'ack'));
        const dialog = await bench.srf.createUAC(
          uri(),
          { localSdp: SDP },
          { cbProvisional: (response) => heard.push(response.status) },
        );
        expect(heard, '100 is kept from applications').to.deep.equal([180, 183]);
        expect(dialog.remote.sdp).to.equal(SDP);
        const ack = await acknowledged;
        expect(ack.headers.get('CSeq')).to.match(/ ACK$/);
        expect(ack.uri).to.equal(uri());
        await dialog.destroy();
      });

      for (const status of [404, 486, 480, 500, 603]) {
        it(`are refused with ${status}`, async () => {
          phone.onInvite = (call) => call.answer(status, 'No', '', { 'X-Why': 'lunch' });
          const error = await failure(bench.srf.createUAC(uri(), { localSdp: SDP }));
          expect(error.status).to.equal(status);
          expect(error.res?.get('X-Why')).to.equal('lunch');
        });
      }

      it('are given up', async () => {
        phone.onInvite = (call) => call.answer(180, 'Ringing');
        const cancelled = event<PhoneCall>(phone, 'call').then((call) => event(call, 'CANCEL'));
        const sent: SrfRequest[] = [];
        const error = await failure(
          bench.srf.createUAC(
            uri(),
            { localSdp: SDP },
            {
              cbRequest: (_error, request) => void sent.push(request),
              cbProvisional: () => sent[0]!.cancel(),
            },
          ),
        );
        expect(error.status).to.equal(487);
        await cancelled;
      });

      it('are ended when they are answered in spite of a CANCEL', async () => {
        phone.onInvite = (call) => {
          call.on('CANCEL', () => call.answer(200, 'OK', SDP));
          call.answer(180, 'Ringing');
        };
        const incoming = event<PhoneCall>(phone, 'call');
        const sent: SrfRequest[] = [];
        const made = bench.srf.createUAC(
          uri(),
          { localSdp: SDP },
          {
            cbRequest: (_error, request) => void sent.push(request),
            cbProvisional: () => sent[0]!.cancel(),
          },
        );
        const ended = incoming.then((call) => event<SipRequest>(call, 'BYE'));
        await made.catch(() => undefined);
        expect(withoutBlanks((await ended).headers.get('Reason'))).to.equal(
          'SIP;cause=200;text="ACK-BYEduetocancelracecondition"',
        );
      });

      it('follow a redirection when the application wants that', async () => {
        const other = await bench.phone(protocol);
        other.onInvite = (call) => call.answer(200, 'OK', SDP);
        phone.onInvite = (call) => call.answer(302, 'Moved Temporarily', '', { Contact: `<${other.uri}>` });
        const dialog = await bench.srf.createUAC(uri(), { localSdp: SDP, followRedirects: true });
        expect(other.calls.size).to.equal(1);
        await dialog.destroy();
        const error = await failure(bench.srf.createUAC(uri(), { localSdp: SDP }));
        expect(error.status).to.equal(302);
      });

      it('go by an outbound proxy when one is named, the target as it is', async () => {
        phone.onInvite = (call) => call.answer(200, 'OK', SDP);
        const incoming = event<PhoneCall>(phone, 'call');
        const transport = protocol === 'udp' ? '' : `;transport=${protocol}`;
        const proxy = `sip:127.0.0.1:${phone.port}${transport}`;
        const dialog = await bench.srf.createUAC('sip:1000@nowhere.invalid', { localSdp: SDP, proxy });
        expect((await incoming).incoming!.request.uri).to.equal('sip:1000@nowhere.invalid');
        await dialog.destroy();
      });

      it('are hung up by the callee', async () => {
        const { call, dialog } = await makeCall(bench, phone);
        const destroyed = event(dialog, 'destroy');
        expect((await call.request('BYE')).status).to.equal(200);
        await destroyed;
        expect((await call.request('BYE')).status).to.equal(481);
      });

      it('are hung up by the application', async () => {
        const { call, dialog } = await makeCall(bench, phone);
        const bye = event<SipRequest>(call, 'BYE');
        await dialog.destroy();
        await bye;
      });

      it('cannot be made to nowhere', async () => {
        const error = await failure(bench.srf.createUAC('sip:1000@nowhere.invalid', { localSdp: SDP }));
        expect(error).to.be.instanceOf(Error);
      });
    });

    const dialogOf: [kind: string, open: () => Promise<{ call: PhoneCall; dialog: SrfDialog }>][] = [
      ['a call that came in', () => answerCall(bench, phone)],
      ['a call that the application made', () => makeCall(bench, phone)],
    ];
    for (const [kind, open] of dialogOf) {
      describe(`inside ${kind}`, () => {
        let call: PhoneCall;
        let dialog: SrfDialog;
        beforeEach(async () => {
          ({ call, dialog } = await open());
        });
        afterEach(async () => {
          await call.request('BYE');
        });

        for (const method of ['INFO', 'OPTIONS', 'MESSAGE', 'NOTIFY', 'REFER', 'UPDATE'] as const) {
          it(`${method} reaches the application and its answer the phone`, async () => {
            dialog.on(method.toLowerCase(), (request: SrfRequest, response: { send: (...args: unknown[]) => void }) => {
              response.send(200, { headers: { 'X-Heard': request.get('X-Said') ?? '' } });
            });
            const extra = { 'X-Said': 'hello', ...(method === 'REFER' && { 'Refer-To': '<sip:b@127.0.0.1>' }) };
            const answer = await call.request(method, '', extra);
            expect(answer.status).to.equal(200);
            expect(answer.headers.get('X-Heard')).to.equal('hello');
          });

          it(`${method} reaches the phone and its answer the application`, async () => {
            const heard = event<SipRequest>(call, method);
            const headers = { 'X-Said': 'hello', ...(method === 'REFER' && { 'Refer-To': '<sip:b@127.0.0.1>' }) };
            const answer = await dialog.request({ method, headers });
            expect(answer.status).to.equal(200);
            expect((await heard).headers.get('X-Said')).to.equal('hello');
          });
        }

        it('a new offer of the phone is answered by the application', async () => {
          dialog.on('modify', (request: SrfRequest, response: { send: (...args: unknown[]) => void }) => {
            response.send(200, { body: request.body.replace('40000', '50000') });
          });
          const acknowledged = event<SrfRequest>(dialog, 'ack');
          const answer = await call.request('INVITE', SDP);
          expect(answer.status).to.equal(200);
          expect(answer.body.toString()).to.include('50000');
          expect(answer.headers.get('Contact')).to.match(/^<sip:/);
          await acknowledged;
        });

        it('a new offer of the phone may be refused: the call goes on', async () => {
          dialog.on('modify', (_request: SrfRequest, response: { send: (...args: unknown[]) => void }) => {
            response.send(488);
          });
          expect((await call.request('INVITE', SDP)).status).to.equal(488);
          expect((await call.request('INFO')).status).to.equal(200);
        });

        it('a new offer of the application is answered by the phone', async () => {
          const acknowledged = event<SipRequest>(call, 'ack');
          phone.answerWith.clear();
          const heard = event<SipRequest>(call, 'INVITE');
          expect(await dialog.modify(SDP.replace('40000', '40002'))).to.equal(SDP);
          expect((await heard).body.toString()).to.include('40002');
          await acknowledged;
        });

        it('the phone may move: requests go to its new Contact', async () => {
          const moved = await bench.phone(protocol);
          moved.calls.set(call.callId, call);
          expect((await call.request('INVITE', SDP, { Contact: moved.contact })).status).to.equal(200);
          const [hereOrThere] = [event<SipRequest>(call, 'INFO')];
          await dialog.request({ method: 'INFO' });
          await hereOrThere;
        });

        it('sequence numbers rise', async () => {
          const numbers: number[] = [];
          call.on('INFO', (request: SipRequest) => numbers.push(Number.parseInt(request.headers.get('CSeq')!, 10)));
          for (let count = 0; count < 3; count++) await dialog.request({ method: 'INFO' });
          expect(numbers[1]).to.equal(numbers[0]! + 1);
          expect(numbers[2]).to.equal(numbers[0]! + 2);
        });
      });
    }
  });
}
