/** Provisional answers that are acknowledged (RFC 3262), and UPDATE before the call is answered (RFC 3311). */
import { expect } from 'chai';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { event, response, SDP, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, type SipBench } from '../../helpers/sip-bench.ts';
import { ask, failure } from '../../helpers/sip-calls.ts';
import { skipBecause } from '../../helpers/skip.ts';
import type { SrfRequest, SrfResponse } from '../../helpers/srf-client.ts';

const OTHER_SDP = SDP.replace('40000', '50000');

for (const protocol of ['udp', 'tcp'] as const) {
  describe(`reliable provisional answers over ${protocol}`, function () {
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

    /** A call with a reliable 183; `go` answers it. */
    async function earlyCall(body = SDP): Promise<{
      call: PhoneCall;
      early: SipResponse;
      request: SrfRequest;
      answer: SrfResponse;
      pracked: Promise<SrfRequest>;
    }> {
      let pracked: (prack: SrfRequest) => void = () => undefined;
      const prack = new Promise<SrfRequest>((resolve) => (pracked = resolve));
      const taken = new Promise<[SrfRequest, SrfResponse]>((resolve) => {
        bench.on.set('invite', (request, answer) => {
          resolve([request, answer]);
          answer.send(183, { body: SDP, headers: { Require: '100rel' } }, undefined, pracked);
        });
      });
      const call = phone.call(bench.sipPort, body, { Supported: '100rel' });
      const early = await event<SipResponse>(call, 'provisional');
      const [request, answer] = await taken;
      return { call, early, request, answer, pracked: prack };
    }

    const acknowledge = (call: PhoneCall, { headers }: SipResponse, body = '') => {
      return call.request('PRACK', body, { RAck: `${headers.get('RSeq')!} 1 INVITE` });
    };

    it('are sent with RSeq, and again until PRACK comes', async () => {
      const { call, early, answer, pracked } = await earlyCall();
      expect(early.headers.get('RSeq')).to.match(/^\d+$/);
      expect(early.headers.get('Require')).to.equal('100rel');
      expect(early.headers.get('Contact')).to.match(/^<sip:/);
      const again = await event<SipResponse>(call, 'provisional');
      expect(again.headers.get('RSeq')).to.equal(early.headers.get('RSeq'));
      expect((await acknowledge(call, early)).status).to.equal(200);
      expect((await pracked).get('RAck')).to.equal(`${early.headers.get('RSeq')!} 1 INVITE`);
      const answered = event<SipResponse>(call, 'answered');
      answer.send(200, { body: SDP });
      expect((await answered).status).to.equal(200);
      call.sequence = 1;
      call.ack();
    });

    it('are numbered one after the other', async () => {
      const { call, early, answer } = await earlyCall();
      await acknowledge(call, early);
      const next = event<SipResponse>(call, 'provisional');
      answer.send(180, { headers: { Require: '100rel' } });
      const second = await next;
      expect(Number(second.headers.get('RSeq'))).to.equal(Number(early.headers.get('RSeq')) + 1);
      expect((await acknowledge(call, second)).status).to.equal(200);
      const refused = event<SipResponse>(call, 'failed');
      answer.send(486);
      await refused;
    });

    it('may be acknowledged with an offer, which reaches the application', async () => {
      const { call, early, answer, pracked } = await earlyCall();
      void acknowledge(call, early, OTHER_SDP).catch(() => undefined);
      expect((await pracked).body).to.equal(OTHER_SDP);
      const refused = event<SipResponse>(call, 'failed');
      answer.send(486);
      await refused;
    });

    it('are not acknowledged by a PRACK for something else', async function () {
      if (bench.subject === 'real') skipBecause(this, 'the real server leaves such a PRACK without an answer');
      const { call, answer } = await earlyCall();
      expect((await call.request('PRACK', '', { RAck: '4711 1 INVITE' })).status).to.equal(481);
      const refused = event<SipResponse>(call, 'failed');
      answer.send(486);
      await refused;
    });

    it('cannot be sent to a phone that does not know them', async () => {
      const told = new Promise<unknown>((resolve) => {
        bench.on.set('invite', (_request, answer) => {
          answer.send(183, { body: SDP, headers: { Require: '100rel' } }, (error) => {
            resolve(error);
            answer.send(486);
          });
        });
      });
      const refused = event<SipResponse>(phone.call(bench.sipPort), 'failed');
      expect(await told).to.equal('Remote endpoint does not support 100rel');
      await refused;
    });

    it('of a phone are acknowledged', async () => {
      const heard: string[] = [];
      phone.onInvite = (call) => {
        call.once('PRACK', () => call.answer(200, 'OK', SDP));
        call.answer(183, 'Session Progress', SDP, { Require: '100rel', RSeq: '7' });
      };
      const prack = event<PhoneCall>(phone, 'call').then((call) => event<SipRequest>(call, 'PRACK'));
      const dialog = await bench.srf.createUAC(
        phone.uri,
        { localSdp: SDP, headers: { Supported: '100rel' } },
        { cbProvisional: (answer) => heard.push(`${answer.status} ${answer.get('RSeq') ?? ''}`) },
      );
      expect((await prack).headers.get('RAck')).to.match(/^7 \d+ INVITE$/);
      expect(heard).to.deep.equal(['183 7']);
      await dialog.destroy();
    });

    it('of a phone that come again are not told again', async function () {
      if (bench.subject === 'real')
        skipBecause(this, 'the real server tells of each, so the library acknowledges each');
      const heard: number[] = [];
      phone.onInvite = (call) => {
        call.once('PRACK', () => call.answer(200, 'OK', SDP));
        for (let count = 0; count < 3; count++) {
          call.answer(183, 'Session Progress', SDP, { Require: '100rel', RSeq: '7' });
        }
      };
      const dialog = await bench.srf.createUAC(
        phone.uri,
        { localSdp: SDP, headers: { Supported: '100rel' } },
        { cbProvisional: (answer) => heard.push(answer.status) },
      );
      expect(heard).to.deep.equal([183]);
      await dialog.destroy();
    });

    describe('with UPDATE before the answer', () => {
      it('of a phone that calls', async () => {
        const { call, early, request, answer } = await earlyCall();
        await acknowledge(call, early);
        request.on('update', (update: SrfRequest, updated: SrfResponse) => {
          updated.send(200, { body: update.body.replace('50000', '50002') });
        });
        const updated = await call.request('UPDATE', OTHER_SDP);
        expect(updated.status).to.equal(200);
        expect(updated.body.toString()).to.include('50002');
        const answered = event<SipResponse>(call, 'answered');
        answer.send(200, { body: SDP });
        await answered;
        call.sequence = 1;
        call.ack();
      });

      it('of a phone that is called', async () => {
        phone.onInvite = (call) => {
          call.once('PRACK', () => {
            void call.request('UPDATE', OTHER_SDP).then((updated) => {
              call.emit('updated', updated);
              call.answer(200, 'OK', SDP);
            });
          });
          call.answer(183, 'Session Progress', SDP, { Require: '100rel', RSeq: '1' });
        };
        const updated = event<PhoneCall>(phone, 'call').then((call) => event<SipResponse>(call, 'updated'));
        const dialog = await bench.srf.createUAC(phone.uri, { localSdp: SDP, headers: { Supported: '100rel' } });
        const answer = await updated;
        expect([answer.status, answer.body.toString()], 'the library answers with the offer').to.deep.equal([200, SDP]);
        await dialog.destroy();
      });

      it('of an application that calls', async () => {
        const early = new Promise<string>((resolve) => {
          phone.onInvite = (call) => {
            call.once('PRACK', () => undefined);
            call.answer(183, 'Session Progress', SDP, { Require: '100rel', RSeq: '1' });
            call.once('UPDATE', () => call.answer(486, 'Busy Here'));
          };
          void failure(
            bench.srf.createUAC(
              phone.uri,
              { localSdp: SDP, headers: { Supported: '100rel' } },
              { cbProvisional: (answer) => resolve(answer.stackDialogId) },
            ),
          );
        });
        phone.answerWith.set('UPDATE', () => response(200, 'OK', OTHER_SDP));
        const update = { method: 'UPDATE', stackDialogId: await early, body: OTHER_SDP };
        const answer = await ask(bench.srf, 'sip:placeholder', update);
        expect([answer.status, answer.body]).to.deep.equal([200, OTHER_SDP]);
      });
    });
  });
}
