/** Requests that are no calls: OPTIONS, MESSAGE, REGISTER, PUBLISH, and subscriptions (RFC 6665). */
import { expect } from 'chai';
import type { SipRequest } from '../../../embedded/sip/index.ts';
import { event, response, SDP, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, type RoutedMethod, type SipBench } from '../../helpers/sip-bench.ts';
import { ask, failure } from '../../helpers/sip-calls.ts';
import type { SrfDialog, SrfRequest, SrfResponse } from '../../helpers/srf-client.ts';

describe('requests that are no calls', function () {
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

  /** A stranger with an identity of its own. */
  async function stranger(from?: string): Promise<PhoneCall> {
    bench.on.set('invite', (_request, answer) => answer.send(404));
    const call = phone.call(bench.sipPort, SDP, {}, from);
    await event(call, 'failed');
    call.remote = `<sip:someone@127.0.0.1:${bench.sipPort}>`;
    return call;
  }

  for (const method of ['OPTIONS', 'MESSAGE', 'REGISTER', 'PUBLISH', 'INFO', 'NOTIFY'] as const) {
    it(`${method} reaches the application and its answer the phone`, async () => {
      const call = await stranger();
      bench.on.set(method.toLowerCase() as RoutedMethod, (request, answer) => {
        answer.send(202, { headers: { 'X-Heard': request.get('X-Said') ?? '' }, body: request.body });
      });
      const extra = {
        'X-Said': 'hello',
        'Content-Type': 'text/plain',
        ...(method === 'NOTIFY' && { Event: 'presence' }),
      };
      const answer = await call.request(method, 'words', extra);
      expect(answer.status).to.equal(202);
      expect(answer.headers.get('X-Heard')).to.equal('hello');
      expect(answer.headers.get('To')).to.match(/;tag=/);
      expect(answer.body.toString()).to.equal('words');
    });

    it(`${method} of an application reaches the phone and its answer the application`, async () => {
      phone.answerWith.set(method, () => response(200, 'OK', '', { 'X-Heard': 'yes' }));
      const answer = await ask(bench.srf, phone.uri, {
        method,
        headers: { 'Content-Type': 'text/plain', 'X-Said': 'hello' },
        body: 'words',
      });
      expect([answer.status, answer.get('X-Heard')]).to.deep.equal([200, 'yes']);
      const [heard] = phone.received;
      expect(heard!.headers.get('X-Said')).to.equal('hello');
      expect(heard!.body.toString()).to.equal('words');
      expect(heard!.headers.get('CSeq')).to.match(new RegExp(` ${method}$`));
    });
  }

  it('are refused when nobody takes them', async () => {
    const other = await stranger();
    for (const method of ['BYE', 'UPDATE']) expect((await other.request(method)).status, method).to.equal(481);
  });

  describe('subscriptions', () => {
    /** A phone subscribes, the application accepts. */
    async function subscribed(): Promise<{ call: PhoneCall; dialog: SrfDialog }> {
      const call = await stranger();
      const accepted = new Promise<SrfDialog>((resolve, reject) => {
        bench.on.set('subscribe', (request, answer) => {
          bench.srf.createUAS(request, answer, { localSdp: '', headers: { Expires: '600' } }).then(resolve, reject);
        });
      });
      const answer = await call.request('SUBSCRIBE', '', { Event: 'presence', Expires: '600' });
      expect(answer.status).to.equal(202);
      expect(answer.headers.get('Contact')).to.match(/^<sip:/);
      call.remote = answer.headers.get('To')!;
      return { call, dialog: await accepted };
    }

    it('of a phone are dialogs: the application notifies in them', async () => {
      const { call, dialog } = await subscribed();
      const notified = event<SipRequest>(call, 'NOTIFY');
      const answer = await dialog.request({
        method: 'NOTIFY',
        headers: { Event: 'presence', 'Subscription-State': 'active;expires=600', 'Content-Type': 'text/plain' },
        body: 'here',
      });
      expect(answer.status).to.equal(200);
      const { headers, body } = await notified;
      expect(headers.get('Subscription-State')).to.equal('active;expires=600');
      expect(body.toString()).to.equal('here');
      expect(headers.get('Call-ID')).to.equal(call.callId);
      await dialog.destroy();
    });

    it('of a phone are renewed and given up in the dialog', async () => {
      const { call, dialog } = await subscribed();
      dialog.on('subscribe', (request: SrfRequest, answer: SrfResponse) => {
        answer.send(202, { headers: { Expires: request.get('Expires')! } });
      });
      const renewed = await call.request('SUBSCRIBE', '', { Event: 'presence', Expires: '300' });
      expect([renewed.status, renewed.headers.get('Expires')]).to.deep.equal([202, '300']);
      const over = event(dialog, 'unsubscribe');
      expect((await call.request('SUBSCRIBE', '', { Event: 'presence', Expires: '0' })).status).to.equal(202);
      await over;
      const last = event<SipRequest>(call, 'NOTIFY');
      await dialog.destroy();
      expect((await last).headers.get('Subscription-State')).to.match(/^terminated/);
    });

    it('are over after the last NOTIFY', async () => {
      const { call, dialog } = await subscribed();
      await dialog.request({
        method: 'NOTIFY',
        headers: { Event: 'presence', 'Subscription-State': 'terminated;reason=noresource' },
      });
      const error = await failure(bench.srf.request('sip:placeholder', { method: 'NOTIFY', stackDialogId: dialog.id }));
      expect(error.message).to.match(/unable to find dialog/);
      // To the real server a SUBSCRIBE without its dialog is a new one, whatever the tag says.
      if (bench.subject === 'embedded') {
        expect((await call.request('SUBSCRIBE', '', { Event: 'presence' })).status).to.equal(481);
      }
    });

    /** The application subscribes, the phone accepts. */
    async function subscribing(): Promise<{ call: PhoneCall; dialog: SrfDialog; subscribe: SipRequest }> {
      let subscribe: SipRequest | undefined;
      phone.answerWith.set('SUBSCRIBE', (request) => {
        subscribe = request;
        return response(202, 'Accepted', '', { Contact: phone.contact, Expires: '600' });
      });
      const dialog = await bench.srf.createUAC(phone.uri, {
        method: 'SUBSCRIBE',
        // The library counts a subscription under the name that is in To, on both sides.
        callingNumber: 'phone',
        headers: { Event: 'presence', Expires: '600' },
      });
      const call = phone.adopt(subscribe!, dialog.sip.remoteTag, bench.sipPort);
      return { call, dialog, subscribe: subscribe! };
    }

    it('of an application carry a Contact, and hear of their state', async () => {
      const { call, dialog, subscribe } = await subscribing();
      expect(subscribe.headers.get('Contact')).to.match(/^<sip:/);
      expect(subscribe.headers.get('Event')).to.equal('presence');
      const heard = new Promise<SrfRequest>((resolve) => {
        dialog.on('notify', (request: SrfRequest, answer: SrfResponse) => {
          answer.send(200);
          resolve(request);
        });
      });
      const extra = { Event: 'presence', 'Subscription-State': 'active;expires=600', 'Content-Type': 'text/plain' };
      expect((await call.request('NOTIFY', 'here', extra)).status).to.equal(200);
      expect((await heard).body).to.equal('here');
    });

    it('of an application end with the phone’s last NOTIFY', async () => {
      const { call, dialog } = await subscribing();
      const destroyed = event(dialog, 'destroy');
      const extra = { Event: 'presence', 'Subscription-State': 'terminated;reason=timeout' };
      // The real server forgets the dialog, and the NOTIFY with it, before the application has answered.
      const expected = bench.subject === 'real' ? 500 : 200;
      expect((await call.request('NOTIFY', '', extra)).status).to.equal(expected);
      await destroyed;
      const error = await failure(
        bench.srf.request('sip:placeholder', { method: 'SUBSCRIBE', stackDialogId: dialog.id }),
      );
      expect(error.message).to.match(/unable to find dialog/);
    });

    it('of an application may be refused', async () => {
      phone.answerWith.set('SUBSCRIBE', () => response(489, 'Bad Event'));
      const error = await failure(
        bench.srf.createUAC(phone.uri, { method: 'SUBSCRIBE', headers: { Event: 'nonsense' } }),
      );
      expect(error.status).to.equal(489);
    });
  });
});
