/** Digest credentials (RFC 8760, RFC 3261 section 22): an application that is asked for them, and one that asks. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import type { SipRequest, SipResponse } from '../../../embedded/sip/index.ts';
import { event, response, SDP, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { openSipBench, type SipBench } from '../../helpers/sip-bench.ts';
import { answerCall, ask, failure } from '../../helpers/sip-calls.ts';

const USER = { username: 'alice', password: 'wonder land' };
const REALM = 'test';
const NONCE = 'a1b2c3';

const hash = (text: string) => createHash('md5').update(text).digest('hex');

/** Is it what RFC 2617 says, with qop=auth or without? */
function isRight(credentials: string | undefined, method: string): boolean {
  const field = (name: string) => new RegExp(`\\b${name}="?([^",]+)"?`).exec(credentials ?? '')?.[1] ?? '';
  const ha1 = hash(`${USER.username}:${REALM}:${USER.password}`);
  const ha2 = hash(`${method}:${field('uri')}`);
  const middle = field('qop') === '' ? NONCE : `${NONCE}:${field('nc')}:${field('cnonce')}:${field('qop')}`;
  return field('response') === hash(`${ha1}:${middle}:${ha2}`);
}

describe('digest credentials', function () {
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

  for (const [status, asks, answers] of [
    [401, 'WWW-Authenticate', 'Authorization'],
    [407, 'Proxy-Authenticate', 'Proxy-Authorization'],
  ] as const) {
    for (const qop of ['', ', qop="auth"']) {
      it(`are sent when ${status} asks for them${qop}`, async () => {
        const attempts: SipRequest[] = [];
        phone.onInvite = (call) => {
          const { request } = call.incoming!;
          attempts.push(request);
          const challenge = `Digest realm="${REALM}", nonce="${NONCE}", algorithm=MD5${qop}`;
          if (isRight(request.headers.get(answers), 'INVITE')) call.answer(200, 'OK', SDP);
          else if (attempts.length > 1) call.answer(403, 'Forbidden');
          else call.answer(status, 'Who are you', '', { [asks]: challenge });
        };
        const dialog = await bench.srf.createUAC(phone.uri, { localSdp: SDP, auth: USER });
        const [first, second] = attempts;
        expect(second!.headers.get('Call-ID')).to.equal(first!.headers.get('Call-ID'));
        expect(second!.headers.get('From')).to.equal(first!.headers.get('From'));
        const number = (request: SipRequest) => Number.parseInt(request.headers.get('CSeq')!, 10);
        expect(number(second!)).to.equal(number(first!) + 1);
        await dialog.destroy();
      });
    }
  }

  it('are asked for in vain without an account', async () => {
    phone.onInvite = (call) =>
      call.answer(401, 'Who', '', { 'WWW-Authenticate': `Digest realm="${REALM}", nonce="x"` });
    expect((await failure(bench.srf.createUAC(phone.uri, { localSdp: SDP }))).status).to.equal(401);
    expect(phone.calls.size).to.equal(1);
  });

  it('are not sent twice', async () => {
    let attempts = 0;
    phone.onInvite = (call) => {
      attempts++;
      call.answer(401, 'Who', '', { 'WWW-Authenticate': `Digest realm="${REALM}", nonce="n${attempts}"` });
    };
    expect((await failure(bench.srf.createUAC(phone.uri, { localSdp: SDP, auth: USER }))).status).to.equal(401);
    expect(attempts).to.equal(2);
  });

  it('are sent for REGISTER, too', async () => {
    phone.answerWith.set('REGISTER', ({ headers, method }) => {
      if (isRight(headers.get('Authorization'), method)) return response(200, 'OK');
      return response(401, 'Who', '', { 'WWW-Authenticate': `Digest realm="${REALM}", nonce="${NONCE}", qop="auth"` });
    });
    const answer = await ask(bench.srf, phone.uri, { method: 'REGISTER', auth: USER, headers: { Expires: '60' } });
    expect(answer.status).to.equal(200);
  });

  it('in a dialog: a BYE is sent again with them', async () => {
    const { call, dialog } = await answerCall(bench, phone);
    phone.answerWith.set('BYE', ({ headers, method }) => {
      if (isRight(headers.get('Proxy-Authorization'), method)) return response(200, 'OK');
      return response(407, 'Who', '', {
        'Proxy-Authenticate': `Digest realm="${REALM}", nonce="${NONCE}", qop="auth"`,
      });
    });
    const seen = event<SipRequest>(call, 'BYE');
    void dialog.destroy({ auth: USER });
    await seen;
    const again = await event<SipRequest>(call, 'BYE');
    expect(isRight(again.headers.get('Proxy-Authorization'), 'BYE')).to.equal(true);
  });

  it('may be asked for by an application, which then takes the call', async () => {
    const challenge = `Digest realm="${REALM}", nonce="${NONCE}", algorithm=SHA-256, qop="auth"`;
    bench.on.set('invite', (request, answer) => {
      if (request.get('Authorization') === undefined) answer.send(401, { headers: { 'WWW-Authenticate': challenge } });
      else void bench.srf.createUAS(request, answer, { localSdp: SDP });
    });
    const first = phone.call(bench.sipPort);
    const refused = await event<SipResponse>(first, 'failed');
    expect(refused.status).to.equal(401);
    expect(refused.headers.get('WWW-Authenticate')?.replaceAll(', ', ',')).to.equal(challenge.replaceAll(', ', ','));
    const second = again(first, {
      Authorization: `Digest username="alice", realm="${REALM}", nonce="${NONCE}", response="0"`,
    });
    expect((await event<SipResponse>(second, 'answered')).status).to.equal(200);
    second.ack();
    expect((await second.request('BYE')).status).to.equal(200);
  });

  /** The same call, the next number, as RFC 3261 section 22.2 wants it. */
  function again(call: PhoneCall, extra: Record<string, string>): PhoneCall {
    const { to } = { to: `<sip:18005550100@127.0.0.1:${bench.sipPort}>` };
    call.remote = to;
    call.sequence++;
    const request = call.make('INVITE', call.sequence, SDP, extra);
    call.invite = phone.layer.request(request, call.hop, {
      onResponse: (answer) => {
        if (answer.status < 200) return;
        call.remote = answer.headers.get('To')!;
        call.target = /<([^>]+)>/.exec(answer.headers.get('Contact') ?? '')?.[1] ?? call.target;
        call.emit(answer.status < 300 ? 'answered' : 'failed', answer);
      },
    });
    return call;
  }
});
