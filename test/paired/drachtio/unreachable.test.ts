/** Peers whose Contact leads nowhere: anybody may send one, and a name may stop leading anywhere when its DNS is away. */
import { expect } from 'chai';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import type { SipRequest } from '../../../embedded/sip/index.ts';
import { dialogOf, empty, invite, RawClient, transactionOf, type Frame } from '../../helpers/drachtio-client.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { event, response, SDP, startPhone, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';

const SECRET = 'cymru';
const HALF_INTERVAL_MS = 45_000;
const OURS_TO_REFRESH = { 'Session-Expires': '90;refresher=uas', Supported: 'timer' };

describe('peers of the embedded drachtio-server that cannot be reached', () => {
  let server: DrachtioServer;
  let clock: ManualClock;
  let client: RawClient;
  let phone: SipPhone;

  beforeEach(async () => {
    clock = new ManualClock();
    server = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'silent' }),
      clock,
      names: { services: async () => [], pointers: async () => [], addresses: async () => [] },
    });
    phone = await startPhone('udp', { t1: 20, t2: 80, t4: 100 });
    client = new RawClient(server.clientPort);
    client.send(`authenticate|${SECRET}|`);
    await client.next();
    client.send('route|invite');
    await client.next();
  });

  afterEach(async () => {
    expect(server.counts().dialogs).to.equal(0);
    client.end();
    await phone.layer.stop();
    await server.stop();
    expect(clock.running).to.deep.equal([]);
  });

  const sipPort = () => server.listeningPoints[0]!.port;
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };

  async function answered(call: PhoneCall): Promise<Frame[]> {
    const frames = [await client.next()];
    const done = event(call, 'answered');
    client.send(`sip|${transactionOf(frames[0]!)}|`, `SIP/2.0 200 OK\r\nX-A: 1\r\n\r\n${SDP}`);
    await done;
    return [...frames, await client.next()];
  }

  async function answeredCall(extra: Record<string, string> = {}): Promise<{ call: PhoneCall; frames: Frame[] }> {
    const call = phone.call(sipPort(), SDP, extra);
    const frames = await answered(call);
    call.ack();
    return { call, frames: [...frames, await client.next()] };
  }

  const nowhere: [what: string, uri: string][] = [
    ['a name without an address', 'sip:phone@pbx.example.invalid'],
    ['an address of a family we do not have', 'sip:phone@[2001:db8::1]'],
    ['a transport we do not speak', 'sip:phone@127.0.0.1;transport=tls'],
    ['a scheme that is not of SIP', 'tel:+15550100'],
  ];

  for (const [what, uri] of nowhere) {
    it(`acknowledges a refresh where the answer came from when that names ${what}, and ends the call at the next one`, async () => {
      const { call, frames } = await answeredCall(OURS_TO_REFRESH);
      phone.answerWith.set('INVITE', () =>
        response(200, 'OK', SDP, { Contact: `<${uri}>`, 'Session-Expires': '90;refresher=uac' }),
      );
      const acknowledged = event<SipRequest>(call, 'ack');
      clock.advance(HALF_INTERVAL_MS);
      expect((await acknowledged).uri).to.equal(uri);
      clock.advance(HALF_INTERVAL_MS);
      expect((await client.next()).tokens.slice(8)).to.deep.equal(['unsolicited', dialogOf(frames), '']);
    });
  }

  it('gets the ACK of an application when its answer leads nowhere; hanging up ends the dialog', async () => {
    const incoming = event<PhoneCall>(phone, 'call');
    client.send('sip||', invite(phone.uri));
    const call = await incoming;
    Object.defineProperty(phone, 'contact', { value: '<sip:phone@127.0.0.1;transport=tls>' });
    call.answer(200, 'OK', SDP);
    const frames = [await client.next(), await client.next()];
    const acknowledged = event(call, 'ack');
    client.send(`sip||${dialogOf(frames)}`, empty('ACK', 'sip:placeholder'));
    await acknowledged;
    await client.next();
    client.send(`sip||${dialogOf(frames)}`, empty('BYE', 'sip:placeholder'));
    expect((await client.next()).tokens.slice(3)).to.deep.equal([
      'NOK',
      'Server error: requested protocol/transport not available',
    ]);
  });

  it('does not matter to a server whose application is gone when the answer comes', async () => {
    const incoming = event<PhoneCall>(phone, 'call');
    client.send('sip||', invite(phone.uri));
    const call = await incoming;
    client.end();
    await until(() => server.counts().clients === 0);
    Object.defineProperty(phone, 'contact', { value: '<sip:phone@127.0.0.1;transport=tls>' });
    const acknowledged = event(call, 'ack');
    call.answer(200, 'OK', SDP);
    await acknowledged;
    await until(() => server.counts().dialogs === 0);
  });

  it('is sent its BYE where its From says when it told no Contact', async () => {
    Object.defineProperty(phone, 'contact', { value: '*' });
    const call = phone.call(sipPort(), SDP, {}, `"<not a URI>" <${phone.uri}>;tag=1`);
    const frames = await answered(call);
    const bye = event<SipRequest>(call, 'BYE');
    clock.advance(32_000);
    expect((await bye).uri).to.equal(phone.uri);
    expect((await client.next()).tokens.slice(8)).to.deep.equal(['unsolicited', dialogOf(frames), '']);
  });
});
