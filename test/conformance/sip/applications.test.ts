/** Applications and their server: secrets, routes, taking turns, and what is left when one dies. */
import { expect } from 'chai';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { event, SDP, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, route, type SipBench } from '../../helpers/sip-bench.ts';
import { ask, failure } from '../../helpers/sip-calls.ts';
import { connectSrf, killSrf, type Srf, type SrfDialog } from '../../helpers/srf-client.ts';

describe('applications', function () {
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

  const final = (call: PhoneCall) =>
    Promise.race([event<SipResponse>(call, 'answered'), event<SipResponse>(call, 'failed')]);
  const outcome = async (headers: Record<string, string> = {}) =>
    (await final(phone.call(bench.sipPort, SDP, headers))).status;

  it('must know the secret', async () => {
    const refused: { srf?: Srf } = {};
    const error = await failure(connectSrf(bench.control.port, 'wrong', (srf) => (refused.srf = srf)));
    expect(error.message).to.equal('failed to authenticate to server');
    killSrf(refused.srf!);
  });

  it('are told where SIP is listened to, and which version the server is', async () => {
    const told = new Promise<[string, string]>((resolve) => {
      void bench.application((fresh) => {
        fresh.on('connect', (_error: unknown, hostPorts: string, version: string) => resolve([hostPorts, version]));
      });
    });
    const [hostPorts, version] = await told;
    expect(hostPorts)
      .to.match(/(^|,)udp\/127\.0\.0\.1:\d+/)
      .and.to.match(/(^|,)tcp\/127\.0\.0\.1:\d+/);
    expect(version).to.match(/^v0\.\d+\.\d+/);
  });

  it('take calls in turn', async () => {
    bench.on.set('invite', (_request, answer) => answer.send(486));
    const second = await bench.application((fresh) => route(fresh, 'invite', (_request, answer) => answer.send(603)));
    const statuses: number[] = [];
    while (!statuses.includes(603)) statuses.push(await outcome()); // its route may still be on the way
    for (let count = 0; count < 4; count++) statuses.push(await outcome());
    expect(statuses.slice(-4).sort()).to.deep.equal([486, 486, 603, 603]);
    killSrf(second);
    while ((await outcome()) !== 486);
    expect([await outcome(), await outcome()]).to.deep.equal([486, 486]);
  });

  it('may give a method back: then others take it', async () => {
    const second = await bench.application((fresh) => route(fresh, 'options', (_request, answer) => answer.send(200)));
    const options = async () => {
      const call = phone.call(bench.sipPort);
      await final(call);
      call.remote = `<sip:someone@127.0.0.1:${bench.sipPort}>`;
      return (await call.request('OPTIONS')).status;
    };
    while ((await options()) !== 200);
    (second as unknown as { unregisterForMessages: (verb: string) => void }).unregisterForMessages('options');
    const statuses: number[] = [];
    do statuses.push(await options());
    while (statuses.slice(-4).join() !== '480,480,480,480');
    killSrf(second);
  });

  it('are told of a request once, however often it comes', async () => {
    let told = 0;
    bench.on.set('invite', (_request, answer) => {
      told++;
      setTimeout(() => answer.send(486), 700); // the phone sends again after 500 ms
    });
    const call = phone.call(bench.sipPort);
    expect((await final(call)).status).to.equal(486);
    expect(told).to.equal(1);
  });

  for (const [what, headers] of [
    ['Max-Forwards that is no number', { 'Max-Forwards': 'many' }],
    ['a Contact that is none', { Contact: '<>' }],
  ] as const) {
    it(`do not crash over ${what}`, async () => {
      bench.on.set('invite', (_request, answer) => answer.send(486));
      const call = phone.call(bench.sipPort, SDP, headers);
      await Promise.race([final(call), event(call, 'timeout')]).catch(() => undefined);
      expect(await outcome()).to.equal(486);
    }).timeout(60_000);
  }

  describe('that die', () => {
    let doomed: Srf;
    let call: PhoneCall;
    let dialog: SrfDialog;

    beforeEach(async () => {
      bench.on.set('message', (_request, answer) => answer.send(200));
      const established = new Promise<SrfDialog>((resolve, reject) => {
        void bench
          .application((fresh) => {
            doomed = fresh;
            route(fresh, 'invite', (request, answer) => {
              fresh.createUAS(request, answer, { localSdp: SDP }).then(resolve, reject);
            });
          })
          .catch(reject);
      });
      // The other application takes its turn, too.
      bench.on.set('invite', (_request, answer) => answer.send(486));
      for (;;) {
        call = phone.call(bench.sipPort);
        if ((await final(call)).status === 200) break;
      }
      call.ack();
      dialog = await established;
      killSrf(doomed);
    });

    it('leave their calls up; another application can act in them', async () => {
      const heard = event<SipRequest>(call, 'OPTIONS');
      const options = { method: 'OPTIONS', stackDialogId: dialog.id };
      expect((await ask(bench.srf, 'sip:placeholder', options)).status).to.equal(200);
      await heard;
      const ended = event<SipRequest>(call, 'BYE');
      expect((await ask(bench.srf, 'sip:placeholder', { method: 'BYE', stackDialogId: dialog.id })).status).to.equal(
        200,
      );
      await ended;
    });

    it('leave a caller who hangs up with 481', async () => {
      for (;;) {
        const { status } = await call.request('BYE');
        if (status === 481) break; // the server knows by now that it is gone
        expect(status).to.equal(200);
      }
    });
  });

  it('can do nothing for a dialog that is not there', async () => {
    const options = { method: 'INFO', stackDialogId: 'nobody;from-tag=none' };
    const error = await failure(ask(bench.srf, 'sip:placeholder', options));
    expect(error.message).to.match(/unable to find dialog for dialog id provided/);
  });

  it('cannot send a request to the server itself', async () => {
    const error = await failure(ask(bench.srf, `sip:a@127.0.0.1:${bench.sipPort}`, { method: 'OPTIONS' }));
    expect(error.message).to.match(/can not send request to myself/);
  });
});
