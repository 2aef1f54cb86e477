/** Calls of ours through carriers: SIPp takes them, refuses them, asks for credentials, or is not there at all. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { AddressRanges } from '../../../bridge/sip/index.ts';
import {
  InviteGate,
  OutboundTrunks,
  SipServer,
  type OutboundOutcome,
  type OutboundRequest,
  type OutboundTrunk,
} from '../../../bridge/sip/index.ts';
import { createLogger, loadSettings } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { event, response, SDP, startPhone, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { carriers, Sipp, type SippOutcome } from '../../peers/index.ts';

const LOOPBACK = new AddressRanges(['127.0.0.0/8']);
const NUMBER = '+15551230009';

describe('outbound trunks', function () {
  this.timeout(30_000);
  let server: DrachtioServer;
  let sip: SipServer;
  const log: string[] = [];
  const running: Sipp[] = [];
  const phones: SipPhone[] = [];

  beforeEach(async () => {
    log.length = 0;
    const logger = createLogger({ logLevel: 'trace' }, { write: (line: string) => void log.push(line) });
    server = await startDrachtio({
      sip: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
      client: { address: '127.0.0.1', port: 0 },
      secret: 'cymru',
      logger: createLogger({ logLevel: 'silent' }),
      timings: { t1: 50, t2: 200, t4: 200 },
    });
    const settings = loadSettings({ environment: {} });
    sip = new SipServer({
      server: { host: '127.0.0.1', port: server.clientPort, secret: 'cymru' },
      gate: new InviteGate(settings, { now: () => performance.now(), sleep: () => Promise.resolve() }),
      logger,
      hasRoom: () => true,
    });
    await sip.connect(5_000);
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    await Promise.all(phones.splice(0).map((each) => each.layer.stop()));
    sip.stop();
    await server.stop();
    expect(log.join('\n'), 'a secret in the log').to.not.include('correct').and.to.not.include('Digest username');
  });

  /** A carrier that does what the scenario says, once. */
  async function carrier(
    scenario: string,
    options: { account?: OutboundTrunk['account']; transport?: 'udp' | 'tcp' } = {},
  ): Promise<{ trunk: OutboundTrunk; finished: () => Promise<SippOutcome> }> {
    const sipp = await Sipp.start({ scenario, ...(options.transport && { transport: options.transport }) });
    running.push(sipp);
    const transport = options.transport === 'tcp' ? ';transport=tcp' : '';
    const uri = `sip:127.0.0.1:${await sipp.listening()}${transport}`;
    const trunk = { name: `trunk-${running.length}`, uri, ...(options.account && { account: options.account }) };
    return { trunk, finished: () => sipp.finished() };
  }

  /** A trunk where nobody is. */
  async function nobody(): Promise<OutboundTrunk> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    return { name: 'nobody', uri: `sip:127.0.0.1:${port}` };
  }

  async function phone(onInvite: (call: PhoneCall) => void): Promise<{ trunk: OutboundTrunk; made: SipPhone }> {
    const made = await startPhone('udp', { t1: 50, t2: 200, t4: 200 });
    phones.push(made);
    made.onInvite = onInvite;
    return { trunk: { name: 'phone', uri: `sip:127.0.0.1:${made.port}` }, made };
  }

  function call(trunks: readonly OutboundTrunk[], request: Partial<OutboundRequest> = {}): Promise<OutboundOutcome> {
    return sip.outboundTrunks(trunks).call({ number: NUMBER, offer: SDP, ...request });
  }

  /** @throws when it was not answered */
  async function answered(outcome: Promise<OutboundOutcome>) {
    const result = await outcome;
    if (!('answered' in result)) throw new Error(`not answered: ${JSON.stringify(result)}`);
    return result.answered;
  }

  async function succeeded(...finished: (() => Promise<SippOutcome>)[]): Promise<void> {
    for (const { code, errors } of await Promise.all(finished.map((each) => each()))) expect(code, errors).to.equal(0);
  }

  for (const transport of ['udp', 'tcp'] as const) {
    it(`take a call over ${transport}, with its progress`, async () => {
      const { trunk, finished } = await carrier(carriers.answers(), { transport });
      const progress: number[] = [];
      const taken = await answered(
        call([trunk], { callerNumber: '+15550000000', onProgress: (status) => progress.push(status) }),
      );
      expect(taken.trunk).to.equal(trunk.name);
      expect(taken.answer).to.match(/^m=audio \d+ RTP\/AVP 0/m);
      expect(progress).to.deep.equal([180]);
      await taken.end();
      const { messages, code } = await finished();
      expect(code).to.equal(0);
      expect(messages).to.match(new RegExp(`^INVITE sip:\\${NUMBER}@127\\.0\\.0\\.1:\\d+`, 'm'));
      expect(messages).to.match(/^From: <sip:\+15550000000@127\.0\.0\.1/m);
      expect(sip.dialogCount).to.equal(0);
    });
  }

  it('are followed by the next when they are out of order: 503, 500, nobody there', async () => {
    const [busy, broken, good] = [
      await carrier(carriers.refuses(503)),
      await carrier(carriers.refuses(500)),
      await carrier(carriers.answers()),
    ];
    const taken = await answered(call([busy.trunk, await nobody(), broken.trunk, good.trunk]));
    expect(taken.trunk).to.equal(good.trunk.name);
    await taken.end();
    await succeeded(busy.finished, broken.finished, good.finished);
    const failures = log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ trunk }) => trunk);
    expect(failures.map(({ status }) => status)).to.deep.equal([503, 503, 500]);
    expect(failures[0]!['number'], 'masked').to.equal('••••0009');
  });

  it('are followed by the next when they say nothing', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const good = await carrier(carriers.answers());
    const deaf = { name: 'deaf', uri: `sip:127.0.0.1:${silent.address().port}` };
    const outbound = new OutboundTrunks({
      srf: sip.srf as ConstructorParameters<typeof OutboundTrunks>[0]['srf'],
      trunks: [deaf, good.trunk],
      logger: createLogger({ logLevel: 'silent' }),
      progressTimeoutMs: 300,
    });
    const taken = await answered(outbound.call({ number: NUMBER, offer: SDP }));
    expect(taken.trunk).to.equal(good.trunk.name);
    await taken.end();
    silent.close();
  });

  const answers: [status: number, failed: string][] = [
    [486, 'busy'],
    [600, 'busy'],
    [603, 'declined'],
    [480, 'no-answer'],
    [404, 'unknown-number'],
    [403, 'refused'],
    [302, 'refused'],
  ];
  for (const [status, failed] of answers) {
    it(`are not followed by another after ${status}: that is the answer`, async () => {
      const extra = status === 302 ? ['Contact: <sip:+19005550000@127.0.0.1:5>'] : [];
      const [first, never] = [await carrier(carriers.refuses(status, extra)), await phone(() => undefined)];
      expect(await call([first.trunk, never.trunk])).to.deep.equal({ failed, status, trunk: first.trunk.name });
      expect(never.made.calls.size).to.equal(0);
      await succeeded(first.finished);
    });
  }

  it('are not followed by another once it rings', async () => {
    const [first, never] = [await carrier(carriers.ringsAndRefuses(500)), await phone(() => undefined)];
    expect(await call([first.trunk, never.trunk])).to.deep.include({ failed: 'refused', status: 500 });
    expect(never.made.calls.size).to.equal(0);
  });

  it('may all be out of order', async () => {
    const first = await carrier(carriers.refuses(503));
    expect(await call([first.trunk, await nobody()])).to.deep.equal({ failed: 'unavailable' });
    expect(await call([])).to.deep.equal({ failed: 'unavailable' });
  });

  it('are given up when nobody wants the call any more', async () => {
    const ringing = await phone((incoming) => incoming.answer(180, 'Ringing'));
    const never = await phone(() => undefined);
    const control = new AbortController();
    const outcome = call([ringing.trunk, never.trunk], {
      signal: control.signal,
      onProgress: () => control.abort(),
    });
    const incoming = await event<PhoneCall>(ringing.made, 'call');
    await event(incoming, 'CANCEL');
    expect(await outcome).to.deep.include({ failed: 'cancelled' });
    expect(never.made.calls.size).to.equal(0);
    expect(await call([ringing.trunk], { signal: control.signal })).to.deep.equal({ failed: 'cancelled' });
  });

  it('hang up what is answered although it was given up, and call nobody else', async () => {
    const late = await phone((incoming) => {
      incoming.on('CANCEL', () => incoming.answer(200, 'OK', SDP));
      incoming.answer(180, 'Ringing');
    });
    const never = await phone(() => undefined);
    const control = new AbortController();
    const incoming = event<PhoneCall>(late.made, 'call');
    const ended = incoming.then((theirs) => event(theirs, 'BYE'));
    const outcome = call([late.trunk, never.trunk], { signal: control.signal, onProgress: () => control.abort() });
    await ended;
    expect(await outcome).to.deep.include({ failed: 'cancelled' });
    expect(never.made.calls.size).to.equal(0);
  });

  it('tell keys, new offers and the end of a call', async () => {
    const { trunk, made } = await phone((incoming) => incoming.answer(200, 'OK', SDP));
    const incoming = event<PhoneCall>(made, 'call');
    const taken = await answered(call([trunk]));
    const theirs = await incoming;
    const keys: string[] = [];
    taken.events.on('digit', (digit) => keys.push(digit));
    await theirs.request('INFO', 'Signal=5', { 'Content-Type': 'application/dtmf-relay' });
    expect(keys).to.deep.equal(['5']);
    taken.renegotiate = async (offer) => offer.replace('40000', '50000');
    expect((await theirs.request('INVITE', SDP)).body.toString()).to.include('50000');
    expect(await taken.reoffer(SDP)).to.equal(SDP);
    expect((await theirs.request('REFER', '', { 'Refer-To': '<sip:+1900@127.0.0.1>' })).status).to.equal(603);
    const gone = new Promise<void>((resolve) => taken.events.on('gone', resolve));
    await theirs.request('BYE');
    await gone;
    expect(taken.over).to.equal(true);
  });

  it('refuse what is no number', async () => {
    for (const number of ['', 'sip:a@b', '1;2', '1\r\nX: y', '+1 555', '1'.repeat(30)]) {
      const error: unknown = await call([], { number }).catch((reason: unknown) => reason);
      expect(error, JSON.stringify(number)).to.be.instanceOf(RangeError);
    }
    const error: unknown = await call([], { callerNumber: '1>;x' }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RangeError);
  });

  describe('that ask for credentials', () => {
    const account = {
      username: 'partyline',
      password: 'correct horse',
      realm: 'carrier.example',
      addresses: LOOPBACK,
    };

    for (const transport of ['udp', 'tcp'] as const) {
      it(`get them over ${transport}, and take the call`, async () => {
        const { trunk, finished } = await carrier(carriers.asksAndAnswers(account), { account, transport });
        const taken = await answered(call([trunk]));
        await taken.end();
        await succeeded(finished);
      });
    }

    it('get SHA-256 when they know it', async () => {
      const hash = (text: string) => createHash('sha256').update(text).digest('hex');
      const asked = (algorithm: string) =>
        `Digest realm="${account.realm}", nonce="n", qop="auth", algorithm=${algorithm}`;
      const { trunk } = await phone((incoming) => {
        const credentials = incoming.incoming!.request.headers.get('Authorization');
        const field = (name: string) => new RegExp(`\\b${name}="?([^",]+)"?`).exec(credentials ?? '')?.[1] ?? '';
        const first = hash(`${account.username}:${account.realm}:${account.password}`);
        const second = hash(`INVITE:${field('uri')}`);
        const due = hash(`${first}:n:00000001:${field('cnonce')}:auth:${second}`);
        const challenge = { 'WWW-Authenticate': `${asked('MD5')}, ${asked('SHA-256')}` };
        if (credentials === undefined) incoming.answer(401, 'Unauthorized', '', challenge);
        else if (field('response') === due && field('algorithm') === 'SHA-256') incoming.answer(200, 'OK', SDP);
        else incoming.answer(403, 'Forbidden');
      });
      await (await answered(call([{ ...trunk, account }]))).end();
    });

    it('get them again when the nonce is too old, and not a third time', async () => {
      let asked = 0;
      const { trunk } = await phone((incoming) => {
        asked += 1;
        const stale = asked > 1 ? ', stale=true' : '';
        const challenge = `Digest realm="${account.realm}", nonce="n${asked}"${stale}`;
        incoming.answer(407, 'Asked', '', { 'Proxy-Authenticate': challenge });
      });
      expect(await call([{ ...trunk, account }])).to.deep.equal({ failed: 'unavailable' });
      expect(asked).to.equal(3);
    });

    it('are followed by the next when they do not like them', async () => {
      const wrong = { ...account, password: 'correct pony' };
      const { trunk, made } = await phone((incoming) => {
        const challenge = { 'Proxy-Authenticate': `Digest realm="${account.realm}", nonce="n"` };
        incoming.answer(407, 'Asked', '', challenge);
      });
      const good = await carrier(carriers.answers());
      const taken = await answered(call([{ ...trunk, account: wrong }, good.trunk]));
      expect([taken.trunk, made.calls.size]).to.deep.equal([good.trunk.name, 1]);
      await taken.end();
    });

    const strangers: [who: string, realm: string, addresses: AddressRanges | undefined][] = [
      ['for another realm', 'somewhere.else', LOOPBACK],
      ['from another address', account.realm, new AddressRanges(['203.0.113.0/24'])],
      ['without an account there', account.realm, undefined],
    ];
    for (const [who, realm, addresses] of strangers) {
      it(`get nothing ${who}`, async () => {
        const options = addresses ? { account: { ...account, addresses } } : {};
        const { trunk, finished } = await carrier(carriers.asksInVain(realm), options);
        expect(await call([trunk])).to.deep.equal({ failed: 'unavailable' });
        await succeeded(finished);
        if (addresses) expect(log.join('')).to.include('credentials asked for by somebody else');
      });
    }

    it('get nothing when they ask at the end of a call (CVE-2021-41158)', async () => {
      const { trunk, finished } = await carrier(carriers.asksAtTheEnd(account.realm), { account });
      await (await answered(call([trunk]))).end();
      await succeeded(finished);
    });

    it('get nothing when they ask for a new offer', async () => {
      const { trunk, made } = await phone((incoming) => incoming.answer(200, 'OK', SDP));
      const taken = await answered(call([{ ...trunk, account }]));
      let offers = 0;
      const theirs = [...made.calls.values()][0]!;
      theirs.on('INVITE', () => (offers += 1));
      made.answerWith.set('INVITE', () => {
        const answer = { 'Proxy-Authenticate': `Digest realm="${account.realm}", nonce="n"` };
        return response(407, 'Asked', '', answer);
      });
      const error: unknown = await taken.reoffer(SDP).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(Error);
      expect(offers).to.equal(1);
      made.answerWith.clear();
      await taken.end();
    });
  });
});
