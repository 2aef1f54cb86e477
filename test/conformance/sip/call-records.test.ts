/** Call records for an application that asks for them. The real server writes them when its configuration says so. */
import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { SipResponse } from '../../../embedded/sip/index.ts';
import { event, SDP, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, type SipBench } from '../../helpers/sip-bench.ts';
import { answerCall, failure, makeCall } from '../../helpers/sip-calls.ts';
import { skipBecause } from '../../helpers/skip.ts';
import type { SrfMessage } from '../../helpers/srf-client.ts';

describe('call records', function () {
  this.timeout(20_000);
  let bench: SipBench;
  let phone: SipPhone;
  const records: string[] = [];
  const news = new EventEmitter();

  before(async function () {
    bench = await openSipBench(this);
    const collect =
      (kind: string) =>
      (...told: unknown[]) => {
        const [source, time, ...rest] = told as [string, string, ...(string | SrfMessage)[]];
        expect(time).to.match(/^\d\d:\d\d:\d\d\.\d{6}$/);
        const message = rest.pop() as SrfMessage;
        expect(message.get('Call-ID')).to.be.a('string');
        records.push([kind, source, ...rest.map(String)].join(' '));
        news.emit('record');
      };
    await bench.application((fresh) => {
      for (const kind of ['attempt', 'start', 'stop']) fresh.on(`cdr:${kind}`, collect(kind));
    });
    phone = await bench.phone();
    bench.on.set('invite', (_request, answer) => answer.send(486));
    await event(phone.call(bench.sipPort), 'failed');
    const first = await until(2).catch(() => undefined);
    if (!first) skipBecause(this, 'this server writes no call records (<cdrs>true</cdrs> in its configuration)');
  });
  after(() => bench.close());
  beforeEach(async () => {
    bench.on.clear();
    phone = await bench.phone();
    records.length = 0;
  });

  /** Waits for so many records. */
  async function until(count: number): Promise<string[]> {
    while (records.length < count) await event(news, 'record');
    return records;
  }

  it('tell of a call that came in and was hung up by the caller', async () => {
    const { call } = await answerCall(bench, phone);
    await call.request('BYE');
    expect(await until(3)).to.deep.equal(['attempt network', 'start application uas', 'stop network normal-release']);
  });

  it('tell of a call that was made and hung up by the application', async () => {
    const { dialog } = await makeCall(bench, phone);
    await dialog.destroy();
    expect(await until(3)).to.deep.equal([
      'attempt application',
      'start network uac',
      'stop application normal-release',
    ]);
  });

  it('tell of refusals in both directions', async () => {
    bench.on.set('invite', (_request, answer) => answer.send(486));
    await event(phone.call(bench.sipPort), 'failed');
    phone.onInvite = (call) => call.answer(486, 'Busy Here');
    await failure(bench.srf.createUAC(phone.uri, { localSdp: SDP }));
    expect(await until(4)).to.deep.equal([
      'attempt network',
      'stop application call-rejected',
      'attempt application',
      'stop network call-rejected',
    ]);
  });

  it('tell of a call that was given up', async () => {
    bench.on.set('invite', (_request, answer) => answer.send(180));
    const call = phone.call(bench.sipPort);
    await event(call, 'provisional');
    call.invite!.cancel();
    await event<SipResponse>(call, 'failed');
    expect(await until(2)).to.deep.equal(['attempt network', 'stop network call-canceled']);
  });

  it('tell of both sides of a proxied call', async () => {
    phone.onInvite = (call) => call.answer(200, 'OK', SDP);
    bench.on.set('invite', (request) => void bench.srf.proxyRequest(request, phone.uri, { recordRoute: true }));
    const caller = await bench.phone();
    const call = caller.call(bench.sipPort);
    await event(call, 'answered');
    call.ack();
    expect(await until(4)).to.have.members([
      'attempt network',
      'attempt application',
      'start network proxy-uac',
      'start application proxy-uas',
    ]);
    records.length = 0;
    await call.request('BYE');
    expect(await until(2)).to.deep.equal(['stop network normal-release', 'stop application normal-release']);
  });
});
