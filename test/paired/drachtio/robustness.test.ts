/** What the embedded drachtio-server does when applications, callers or time misbehave. Time is moved by hand. */
import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioOptions, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { dialogOf, empty, invite, RawClient, transactionOf, type Frame } from '../../helpers/drachtio-client.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { event, response, SDP, startPhone, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';

const SECRET = 'cymru';
const MIB = 1_048_576;

describe('the embedded drachtio-server under strain', () => {
  let server: DrachtioServer;
  let clock: ManualClock;
  let client: RawClient;
  let phone: SipPhone;

  async function start(changes: Partial<DrachtioOptions> = {}): Promise<void> {
    clock = new ManualClock();
    server = await startDrachtio({
      sip: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'silent' }),
      clock,
      ...changes,
    });
    phone = await startPhone('udp', { t1: 20, t2: 80, t4: 100 });
    client = new RawClient(server.clientPort);
  }

  async function login(verbs: readonly string[] = ['invite']): Promise<void> {
    client.send(`authenticate|${SECRET}|`);
    expect((await client.next()).tokens[3]).to.equal('OK');
    for (const verb of verbs) {
      client.send(`route|${verb}`);
      await client.next();
    }
  }

  afterEach(async () => {
    client.end();
    await phone.layer.stop();
    await server.stop();
    await server.stop();
    expect(clock.running).to.deep.equal([]);
    expect(server.counts()).to.deep.equal({
      clients: 0,
      dialogs: 0,
      pendingRequests: 0,
      sentRequests: 0,
      proxiedRequests: 0,
      serverTransactions: 0,
      clientTransactions: 0,
      connections: 0,
    });
  });

  const sipPort = () => server.listeningPoints[0]!.port;
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };

  /** The phone calls, the application answers with these headers. */
  async function answeredCall(
    extra: Record<string, string> = {},
    answerWith = '',
  ): Promise<{ call: PhoneCall; frames: Frame[] }> {
    const call = phone.call(sipPort(), SDP, extra);
    const asked = await client.next();
    client.send(
      `sip|${transactionOf(asked)}|`,
      `SIP/2.0 200 OK\r\n${answerWith}\r\n${SDP}`.replace('OK\r\n\r\n', 'OK\r\nX-A: 1\r\n\r\n'),
    );
    await event(call, 'answered');
    const sent = await client.next();
    call.ack();
    return { call, frames: [asked, sent, await client.next()] };
  }

  async function dialledCall(uri = phone.uri): Promise<{ call: PhoneCall; frames: Frame[] }> {
    phone.onInvite = (call) => call.answer(200, 'OK', SDP);
    const incoming = event<PhoneCall>(phone, 'call');
    client.send('sip||', invite(uri));
    const frames = [await client.next(), await client.next()];
    const call = await incoming;
    const acknowledged = event(call, 'ack');
    client.send(`sip||${dialogOf(frames)}`, empty('ACK', uri));
    frames.push(await client.next());
    await acknowledged;
    return { call, frames };
  }

  describe('with applications', () => {
    it('closes who tells no secret in time', async () => {
      await start();
      const closed = event(client, 'close');
      await until(() => clock.running.includes('authentication'));
      clock.advance(5_000);
      await closed;
    });

    it('answers a wrong secret and closes', async () => {
      await start();
      const closed = event(client, 'close');
      const id = client.send('authenticate|wrong|');
      expect((await client.next()).tokens.slice(1)).to.deep.equal(['response', id, 'NO', 'incorrect secret']);
      await closed;
    });

    it('hears nobody before the secret', async () => {
      await start();
      const closed = event(client, 'close');
      client.send('route|invite');
      expect((await client.next()).tokens[3]).to.equal('NO');
      await closed;
    });

    it('takes 64 KiB before the secret and 1 MiB after it', async () => {
      await start();
      await login();
      client.send(`sip||`, `INVITE sip:a SIP/2.0\r\n\r\n${'x'.repeat(MIB - 200)}`);
      expect((await client.next()).tokens[3]).to.equal('NOK');
      const closed = event(client, 'close');
      client.write(`${MIB + 1}#`);
      await closed;
      const stranger = new RawClient(server.clientPort);
      const refused = event(stranger, 'close');
      stranger.write('65537#');
      await refused;
    });

    it('takes no more of them than allowed', async () => {
      await start({ limits: { maxClients: 1 } });
      await login();
      const second = new RawClient(server.clientPort);
      await event(second, 'close');
    });

    it('gives requests to them in turn', async () => {
      await start();
      await login();
      const second = new RawClient(server.clientPort);
      second.send(`authenticate|${SECRET}|`);
      await second.next();
      second.send('route|invite');
      await second.next();
      for (const taker of [client, second, client]) {
        const call = phone.call(sipPort());
        const asked = await taker.next();
        const failed = event(call, 'failed');
        taker.send(`sip|${transactionOf(asked)}|`, 'SIP/2.0 486 Busy Here\r\n\r\n');
        await taker.next();
        await failed;
      }
      second.send('remove_route|invite');
      await second.next();
      const call = phone.call(sipPort());
      const asked = await client.next();
      const failed = event(call, 'failed');
      client.send(`sip|${transactionOf(asked)}|`, 'SIP/2.0 486 Busy Here\r\n\r\n');
      await failed;
      second.end();
    });

    it('gives up a request that is never answered', async () => {
      await start();
      await login();
      const call = phone.call(sipPort());
      const asked = await client.next();
      const failed = event<SipResponse>(call, 'failed');
      clock.advance(64_000);
      expect((await failed).status).to.equal(408);
      client.send(`sip|${transactionOf(asked)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      expect((await client.next()).tokens[4]).to.equal('Response not sent due to unknown transaction');
      await until(() => server.counts().pendingRequests === 0);
      clock.advance(100_000);
    });

    it('refuses the calls of one that dies, and cancels those it makes', async () => {
      await start();
      await login();
      const call = phone.call(sipPort());
      await client.next();
      phone.onInvite = (incoming) => incoming.answer(180, 'Ringing');
      const incoming = event<PhoneCall>(phone, 'call');
      client.send('sip||', invite(phone.uri));
      const cancelled = event(await incoming, 'CANCEL');
      await client.next();
      await client.next();
      const failed = event<SipResponse>(call, 'failed');
      client.end();
      expect((await failed).status).to.equal(480);
      await cancelled;
      await until(() => server.counts().sentRequests === 0);
    });

    it('hangs up what is answered when nobody is left to take it', async () => {
      await start();
      await login();
      const incoming = event<PhoneCall>(phone, 'call');
      client.send('sip||', invite(phone.uri));
      const call = await incoming;
      client.end();
      await until(() => server.counts().clients === 0);
      const over = Promise.all([event(call, 'ack'), event<SipRequest>(call, 'BYE')]);
      call.answer(200, 'OK', SDP);
      const [, bye] = await over;
      expect(bye.headers.get('Reason')).to.include('application is gone');
      expect(server.counts().dialogs).to.equal(0);
    });

    it('ends what nobody takes over within a day', async () => {
      await start();
      await login();
      const { call } = await answeredCall();
      client.end();
      await until(() => server.counts().clients === 0);
      clock.advance(86_399_000);
      expect(server.counts().dialogs).to.equal(1);
      const bye = event(call, 'BYE');
      clock.advance(1_000);
      await bye;
      expect(server.counts().dialogs).to.equal(0);
    });
  });

  describe('with callers', () => {
    for (const [what, extra] of [
      ['a Record-Route that cannot be followed', { 'Record-Route': '"nowhere' }],
      ['a Record-Route without a URI', { 'Record-Route': '<>' }],
    ] as const) {
      it(`refuses ${what}`, async () => {
        await start();
        await login();
        expect((await event<SipResponse>(phone.call(sipPort(), SDP, extra), 'failed')).status).to.equal(400);
      });
    }

    it('refuses identities that would break its frames', async () => {
      await start();
      await login();
      const call = phone.call(sipPort(), SDP, {}, '<sip:a@127.0.0.1>;tag=a|b');
      expect((await event<SipResponse>(call, 'failed')).status).to.equal(400);
    });

    it('refuses a second dialog under the same identity', async () => {
      await start();
      await login();
      const { call } = await answeredCall();
      const again = phone.call(sipPort());
      const asked = await client.next();
      client.send(`sip|${transactionOf(asked)}|`, 'SIP/2.0 486 Busy Here\r\n\r\n');
      await client.next();
      // The same Call-ID and From tag, without the To tag: another branch of a forked INVITE.
      const fork = call.make('INVITE', 1, SDP);
      fork.headers.set('To', `<sip:18005550100@127.0.0.1:${sipPort()}>`);
      const statuses: number[] = [];
      phone.layer.request(fork, again.hop, { onResponse: ({ status }) => void statuses.push(status) });
      const forked = await client.next();
      client.send(`sip|${transactionOf(forked)}|`, `SIP/2.0 200 OK\r\nX: 1\r\n\r\n${SDP}`);
      expect((await client.next()).tokens[4]).to.equal('dialog already exists, rejecting this request');
      await until(() => statuses.includes(480));
      expect(server.counts().dialogs).to.equal(1);
    });

    it('answers requests out of order 500, crossing offers 491 and impatient ones 500', async () => {
      await start();
      await login();
      const { call, frames } = await answeredCall();
      call.sequence = 0;
      expect((await call.request('INFO')).status).to.equal(500);
      phone.answerWith.set('INVITE', () => response(180, 'Ringing'));
      client.send(`sip||${dialogOf(frames)}`, invite('sip:placeholder'));
      await client.next();
      call.sequence = 10;
      expect((await call.request('INVITE', SDP)).status).to.equal(491);
    });

    it('answers a too short session 422, echoes a fitting one, and ends it when nobody refreshes', async () => {
      await start();
      await login();
      const { call, frames } = await answeredCall({ 'Session-Expires': '1800;refresher=uac', Supported: 'timer' });
      expect(frames[1]!.head).to.include('Session-Expires: 1800;refresher=uac');
      const short = await call.request('UPDATE', '', { 'Session-Expires': '30' });
      expect(short.status).to.equal(422);
      expect(short.headers.get('Min-SE')).to.equal('90');
      const bye = event<SipRequest>(call, 'BYE');
      clock.advance(1_800_000);
      expect((await bye).headers.get('Reason')).to.include('Session timer expired');
      const told = await client.next();
      expect(told.tokens[2]).to.equal('application');
      expect(told.tokens.slice(8)).to.deep.equal(['unsolicited', dialogOf(frames), '']);
    });

    it('refreshes a session that is its own to refresh', async () => {
      await start();
      await login();
      phone.answerWith.set('INVITE', () =>
        response(200, 'OK', SDP, { Contact: phone.contact, 'Session-Expires': '1800;refresher=uac' }),
      );
      const { call } = await answeredCall({ 'Session-Expires': '1800;refresher=uas', Supported: 'timer' });
      for (let times = 0; times < 3; times++) {
        const refreshed = event<SipRequest>(call, 'INVITE');
        const acknowledged = event(call, 'ack');
        clock.advance(900_000);
        const reInvite = await refreshed;
        expect(reInvite.headers.get('Session-Expires')).to.equal('1800;refresher=uac');
        expect(reInvite.body.toString()).to.equal(SDP);
        await acknowledged;
      }
      expect(server.counts().dialogs).to.equal(1);
    });

    it('hangs up a call that was answered in spite of its CANCEL', async () => {
      await start();
      await login();
      const incoming = event<PhoneCall>(phone, 'call');
      client.send('sip||', invite(phone.uri));
      const sent = await client.next();
      client.send(`sip|${transactionOf(sent)}|`, empty('CANCEL', phone.uri));
      expect((await client.next()).head[0]).to.match(/^CANCEL /);
      const call = await incoming;
      const bye = event<SipRequest>(call, 'BYE');
      call.answer(200, 'OK', SDP);
      const answered = await client.next();
      client.send(`sip||${dialogOf([answered])}`, empty('ACK', phone.uri));
      expect((await client.next()).head[0]).to.match(/^ACK /);
      expect((await bye).headers.get('Reason')).to.include('ACK-BYE');
      expect((await client.next()).tokens[8]).to.equal('unsolicited');
    });

    it('reaches a callee behind NAT where it was seen', async () => {
      await start();
      await login();
      Object.defineProperty(phone, 'contact', { value: '<sip:phone@192.0.2.77:5999>' });
      const { call, frames } = await answeredCall();
      const bye = event<SipRequest>(call, 'BYE');
      client.send(`sip||${dialogOf(frames)}`, empty('BYE', 'sip:placeholder'));
      expect((await bye).uri).to.equal('sip:phone@192.0.2.77:5999');
      await client.next();
      await client.next();
    });

    it('sends its ACK again when the answer comes again, and hangs up other branches', async () => {
      await start();
      await login();
      const callee = await startCallee();
      client.send('sip||', invite(`sip:a@127.0.0.1:${callee.port}`));
      await client.next();
      await until(() => callee.received.length === 1);
      callee.answer('first');
      callee.answer('first');
      const frames = [await client.next()];
      client.send(`sip||${dialogOf(frames)}`, empty('ACK', 'sip:a'));
      await client.next();
      await until(() => callee.methods().filter((method) => method === 'ACK').length === 1);
      callee.answer('first');
      await until(() => callee.methods().filter((method) => method === 'ACK').length === 2);
      callee.answer('second');
      await until(() => callee.methods().includes('BYE'));
      expect(callee.received.at(-1)).to.match(/^To: .*;tag=second\r$/m);
      expect(server.counts().dialogs).to.equal(1);
      expect(client.frames).to.deep.equal([]);
      await callee.close();
    });
  });

  it('finds hosts by name, and says so when it cannot', async () => {
    const asked: string[] = [];
    await start({
      names: {
        services: async () => [],
        pointers: async () => [],
        addresses: async (host) => {
          asked.push(host);
          return host === 'phone.test' ? [{ address: '127.0.0.1', family: 4 }] : [];
        },
      },
    });
    await login();
    const { frames } = await dialledCall(`sip:phone@phone.test:${phone.port}`);
    client.send(`sip||${dialogOf(frames)}`, empty('BYE', 'sip:placeholder'));
    await client.next();
    await client.next();
    expect(asked).to.deep.equal(['phone.test']);
    client.send('sip||', empty('OPTIONS', 'sip:a@nowhere.test'));
    expect((await client.next()).tokens[4]).to.equal('no address was found for nowhere.test');
    clock.advance(60_000);
  });

  it('drops strangers in silence but hears the peers of its calls', async () => {
    const strangers = new Set<number>();
    await start({ filter: ({ port }) => !strangers.has(port) });
    await login();
    const { call } = await answeredCall();
    strangers.add(phone.port);
    const over = call.request('BYE');
    const asked = await client.next();
    client.send(`sip|${transactionOf(asked)}|`, 'SIP/2.0 200 OK\r\n\r\n');
    await client.next();
    expect((await over).status).to.equal(200);
    const dropped = phone.call(sipPort());
    await event(dropped, 'timeout');
  });
});

/** A callee that answers an INVITE by hand, as often and as oddly as a test wants. */
async function startCallee() {
  const socket = createSocket('udp4');
  const received: string[] = [];
  let peer = 0;
  socket.on('message', (bytes, { port }) => {
    peer = port;
    received.push(bytes.toString());
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    received,
    methods: () => received.map((text) => text.split(' ', 1)[0]!),
    answer: (tag: string) => {
      const copied = received[0]!.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq):/.test(line));
      const to = received[0]!.split('\r\n').find((line) => line.startsWith('To:'))!;
      const contact = `Contact: <sip:a@127.0.0.1:${socket.address().port}>`;
      const text = ['SIP/2.0 200 OK', ...copied, `${to};tag=${tag}`, contact, 'Content-Length: 0', '', ''].join('\r\n');
      socket.send(text, peer, '127.0.0.1');
    },
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
