/** What is agreed about the length of sessions (RFC 4028). That refreshing keeps time is shown with a clock moved by hand. */
import { expect } from 'chai';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { event, SDP, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, type SipBench } from '../../helpers/sip-bench.ts';
import { answerCall, makeCall } from '../../helpers/sip-calls.ts';

describe('session timers', function () {
  this.timeout(20_000);
  let bench: SipBench;
  let phone: SipPhone;

  before(async function () {
    bench = await openSipBench(this);
  });
  after(() => bench.close());
  beforeEach(async () => {
    bench.on.clear();
    phone = await bench.phone();
  });

  const plain = (value: string | undefined) => value?.replaceAll(' ', '');
  const answerOf = ({ responses }: PhoneCall) => responses.find(({ status }) => status === 200)!;

  const offers: [offer: Record<string, string>, answer: string | undefined][] = [
    [{}, undefined],
    [{ 'Session-Expires': '1800;refresher=uac' }, '1800;refresher=uac'],
    [{ 'Session-Expires': '1800;refresher=uas' }, '1800;refresher=uas'],
    [{ 'Session-Expires': '1800' }, undefined],
    [{ 'Session-Expires': '60;refresher=uac' }, '90;refresher=uac'],
  ];
  for (const [offer, answer] of offers) {
    it(`answers ${JSON.stringify(offer['Session-Expires'] ?? 'nothing')} with ${answer ?? 'nothing'}`, async () => {
      const { call } = await answerCall(bench, phone, { Supported: 'timer', ...offer });
      expect(plain(answerOf(call).headers.get('Session-Expires'))).to.equal(answer);
      await call.request('BYE');
    });
  }

  it('answers as the application says', async () => {
    bench.on.set('invite', (request, response) => {
      const headers = { 'Session-Expires': '600;refresher=uas', Require: 'timer' };
      void bench.srf.createUAS(request, response, { localSdp: SDP, headers });
    });
    const call = phone.call(bench.sipPort, SDP, { Supported: 'timer', 'Session-Expires': '1800' });
    const answered = await event<SipResponse>(call, 'answered');
    call.ack();
    expect(plain(answered.headers.get('Session-Expires'))).to.equal('600;refresher=uas');
    expect(answered.headers.get('Require')).to.equal('timer');
    await call.request('BYE');
  });

  for (const [kind, open] of [
    ['a call that came in', () => answerCall(bench, phone)],
    ['a call that the application made', () => makeCall(bench, phone)],
  ] as const) {
    it(`refuses a too short refresh in ${kind} with 422 and Min-SE`, async () => {
      const { call } = await open();
      for (const method of ['INVITE', 'UPDATE']) {
        const body = method === 'INVITE' ? SDP : '';
        const refused = await call.request(method, body, { 'Session-Expires': '30;refresher=uac' });
        expect(refused.status, method).to.equal(422);
        expect(refused.headers.get('Min-SE')).to.equal('90');
      }
      await call.request('BYE');
    });
  }

  it('passes what the application offers, and takes the answer', async () => {
    phone.onInvite = (call) => {
      call.answer(200, 'OK', SDP, { 'Session-Expires': '1800;refresher=uas', Require: 'timer' });
    };
    const incoming = event<PhoneCall>(phone, 'call');
    const headers = { 'Session-Expires': '1800', Supported: 'timer' };
    const dialog = await bench.srf.createUAC(phone.uri, { localSdp: SDP, headers });
    expect((await incoming).incoming!.request.headers.get('Session-Expires')).to.equal('1800');
    const bye = event<SipRequest>(await incoming, 'BYE');
    await dialog.destroy();
    await bye;
  });
});
