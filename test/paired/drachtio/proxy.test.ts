/** Requests that unmodified drachtio-srf has passed on: the embedded drachtio-server as a proxy (RFC 3261 section 16). */
import { expect } from 'chai';
import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import type { SipRequest, SipResponse, TransportProtocol } from '../../../embedded/sip/index.ts';
import { event, response, SDP, startPhone, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import {
  connectSrf,
  killSrf,
  type ProxyOutcome,
  type Srf,
  type SrfRequest,
  type SrfResponse,
} from '../../helpers/srf-client.ts';

const timings = { t1: 20, t2: 80, t4: 100 };
const SECRET = 'cymru';

describe('the embedded drachtio-server as a proxy', () => {
  let server: DrachtioServer;
  let srf: Srf;
  let caller: SipPhone;
  let outcome: Promise<ProxyOutcome>;
  let onRequest: (request: SrfRequest, response: SrfResponse) => void;
  const phones: SipPhone[] = [];
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = await startDrachtio({
      sip: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'silent' }),
      timings,
    });
    srf = await connectSrf(server.clientPort, SECRET, (fresh) => {
      for (const method of ['invite', 'message', 'register', 'options'] as const) {
        (fresh as unknown as Record<string, (handler: typeof onRequest) => void>)[method]!((req, res) =>
          onRequest(req, res),
        );
      }
    });
    caller = await phone();
  });

  afterEach(async () => {
    killSrf(srf);
    await Promise.all(phones.splice(0).map((each) => each.layer.stop()));
    await Promise.all(sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    await server.stop();
    const { dialogs, pendingRequests, proxiedRequests, serverTransactions, clientTransactions } = server.counts();
    expect({ dialogs, pendingRequests, proxiedRequests, serverTransactions, clientTransactions }).to.deep.equal({
      dialogs: 0,
      pendingRequests: 0,
      proxiedRequests: 0,
      serverTransactions: 0,
      clientTransactions: 0,
    });
  });

  const sipPort = () => server.listeningPoints[0]!.port;

  async function phone(protocol: TransportProtocol = 'udp'): Promise<SipPhone> {
    const made = await startPhone(protocol, timings);
    phones.push(made);
    return made;
  }

  async function answering(
    status = 200,
    protocol: TransportProtocol = 'udp',
    extra: Record<string, string> = {},
  ): Promise<SipPhone> {
    const made = await phone(protocol);
    made.onInvite = (call) => call.answer(status, 'Answer', status === 200 ? SDP : '', extra);
    return made;
  }

  async function ringing(): Promise<SipPhone> {
    const made = await phone();
    made.onInvite = (call) => call.answer(180, 'Ringing');
    return made;
  }

  /** A port that takes datagrams and says nothing. */
  async function silence(): Promise<{ uri: string; received: string[] }> {
    const received: string[] = [];
    const socket = createSocket('udp4', (bytes) => received.push(bytes.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    sockets.push(socket);
    return { uri: `sip:127.0.0.1:${socket.address().port}`, received };
  }

  /** From now on the application passes everything on. */
  function passTo(destinations: readonly (SipPhone | string)[], options: object = {}): void {
    const uris = destinations.map((destination) => (typeof destination === 'string' ? destination : destination.uri));
    const told = new EventEmitter();
    outcome = event<Promise<ProxyOutcome>>(told, 'outcome').then((promise) => promise);
    outcome.catch(() => undefined);
    onRequest = (request) => void told.emit('outcome', srf.proxyRequest(request, [...uris], { ...options }));
  }

  const final = (call: PhoneCall) =>
    Promise.race([event<SipResponse>(call, 'answered'), event<SipResponse>(call, 'failed')]);
  const statusesOf = ({ responses }: ProxyOutcome) => responses.flatMap(({ msgs }) => msgs.map(({ status }) => status));
  const only = (made: SipPhone) => [...made.calls.values()][0]!;

  it('passes on an INVITE and its answers, and is out of the way afterwards', async () => {
    const callee = await phone();
    callee.onInvite = (call) => {
      call.answer(180, 'Ringing');
      call.answer(200, 'OK', SDP);
    };
    passTo([callee], { headers: { 'X-Seen': 'by the proxy', Subject: 'changed' } });
    const call = caller.call(sipPort(), SDP, { Subject: 'as it was', 'Max-Forwards': '70' });
    const ringingHeard = event<SipResponse>(call, 'provisional');
    const answered = await event<SipResponse>(call, 'answered');
    expect((await ringingHeard).status).to.equal(180);
    expect(answered.headers.getList('Via')).to.have.length(1);
    expect(answered.body.toString()).to.equal(SDP);
    const { request } = only(callee).incoming!;
    expect(request.headers.getList('Via')).to.have.length(2);
    expect(request.headers.get('Max-Forwards')).to.equal('69');
    expect(request.headers.get('X-Seen')).to.equal('by the proxy');
    expect(request.headers.getAll('Subject')).to.deep.equal(['changed']);
    expect(request.headers.has('Record-Route')).to.equal(false);
    expect(request.uri, 'a Request-URI that was the server’s own is replaced').to.equal(callee.uri);
    expect(await outcome).to.deep.include({ connected: true, finalStatus: 200 });
    call.hop = { protocol: 'udp', address: '127.0.0.1', port: callee.port };
    const acknowledged = event(only(callee), 'ack');
    call.ack();
    await acknowledged;
    expect((await call.request('BYE')).status).to.equal(200);
    expect(server.counts().dialogs, 'it holds no dialog').to.equal(0);
  });

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`stays in the dialog when it is to record its route, with a callee over ${protocol}`, async () => {
      const callee = await answering(200, protocol);
      passTo([callee], { recordRoute: true });
      const call = caller.call(sipPort());
      const answered = await event<SipResponse>(call, 'answered');
      expect(answered.headers.getList('Record-Route')).to.have.length(protocol === 'udp' ? 1 : 2);
      const theirs = only(callee);
      const acknowledged = event<SipRequest>(theirs, 'ack');
      call.ack();
      expect((await acknowledged).headers.has('Route')).to.equal(false);
      const told = event<SipRequest>(theirs, 'INFO');
      expect((await call.request('INFO', 'hello', { 'Content-Type': 'text/plain' })).status).to.equal(200);
      const info = await told;
      expect(info.headers.get('Max-Forwards')).to.equal('69');
      expect(info.headers.getList('Via')).to.have.length(2);
      const acknowledgedAgain = event(theirs, 'ack');
      expect((await call.request('INVITE', SDP)).status).to.equal(200);
      await acknowledgedAgain;
      const heard = event<SipRequest>(call, 'BYE');
      expect((await theirs.request('BYE')).status).to.equal(200);
      expect((await heard).headers.getList('Via')).to.have.length(2);
    });
  }

  it('tries one destination after the other', async () => {
    const [busy, good] = [await answering(486), await answering()];
    passTo([busy, 'sip:127.0.0.1:1', good]);
    expect((await final(caller.call(sipPort()))).status).to.equal(200);
    const told = await outcome;
    expect(told.connected).to.equal(true);
    expect(statusesOf(told)).to.deep.equal([486, 200]);
    expect(told.responses[0]).to.deep.include({ address: '127.0.0.1', port: busy.port });
  });

  it('gives the best answer when all refuse', async () => {
    passTo([await answering(503), await answering(404), await answering(486), await answering(500)]);
    expect((await final(caller.call(sipPort()))).status).to.equal(404);
    const told = await outcome;
    expect(told.connected).to.equal(false);
    expect(statusesOf(told)).to.deep.equal([503, 404, 486, 500]);
  });

  it('rings at all destinations at once; who answers first gets the call, the others are cancelled', async () => {
    const [loser, winner] = [await ringing(), await ringing()];
    passTo([loser, winner], { forking: 'simultaneous' });
    const call = caller.call(sipPort());
    await event(call, 'provisional');
    await event(call, 'provisional');
    const cancelled = event(only(loser), 'CANCEL');
    only(winner).answer(200, 'OK', SDP);
    const answered = await event<SipResponse>(call, 'answered');
    expect(answered.headers.get('Contact')).to.equal(winner.contact);
    await cancelled;
    expect(statusesOf(await outcome)).to.deep.equal([200]);
  });

  it('passes on both answers when two are faster than CANCEL', async () => {
    const callees = [await ringing(), await ringing()];
    passTo(callees, { forking: 'simultaneous' });
    const call = caller.call(sipPort());
    await event(call, 'provisional');
    await event(call, 'provisional');
    for (const callee of callees) only(callee).answer(200, 'OK', SDP);
    const answers = [await event<SipResponse>(call, 'answered'), await event<SipResponse>(call, 'answered')];
    const contacts = answers.map(({ headers }) => headers.get('Contact'));
    expect(contacts).to.have.members(callees.map(({ contact }) => contact));
  });

  it('ends the search at a 6xx', async () => {
    const [decline, good] = [await answering(603), await answering()];
    passTo([decline, good]);
    expect((await final(caller.call(sipPort()))).status).to.equal(603);
    expect(good.calls.size).to.equal(0);
    const [rings, declines] = [await ringing(), await answering(600)];
    passTo([rings, declines], { forking: 'simultaneous' });
    const call = caller.call(sipPort());
    expect((await final(call)).status).to.equal(600);
    expect(only(rings).incoming!.state, 'it was cancelled').to.not.equal('proceeding');
  });

  it('gives up who says nothing in time, and takes the next', async () => {
    const [silent, good] = [await silence(), await answering()];
    passTo([silent.uri, good], { provisionalTimeout: '200ms' });
    expect((await final(caller.call(sipPort()))).status).to.equal(200);
    expect(silent.received.length).to.be.above(0);
  });

  it('gives up who rings for too long, and takes the next', async () => {
    const [rings, good] = [await ringing(), await answering()];
    passTo([rings, good], { finalTimeout: '200ms' });
    const call = caller.call(sipPort());
    await event(call, 'provisional');
    const cancelled = event(only(rings), 'CANCEL');
    expect((await final(call)).status).to.equal(200);
    await cancelled;
  });

  it('ends a call by ACK and BYE that is answered when all has been given up', async () => {
    const rings = await ringing();
    passTo([rings], { finalTimeout: '100ms' });
    const call = caller.call(sipPort());
    await event(call, 'provisional');
    const theirs = only(rings);
    theirs.removeAllListeners();
    rings.onInvite = undefined;
    const [acknowledged, ended] = [event(theirs, 'ack'), event(theirs, 'BYE')];
    theirs.answer(200, 'OK', SDP);
    const answer = await final(call);
    // Whichever was faster: the caller has the call, or nobody has.
    if (answer.status === 200) {
      call.hop = theirs.hop = { protocol: 'udp', address: '127.0.0.1', port: rings.port };
      call.ack();
      await acknowledged;
      await call.request('BYE');
      await ended;
    } else {
      expect(answer.status).to.equal(408);
      await Promise.all([acknowledged, ended]);
    }
  });

  it('passes on a CANCEL, and its reason', async () => {
    const rings = await ringing();
    passTo([rings]);
    const call = caller.call(sipPort());
    await event(call, 'provisional');
    const cancelled = event(only(rings), 'CANCEL');
    call.invite!.cancel({ Reason: 'SIP ;cause=200 ;text="Call completed elsewhere"' });
    expect((await final(call)).status).to.equal(487);
    await cancelled;
    expect(await outcome).to.deep.include({ connected: false, finalStatus: 487 });
  });

  it('answers a CANCEL at once as long as nobody has said anything', async () => {
    const silent = await silence();
    passTo([silent.uri]);
    const call = caller.call(sipPort());
    while (silent.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    call.invite!.cancel();
    expect((await final(call)).status).to.equal(487);
    expect((await outcome).connected).to.equal(false);
  });

  it('follows a redirection when it is to, each target once', async () => {
    const good = await answering();
    const moved = await answering(302, 'udp', { Contact: `<${good.uri}?Subject=x>, <sip:127.0.0.1:1>` });
    passTo([moved], { followRedirects: true });
    expect((await final(caller.call(sipPort()))).status).to.equal(200);
    expect(only(good).incoming!.request.uri).to.equal(good.uri);
    passTo([moved]);
    expect((await final(caller.call(sipPort()))).status).to.equal(302);
    const circular = await phone();
    circular.onInvite = (call) => call.answer(302, 'Moved', '', { Contact: circular.contact });
    passTo([circular], { followRedirects: true });
    expect((await final(caller.call(sipPort()))).status).to.equal(302);
    expect(circular.calls.size).to.equal(1);
  });

  it('sends credentials to who asked for them', async () => {
    const busy = await answering(486);
    const careful = await phone();
    const challenge = 'Digest realm="test", nonce="n-1", algorithm=MD5, qop="auth"';
    careful.onInvite = (call) => {
      const isKnown = call.incoming!.request.headers.has('Proxy-Authorization');
      if (isKnown) call.answer(200, 'OK', SDP);
      else call.answer(407, 'Proxy Authentication Required', '', { 'Proxy-Authenticate': challenge });
    };
    const never = await answering();
    passTo([busy, careful, never]);
    const first = await final(caller.call(sipPort()));
    expect([first.status, first.headers.get('Proxy-Authenticate')]).to.deep.equal([407, challenge]);
    expect(never.calls.size, 'the search ends with the question').to.equal(0);
    passTo([busy, careful, never]);
    const credentials = 'Digest username="u", realm="test", nonce="n-1", uri="sip:x", response="0"';
    const second = await final(caller.call(sipPort(), SDP, { 'Proxy-Authorization': credentials }));
    expect([second.status, busy.calls.size]).to.deep.equal([200, 1]);
  });

  it('asks for all credentials at once after a fork', async () => {
    const asks = (realm: string) =>
      answering(407, 'udp', { 'Proxy-Authenticate': `Digest realm="${realm}", nonce="${realm}"` });
    passTo([await asks('one'), await asks('two')], { forking: 'simultaneous' });
    const { headers } = await final(caller.call(sipPort()));
    expect(headers.getAll('Proxy-Authenticate').join()).to.include('"one"').and.to.include('"two"');
  });

  it('passes on other requests; REGISTER with a Path', async () => {
    const registrar = await phone();
    registrar.onInvite = (call) => call.answer(486, 'Busy Here');
    registrar.answerWith.set('MESSAGE', () => response(202, 'Accepted'));
    passTo([registrar], { recordRoute: true });
    const stranger = caller.call(sipPort());
    await final(stranger);
    stranger.remote = `<sip:18005550100@127.0.0.1:${sipPort()}>`;
    expect((await stranger.request('MESSAGE', 'hi', { 'Content-Type': 'text/plain' })).status).to.equal(202);
    const registering = event<SipRequest>(only(registrar), 'REGISTER');
    expect((await stranger.request('REGISTER')).status).to.equal(200);
    const register = await registering;
    expect(register.headers.get('Path')).to.include(`sip:127.0.0.1:${sipPort()};lr`);
    expect(register.headers.get('Require')).to.equal('path');
    expect(register.headers.has('Record-Route')).to.equal(false);
  });

  const refusals: [what: string, headers: Record<string, string>, status: number, told: RegExp][] = [
    [
      'without hops left',
      { 'Max-Forwards': '0' },
      483,
      /^Rejected with 483 Too Many Hops due to Max-Forwards value of 0$/,
    ],
    ['that needs what it does not know', { 'Proxy-Require': 'magic' }, 420, /^Rejected with 420 Bad Extension$/],
  ];
  for (const [what, headers, status, told] of refusals) {
    it(`refuses a request ${what}`, async () => {
      passTo([await answering()]);
      const answer = await final(caller.call(sipPort(), SDP, headers));
      expect(answer.status).to.equal(status);
      if (status === 420) expect(answer.headers.get('Unsupported')).to.equal('magic');
      const error: unknown = await outcome.catch((reason: unknown) => reason);
      expect(String(error)).to.match(told);
    });
  }

  it('notices that a request goes round in circles', async () => {
    let passes = 0;
    onRequest = (request) => {
      passes++;
      void srf.proxyRequest(request, `sip:18005550100@127.0.0.1:${sipPort()}`).catch(() => undefined);
    };
    expect((await final(caller.call(sipPort()))).status).to.equal(482);
    expect(passes).to.equal(2);
  });

  it('splits the breadth among parallel branches', async () => {
    const callees = [await answering(486), await answering(486)];
    passTo(callees, { forking: 'simultaneous' });
    await final(caller.call(sipPort(), SDP, { 'Max-Breadth': '5' }));
    expect(callees.map((callee) => only(callee).incoming!.request.headers.get('Max-Breadth'))).to.deep.equal([
      '2',
      '2',
    ]);
    passTo(callees, { forking: 'simultaneous' });
    expect((await final(caller.call(sipPort(), SDP, { 'Max-Breadth': '1' }))).status).to.equal(440);
  });

  it('tells the application when nothing can be sent anywhere', async () => {
    passTo(['sip:nowhere.invalid', 'sip:127.0.0.1;transport=ws']);
    expect((await final(caller.call(sipPort()))).status).to.equal(500);
    const error: unknown = await outcome.catch((reason: unknown) => reason);
    expect(String(error)).to.equal('error proxying request to ');
  });

  it('tells the application that it does not know a request any more', async () => {
    const told = new EventEmitter();
    onRequest = (request, res) => {
      res.send(486, {}, () => {
        srf.proxyRequest(request, caller.uri).catch((error: unknown) => told.emit('refused', error));
      });
    };
    const refused = event<unknown>(told, 'refused');
    caller.call(sipPort());
    expect(String(await refused)).to.match(/^Unknown transaction id: /);
  });

  it('leaves nothing behind', async () => {
    const [good, busy, rings] = [await answering(), await answering(486), await ringing()];
    for (let count = 0; count < 5; count++) {
      passTo([busy, good], { recordRoute: true });
      const call = caller.call(sipPort());
      await event(call, 'answered');
      call.ack();
      expect((await call.request('BYE')).status).to.equal(200);
      passTo([rings, busy], { forking: 'simultaneous' });
      const given = caller.call(sipPort());
      await event(given, 'provisional');
      given.invite!.cancel();
      await final(given);
    }
    const left = () => {
      const { clients: _one, ...counts } = server.counts();
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    };
    while (left() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('goes on when the application dies', async () => {
    const callee = await ringing();
    passTo([callee], { recordRoute: true });
    const call = caller.call(sipPort());
    await event(call, 'provisional');
    killSrf(srf);
    while (server.counts().clients > 0) await new Promise((resolve) => setImmediate(resolve));
    only(callee).answer(200, 'OK', SDP);
    await event(call, 'answered');
    call.ack();
    expect((await call.request('BYE')).status).to.equal(200);
  });

  it('passes nothing on for who only pretends that it is in the dialog', async () => {
    const callee = await answering();
    const stranger = caller.call(sipPort());
    onRequest = (_request, res) => res.send(404);
    await final(stranger);
    stranger.target = callee.uri;
    stranger.routes = [`<sip:127.0.0.1:${sipPort()};lr>`];
    stranger.remote += ';tag=made-up';
    expect((await stranger.request('BYE')).status).to.equal(481);
    stranger.routes = [`<sip:127.0.0.1:${sipPort()};lr;p=${'0'.repeat(24)}>`];
    expect((await stranger.request('MESSAGE')).status).to.equal(481);
    expect(callee.received).to.deep.equal([]);
  });
});
