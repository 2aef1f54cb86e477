/** Dialogs that a SUBSCRIBE has made: NOTIFY before the answer, and their end by time. Time is moved by hand. */
import { expect } from 'chai';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import type { SipResponse } from '../../../embedded/sip/index.ts';
import { dialogOf, RawClient, transactionOf } from '../../helpers/drachtio-client.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { event, response, SDP, startPhone, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';

describe('subscriptions in the embedded drachtio-server', () => {
  let server: DrachtioServer;
  let clock: ManualClock;
  let client: RawClient;
  let phone: SipPhone;

  beforeEach(async () => {
    clock = new ManualClock();
    server = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
      client: { address: '127.0.0.1', port: 0 },
      secret: 'cymru',
      logger: createLogger({ logLevel: 'silent' }),
      clock,
    });
    phone = await startPhone('udp', { t1: 20, t2: 80, t4: 100 });
    client = new RawClient(server.clientPort);
    for (const frame of ['authenticate|cymru|', 'route|subscribe', 'route|invite']) {
      client.send(frame);
      await client.next();
    }
  });

  afterEach(async () => {
    client.end();
    await phone.layer.stop();
    await server.stop();
    expect(clock.running).to.deep.equal([]);
  });

  const subscribe = (extra = '') =>
    client.send('sip||', `SUBSCRIBE ${phone.uri} SIP/2.0\r\nEvent: presence\r\n${extra}Content-Length: 0\r\n\r\n`);

  /** A phone subscribes, the application accepts. @returns the dialog's id */
  async function subscribed(expires: string): Promise<{ call: PhoneCall; dialogId: string }> {
    const call = phone.call(server.listeningPoints[0]!.port, SDP);
    const asked = await client.next();
    client.send(`sip|${transactionOf(asked)}|`, 'SIP/2.0 486 Busy Here\r\n\r\n');
    await event(call, 'failed');
    await client.next();
    call.remote = `<sip:someone@127.0.0.1:${server.listeningPoints[0]!.port}>`;
    const accepted = call.request('SUBSCRIBE', '', { Event: 'presence', Expires: '7200' });
    const wanted = await client.next();
    client.send(`sip|${transactionOf(wanted)}|`, `SIP/2.0 202 Accepted\r\nExpires: ${expires}\r\n\r\n`);
    call.remote = (await accepted).headers.get('To')!;
    return { call, dialogId: dialogOf([await client.next()]) };
  }

  async function notify(dialogId: string): Promise<string> {
    client.send(`sip||${dialogId}`, 'NOTIFY sip:placeholder SIP/2.0\r\nSubscription-State: active\r\n\r\n');
    return (await client.next()).tokens[3]!;
  }

  it('begin with a NOTIFY that is faster than the answer', async () => {
    phone.answerWith.set('SUBSCRIBE', (request) => {
      const call = phone.adopt(request, 'notifier', server.listeningPoints[0]!.port);
      const extra = { Event: 'presence', 'Subscription-State': 'active' };
      void call.request('NOTIFY', '', extra).then((answer) => phone.emit('notified', answer));
      return response(202, 'Accepted', '', { Contact: phone.contact, To: call.local });
    });
    const notified = event<SipResponse>(phone, 'notified');
    subscribe();
    const frames = [await client.next(), await client.next(), await client.next()];
    const asked = frames.find(({ head }) => head[0]!.startsWith('NOTIFY '))!;
    expect(dialogOf([asked])).to.match(/;from-tag=/);
    client.send(`sip|${transactionOf(asked)}|`, 'SIP/2.0 200 OK\r\n\r\n');
    expect((await notified).status).to.equal(200);
    await client.next();
    expect(server.counts().dialogs).to.equal(1);
    clock.advance(3_632_001);
    expect(server.counts().dialogs, 'an hour, where nobody says how long').to.equal(0);
  });

  it('that are refused, or never answered, leave nothing', async () => {
    phone.answerWith.set('SUBSCRIBE', () => response(489, 'Bad Event'));
    subscribe();
    await client.next();
    expect((await client.next()).head[0]).to.equal('SIP/2.0 489 Bad Event');
    expect(server.counts().dialogs).to.equal(0);
    await phone.layer.stop();
    subscribe();
    await client.next();
    clock.advance(32_000);
    expect((await client.next()).head[0]).to.match(/^SIP\/2\.0 (408|503) /);
    expect(server.counts().dialogs).to.equal(0);
  });

  it('last as long as the application says, and longer when they are renewed', async () => {
    const { call, dialogId } = await subscribed('600');
    clock.advance(599_000);
    expect(await notify(dialogId)).to.equal('OK');
    await client.next();
    const renewed = call.request('SUBSCRIBE', '', { Event: 'presence', Expires: '300' });
    client.send(`sip|${transactionOf(await client.next())}|`, 'SIP/2.0 202 Accepted\r\n\r\n');
    expect((await renewed).status).to.equal(202);
    await client.next();
    clock.advance(299_000);
    expect(await notify(dialogId)).to.equal('OK');
    await client.next();
    clock.advance(33_001);
    expect(await notify(dialogId)).to.equal('NOK');
  });

  it('of an application that died end by their time, without a BYE', async () => {
    const { call } = await subscribed('600');
    client.end();
    while (server.counts().clients > 0) await new Promise((resolve) => setImmediate(resolve));
    const heard: string[] = [];
    call.on('BYE', () => heard.push('BYE'));
    clock.advance(632_001);
    expect(server.counts().dialogs).to.equal(0);
    expect(heard).to.deep.equal([]);
  });
});
