import { expect } from 'chai';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { SIP_PATH } from '../../../config/contract/index.ts';
import type { Store } from '../../../store/index.ts';
import type { Gateway, GatewayOptions } from '../../../web-gateway/server/index.ts';
import { startTestGateway } from '../../helpers/gateway.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';

const INVITE = 'INVITE sip:c@partyline.invalid SIP/2.0\r\n\r\n';

describe('web gateway: SIP of browsers passed on', () => {
  let redis: TestRedis;
  let store: Store;
  let upstream: WebSocketServer;
  const gateways: Gateway[] = [];
  const browsers: WebSocket[] = [];

  before(async () => {
    redis = await startTestRedis();
    store = await openTestStore(redis);
  });
  after(async () => {
    await store.close();
    await redis.stop();
  });
  beforeEach(async () => {
    upstream = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'sip' });
    await once(upstream, 'listening');
  });
  afterEach(async () => {
    for (const browser of browsers.splice(0)) browser.terminate();
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
    for (const client of upstream.clients) client.terminate();
    await new Promise((resolve) => upstream.close(resolve));
  });

  const targetOf = (server: WebSocketServer) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function start(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const gateway = await startTestGateway(store, { sipWebSocket: targetOf(upstream), ...options });
    gateways.push(gateway);
    return gateway;
  }

  function dial(
    gateway: Gateway,
    options: { origin?: string; protocol?: string | null; path?: string; from?: string } = {},
  ): WebSocket {
    const { origin = `http://127.0.0.1:${gateway.port}`, protocol = 'sip', path = SIP_PATH, from } = options;
    const browser = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, protocol === null ? [] : [protocol], {
      ...(origin !== '' && { origin }),
      ...(from !== undefined && { localAddress: from }),
    });
    browser.on('error', () => undefined);
    browsers.push(browser);
    return browser;
  }

  async function connect(gateway: Gateway, from?: string): Promise<{ browser: WebSocket; server: WebSocket }> {
    const accepted = once(upstream, 'connection');
    const browser = dial(gateway, from === undefined ? {} : { from });
    await once(browser, 'open');
    const [server] = (await accepted) as [WebSocket];
    return { browser, server };
  }

  /** Status of the refusal. */
  async function refusal(browser: WebSocket): Promise<number> {
    const [, response] = (await once(browser, 'unexpected-response')) as [unknown, { statusCode: number }];
    return response.statusCode;
  }

  const next = async (socket: WebSocket) => {
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    return { text: data.toString(), isBinary };
  };

  it('passes both ways, text as text and bytes as bytes, by the subprotocol of SIP', async () => {
    const { browser, server } = await connect(await start());
    expect([browser.protocol, server.protocol]).to.deep.equal(['sip', 'sip']);
    browser.send(INVITE);
    expect(await next(server)).to.deep.equal({ text: INVITE, isBinary: false });
    server.send('SIP/2.0 200 OK\r\n\r\n');
    expect(await next(browser)).to.deep.equal({ text: 'SIP/2.0 200 OK\r\n\r\n', isBinary: false });
    browser.send(Buffer.from('bytes'));
    expect(await next(server)).to.deep.equal({ text: 'bytes', isBinary: true });
  });

  it('ends both together, whichever goes', async () => {
    const gateway = await start();
    const one = await connect(gateway);
    one.browser.terminate();
    await once(one.server, 'close');
    const two = await connect(gateway);
    two.server.terminate();
    const [code] = (await once(two.browser, 'close')) as [number];
    expect(code).to.equal(1013);
  });

  it('takes pages of its own origin and the subprotocol of SIP only, at its own address only', async () => {
    const gateway = await start();
    expect(await refusal(dial(gateway, { origin: 'https://evil.example' }))).to.equal(403);
    expect(await refusal(dial(gateway, { origin: '' }))).to.equal(403);
    expect(await refusal(dial(gateway, { protocol: 'chat' }))).to.equal(400);
    expect(await refusal(dial(gateway, { protocol: null }))).to.equal(400);
    expect(await refusal(dial(gateway, { path: '/sip/' }))).to.equal(404);
    expect(await refusal(dial(gateway, { path: '/' }))).to.equal(404);
    expect(upstream.clients.size).to.equal(0);
  });

  it('says so when the SIP server cannot be reached, or there is none', async () => {
    const gone = await start({ sipWebSocket: 'ws://127.0.0.1:1' });
    expect(await refusal(dial(gone))).to.equal(503);
    const none = await startTestGateway(store);
    gateways.push(none);
    expect(await refusal(dial(none))).to.equal(503);
  });

  it('cuts off messages that are too long, too many, or never come; the others notice nothing', async () => {
    const gateway = await start({ sipLimits: { silentMs: 150, burstMessages: 10, messagesPerSecond: 1 } });
    const honest = await connect(gateway);
    honest.browser.send(INVITE);
    await next(honest.server);
    const closed = async (browser: WebSocket) => ((await once(browser, 'close')) as [number])[0];
    const long = await connect(gateway);
    long.browser.send('x'.repeat(10_000_000));
    expect(await closed(long.browser)).to.be.oneOf([1006, 1008, 1009]);
    const many = await connect(gateway);
    for (let count = 0; count < 50; count += 1) many.browser.send(INVITE);
    expect(await closed(many.browser)).to.equal(1008);
    const silent = await connect(gateway);
    expect(await closed(silent.browser)).to.equal(1008);
    honest.browser.send(INVITE);
    await next(honest.server);
  });

  it('cuts off whoever tries tickets out, call after call over one socket', async () => {
    const gateway = await start({ sipLimits: { burstInvites: 3, invitesPerSecond: 0.001 } });
    const { browser, server } = await connect(gateway);
    let passed = 0;
    server.on('message', () => (passed += 1));
    const closed = once(browser, 'close') as Promise<[number]>;
    for (let count = 0; count < 3; count += 1) {
      browser.send(INVITE);
      browser.send('ACK sip:c@partyline.invalid SIP/2.0\r\n\r\n');
    }
    browser.send(INVITE);
    expect((await closed)[0]).to.equal(1008);
    expect(passed).to.equal(6);
  });

  it('counts what all sockets of one address say together, and those that come after them', async () => {
    const gateway = await start({ sipLimits: { addressBurstMessages: 10, addressMessagesPerSecond: 0.001 } });
    const pairs = await Promise.all(Array.from({ length: 3 }, () => connect(gateway)));
    const closed = pairs.map(({ browser }) => once(browser, 'close') as Promise<[number]>);
    let passed = 0;
    for (const client of upstream.clients) client.on('message', () => (passed += 1));
    for (let count = 0; count < 11; count += 1) for (const { browser } of pairs) browser.send('x');
    expect((await Promise.all(closed)).map(([code]) => code)).to.deep.equal([1008, 1008, 1008]);
    expect(passed).to.equal(10);
    const again = await connect(gateway);
    again.browser.send(INVITE);
    expect(await once(again.browser, 'close')).to.include(1008);
    const other = await connect(gateway, '127.0.0.2');
    other.browser.send(INVITE);
    await next(other.server);
  });

  it('notices browsers that are gone without a word', async () => {
    const gateway = await start({ sipLimits: { pingMs: 50 } });
    const { browser, server } = await connect(gateway);
    browser.send(INVITE);
    // It reads no more, so it answers no ping.
    browser.pause();
    await once(server, 'close');
  });

  it('takes so many of one address, and gives each back', async () => {
    const gateway = await start({ connectionRules: { perAddress: 3, opened: 10_000 } });
    const outcome = (browser: WebSocket) =>
      new Promise<string>((resolve) => {
        browser.once('open', () => resolve('open'));
        browser.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
      });
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => outcome(dial(gateway))));
    expect(outcomes.filter((each) => each === 'open')).to.have.length(3);
    expect(outcomes.filter((each) => each === '429')).to.have.length(997);
    for (const browser of browsers.splice(0)) browser.terminate();
    while ((await outcome(dial(gateway))) !== 'open') continue;
  });

  it('closes politely when the service stops', async () => {
    const gateway = await start();
    const { browser, server } = await connect(gateway);
    const [closed] = await Promise.all([once(browser, 'close'), once(server, 'close'), gateway.stop()]);
    expect(closed[0]).to.equal(1001);
  });
});
