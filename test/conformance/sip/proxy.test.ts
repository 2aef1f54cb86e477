/** Requests that an application has passed on (srf.proxyRequest). */
import { expect } from 'chai';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { event, response, SDP, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, type SipBench } from '../../helpers/sip-bench.ts';
import { failure } from '../../helpers/sip-calls.ts';
import { skipBecause } from '../../helpers/skip.ts';
import type { ProxyOutcome } from '../../helpers/srf-client.ts';

describe('proxying', function () {
  this.timeout(20_000);
  let bench: SipBench;
  let caller: SipPhone;

  before(async function () {
    bench = await openSipBench(this);
  });
  after(() => bench.close());
  beforeEach(async () => {
    bench.on.clear();
    caller = await bench.phone();
  });

  async function answering(status = 200, extra: Record<string, string> = {}): Promise<SipPhone> {
    const made = await bench.phone();
    made.onInvite = (call) => call.answer(status, 'Answer', status === 200 ? SDP : '', extra);
    return made;
  }

  async function ringing(): Promise<SipPhone> {
    const made = await bench.phone();
    made.onInvite = (call) => call.answer(180, 'Ringing');
    return made;
  }

  /** From now on INVITEs are passed on; resolves with what the application learns of the first. */
  function passTo(phones: readonly Pick<SipPhone, 'uri'>[], options: object = {}): Promise<ProxyOutcome> {
    const uris = phones.map(({ uri }) => uri);
    return new Promise((resolve, reject) => {
      bench.on.set('invite', (request) => {
        bench.srf.proxyRequest(request, [...uris], { ...options }).then(resolve, reject);
      });
    });
  }

  const final = (call: PhoneCall) =>
    Promise.race([event<SipResponse>(call, 'answered'), event<SipResponse>(call, 'failed')]);
  const statusesOf = ({ responses }: ProxyOutcome) => responses.flatMap(({ msgs }) => msgs.map(({ status }) => status));
  const only = (made: SipPhone) => [...made.calls.values()][0]!;

  it('carries an INVITE and its answers', async () => {
    const callee = await bench.phone();
    callee.onInvite = (call) => {
      call.answer(180, 'Ringing');
      call.answer(200, 'OK', SDP);
    };
    const outcome = passTo([callee], { headers: { 'X-Seen': 'by the proxy' } });
    const call = caller.call(bench.sipPort);
    const ringingHeard = event<SipResponse>(call, 'provisional');
    const answered = await event<SipResponse>(call, 'answered');
    expect((await ringingHeard).status).to.equal(180);
    expect(answered.headers.getList('Via')).to.have.length(1);
    expect(answered.headers.get('Contact')).to.equal(callee.contact);
    const { request } = only(callee).incoming!;
    expect(request.uri).to.equal(callee.uri);
    expect(request.headers.getList('Via')).to.have.length(2);
    expect(request.headers.get('Max-Forwards')).to.equal('69');
    expect(request.headers.get('X-Seen')).to.equal('by the proxy');
    expect(request.headers.has('Record-Route')).to.equal(false);
    expect(await outcome).to.deep.include({ connected: true, finalStatus: 200 });
    call.hop = { protocol: 'udp', address: '127.0.0.1', port: callee.port };
    call.ack();
    expect((await call.request('BYE')).status).to.equal(200);
  });

  it('leaves the Request-URI of a domain that is not the server’s as it is', async () => {
    const callee = await answering(486);
    void passTo([callee]);
    const call = caller.call(bench.sipPort, SDP, {}, '<sip:a@example.org>');
    await final(call);
    const other = caller.callTo('sip:1000@example.org', bench.sipPort);
    await final(other);
    expect([...callee.calls.values()][1]!.incoming!.request.uri).to.equal('sip:1000@example.org');
  });

  it('stays in the dialog when it is to', async () => {
    const callee = await answering();
    void passTo([callee], { recordRoute: true });
    const call = caller.call(bench.sipPort);
    const answered = await event<SipResponse>(call, 'answered');
    expect(answered.headers.getList('Record-Route')).to.have.length(1);
    expect(answered.headers.get('Record-Route')).to.match(new RegExp(`^<sip:127\\.0\\.0\\.1:${bench.sipPort}.*;lr`));
    const theirs = only(callee);
    const acknowledged = event<SipRequest>(theirs, 'ack');
    call.ack();
    expect((await acknowledged).headers.getList('Via')).to.have.length(2);
    const told = event<SipRequest>(theirs, 'INFO');
    expect((await call.request('INFO')).status).to.equal(200);
    expect((await told).headers.getList('Via')).to.have.length(2);
    const acknowledgedAgain = event(theirs, 'ack');
    expect((await call.request('INVITE', SDP)).status).to.equal(200);
    await acknowledgedAgain;
    const bye = event<SipRequest>(call, 'BYE');
    expect((await theirs.request('BYE')).status).to.equal(200);
    expect((await bye).headers.getList('Via')).to.have.length(2);
  });

  it('tries one after the other', async () => {
    const outcome = passTo([await answering(486), await answering(503), await answering()]);
    expect((await final(caller.call(bench.sipPort))).status).to.equal(200);
    const told = await outcome;
    expect(statusesOf(told)).to.deep.equal([486, 503, 200]);
    expect(told.connected).to.equal(true);
  });

  it('gives the best of the refusals', async () => {
    const outcome = passTo([await answering(503), await answering(404), await answering(500)]);
    expect((await final(caller.call(bench.sipPort))).status).to.equal(404);
    const told = await outcome;
    expect([told.connected, statusesOf(told)]).to.deep.equal([false, [503, 404, 500]]);
  });

  it('rings everywhere at once; the first to answer has the call, the others are cancelled', async () => {
    const [loser, winner] = [await ringing(), await ringing()];
    const outcome = passTo([loser, winner], { forking: 'simultaneous' });
    const call = caller.call(bench.sipPort);
    await event(call, 'provisional');
    await event(call, 'provisional');
    const cancelled = event(only(loser), 'CANCEL');
    only(winner).answer(200, 'OK', SDP);
    expect((await event<SipResponse>(call, 'answered')).headers.get('Contact')).to.equal(winner.contact);
    await cancelled;
    expect((await outcome).connected).to.equal(true);
  });

  it('passes on a CANCEL', async () => {
    const rings = await ringing();
    void passTo([rings]).catch(() => undefined);
    const call = caller.call(bench.sipPort);
    await event(call, 'provisional');
    const cancelled = event(only(rings), 'CANCEL');
    call.invite!.cancel();
    expect((await final(call)).status).to.equal(487);
    await cancelled;
  });

  it('gives up who says nothing in the time that is given', async () => {
    const [deaf, good] = [await bench.phone(), await answering()];
    const { port } = deaf;
    await deaf.layer.stop();
    const outcome = passTo([{ uri: `sip:127.0.0.1:${port}` }, good], { provisionalTimeout: '300ms' });
    expect((await final(caller.call(bench.sipPort))).status).to.equal(200);
    expect((await outcome).connected).to.equal(true);
  });

  it('follows a redirection when it is to', async () => {
    const good = await answering();
    const moved = await answering(302, { Contact: good.contact });
    const outcome = passTo([moved], { followRedirects: true });
    expect((await final(caller.call(bench.sipPort))).status).to.equal(200);
    expect(statusesOf(await outcome)).to.deep.equal([302, 200]);
  });

  it('passes a redirection back when it is not to', async () => {
    const moved = await answering(302, { Contact: '<sip:elsewhere@127.0.0.1:9>' });
    void passTo([moved]);
    const answer = await final(caller.call(bench.sipPort));
    expect([answer.status, answer.headers.get('Contact')]).to.deep.equal([302, '<sip:elsewhere@127.0.0.1:9>']);
  });

  it('passes a challenge back at once', async () => {
    const careful = await answering(407, { 'Proxy-Authenticate': 'Digest realm="test", nonce="n", qop="auth"' });
    const never = await answering();
    void passTo([careful, never]);
    const answer = await final(caller.call(bench.sipPort));
    expect(answer.status).to.equal(407);
    expect(answer.headers.get('Proxy-Authenticate')).to.match(/^Digest realm="test",\s*nonce="n"/);
    expect(never.calls.size).to.equal(0);
  });

  it('refuses a request without hops left, and tells the application', async () => {
    const outcome = failure(passTo([await answering()]));
    const answer = await final(caller.call(bench.sipPort, SDP, { 'Max-Forwards': '0' }));
    expect(answer.status).to.equal(483);
    expect((await outcome).message).to.equal('Rejected with 483 Too Many Hops due to Max-Forwards value of 0');
  });

  it('ends the search at a 6xx', async function () {
    if (bench.subject === 'real')
      skipBecause(this, 'the real server goes on to the next (RFC 3261, 16.7: it must not)');
    const never = await answering();
    void passTo([await answering(603), never]);
    expect((await final(caller.call(bench.sipPort))).status).to.equal(603);
    expect(never.calls.size).to.equal(0);
  });

  it('carries other requests', async () => {
    const callee = await bench.phone();
    callee.answerWith.set('MESSAGE', () => response(202, 'Accepted'));
    void passTo([await answering(404)]);
    const stranger = caller.call(bench.sipPort);
    await final(stranger);
    stranger.remote = `<sip:someone@127.0.0.1:${bench.sipPort}>`;
    bench.on.set('message', (request) => void bench.srf.proxyRequest(request, callee.uri));
    expect((await stranger.request('MESSAGE', 'hi', { 'Content-Type': 'text/plain' })).status).to.equal(202);
    expect(callee.received[0]!.body.toString()).to.equal('hi');
  });
});
