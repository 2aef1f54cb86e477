import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { loadSettings } from '../../../config/index.ts';
import type { Store } from '../../../store/index.ts';
import { issueLogin, startGateway, type Gateway } from '../../../web-gateway/server/index.ts';
import { call, startTestGateway } from '../../helpers/gateway.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';

const settings = (overrides: object) => loadSettings({ environment: {}, overrides: { httpPort: 0, ...overrides } });

describe('web gateway: running it', () => {
  let redis: TestRedis;
  let store: Store;
  const gateways: Gateway[] = [];

  before(async () => {
    redis = await startTestRedis();
    store = await openTestStore(redis);
  });
  after(async () => {
    await store.close();
    await redis.stop();
  });
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  });

  async function start(options: Parameters<typeof startTestGateway>[1] = {}): Promise<Gateway> {
    const gateway = await startTestGateway(store, options);
    gateways.push(gateway);
    return gateway;
  }

  async function dial(gateway: Gateway): Promise<Socket> {
    const socket = connect(gateway.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    return socket;
  }

  it('is up at once, and ready when a call can be taken', async () => {
    const state = { ready: false, reasons: ['no media server'] };
    const gateway = await start({ readiness: () => Promise.resolve(state) });
    expect((await call(gateway, 'GET', '/healthz')).json()).to.deep.equal({ status: 'ok' });
    const notReady = await call(gateway, 'GET', '/readyz');
    expect(notReady.status).to.equal(503);
    expect(notReady.json()).to.deep.equal(state);
    Object.assign(state, { ready: true, reasons: [] });
    expect((await call(gateway, 'GET', '/readyz')).status).to.equal(200);
  });

  it('is not ready when the check fails or takes too long', async () => {
    const failing = await start({ readiness: () => Promise.reject(new Error('secret detail')) });
    const answer = await call(failing, 'GET', '/readyz');
    expect(answer.status).to.equal(503);
    expect(answer.text).not.to.contain('secret detail');
    const hanging = await start({ readiness: () => new Promise(() => undefined) });
    expect((await call(hanging, 'GET', '/readyz')).status).to.equal(503);
  });

  it('shows metrics by route pattern, never by path or person', async () => {
    const metrics = new Registry();
    new Counter({ name: 'ours_total', help: 'x', registers: [metrics] }).inc();
    const gateway = await start({ metrics });
    await call(gateway, 'GET', `/setup/${'S'.repeat(43)}`);
    await call(gateway, 'GET', '/api/v1/conferences/my-secret-id');
    await call(gateway, 'GET', '/my-secret-path');
    await call(gateway, 'PROPFIND', '/healthz');
    const { text, headers } = await call(gateway, 'GET', '/metrics');
    expect(headers['content-type']).to.contain('text/plain');
    expect(text).to.contain('ours_total 1').and.to.contain('process_cpu_user_seconds_total');
    expect(text).to.contain('route="/setup/:token"').and.to.contain('route="/api/v1/conferences/:id"');
    expect(text).to.contain('route="unmatched"').and.to.contain('method="other"');
    expect(text).not.to.contain('SSSS').and.not.to.contain('my-secret').and.not.to.contain('PROPFIND');
    // A second gateway may share the registry.
    await start({ metrics });
  });

  it('shows metrics only to the addresses of the setting, behind proxies as well', async () => {
    const statusOf = async (gateway: Gateway, headers: Record<string, string> = {}) =>
      (await call(gateway, 'GET', '/metrics', { headers })).status;
    expect(await statusOf(await start())).to.equal(200);
    const elsewhere = await start({ settings: settings({ metricsSources: ['192.0.2.0/24'] }) });
    const refused = await call(elsewhere, 'GET', '/metrics', { headers: { 'x-forwarded-for': '192.0.2.7' } });
    expect([refused.status, refused.json()['code']]).to.deep.equal([403, 'request/address-refused']);
    const behind = await start({ settings: settings({ metricsSources: ['192.0.2.0/24'], trustProxy: ['127.0.0.1'] }) });
    expect(await statusOf(behind, { 'x-forwarded-for': '192.0.2.7' })).to.equal(200);
    expect(await statusOf(behind, { 'x-forwarded-for': '192.0.2.7, 198.51.100.1' })).to.equal(403);
    // A proxy on this machine that nobody told us of makes everybody look like this machine.
    for (const name of ['x-forwarded-for', 'forwarded', 'via']) {
      expect(await statusOf(await start(), { [name]: '198.51.100.1' }), name).to.equal(403);
    }
  });

  it('shows a page about itself that needs no script, fits its own policy and says what to dial', async () => {
    const gateway = await start({ dial: 'sip:100@192.0.2.1 <b>', settings: settings({ codeTries: 5 }) });
    const page = await call(gateway, 'GET', '/about');
    expect(page.status).to.equal(200);
    expect(page.headers['content-type']).to.equal('text/html; charset=utf-8');
    expect(page.text).to.contain('sip:100@192.0.2.1 &lt;b&gt;').and.to.contain('/api/v1/openapi.json');
    expect(page.text).to.contain('You have 5 tries');
    expect(page.text)
      .to.contain('name="viewport"')
      .and.not.to.match(/<script|<style|style=|javascript:/i);
    for (const name of ['server', 'x-powered-by', 'set-cookie', 'strict-transport-security']) {
      expect(page.headers[name], name).to.equal(undefined);
    }
    expect(page.headers['x-content-type-options']).to.equal('nosniff');
    for (const [path, type] of [
      ['/assets/style.css', 'text/css; charset=utf-8'],
      ['/assets/icon.svg', 'image/svg+xml; charset=utf-8'],
    ] as const) {
      const asset = await call(gateway, 'GET', path);
      expect([asset.status, asset.headers['content-type']]).to.deep.equal([200, type]);
    }
    expect((await call(gateway, 'GET', '/assets/style.css')).text).to.contain('prefers-color-scheme: dark');
  });

  it('answers people with a page and programs with a problem', async () => {
    const gateway = await start({ readiness: () => Promise.resolve({ ready: true, reasons: [] }) });
    const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
    const page = await call(gateway, 'GET', '/nothing', { headers: browser });
    expect([page.status, page.headers['content-type']]).to.deep.equal([404, 'text/html; charset=utf-8']);
    expect(page.text).to.contain('There is nothing at this address.').and.to.contain('href="/"');
    for (const [path, headers] of [
      ['/nothing', { accept: '*/*' }],
      ['/nothing', {}],
      ['/api/v1/nothing', browser],
    ] as const) {
      const problem = await call(gateway, 'GET', path, { headers });
      expect([problem.status, problem.headers['content-type']]).to.deep.equal([
        404,
        'application/problem+json; charset=utf-8',
      ]);
    }
  });

  it('describes the API: every operation with its schemas and roles', async () => {
    const gateway = await start();
    const api = (await call(gateway, 'GET', '/api/v1/openapi.json')).json();
    expect(api['openapi']).to.equal('3.1.0');
    const paths = api['paths'] as Record<string, Record<string, Record<string, unknown>>>;
    expect(Object.keys(paths)).to.include.members([
      '/api/v1/login',
      '/api/v1/logout',
      '/api/v1/me',
      '/api/v1/conferences',
      '/api/v1/conferences/{id}',
      '/api/v1/conferences/{id}/close',
      '/api/v1/conferences/{id}/open',
      '/api/v1/rooms/{conferenceId}',
      '/api/v1/calls',
      '/api/v1/journal',
    ]);
    expect(paths['/api/v1/login']!['post']).not.to.have.property('security');
    expect(paths['/api/v1/conferences']!['post']!['x-roles']).to.deep.equal(['root', 'admin', 'moderator']);
    expect(JSON.stringify(paths['/api/v1/conferences'])).to.contain('"maxLength":200');
    expect(JSON.stringify(paths['/api/v1/journal'])).to.contain('"name":"before"');
  });

  it('limits requests per address, and tells when to come back', async () => {
    const gateway = await start({ apiLimits: { requests: 3, windowSeconds: 60 } });
    const statuses: number[] = [];
    for (let tried = 0; tried < 5; tried += 1) statuses.push((await call(gateway, 'GET', '/api/v1/me')).status);
    expect(statuses).to.deep.equal([401, 401, 401, 429, 429]);
    const limited = await call(gateway, 'GET', '/api/v1/me');
    expect(Number(limited.headers['retry-after'])).to.be.within(1, 60);
    expect((await call(gateway, 'GET', '/healthz')).status).to.equal(200);
    // The same count, before Redis is asked whether the link is good.
    const page = await call(gateway, 'GET', `/setup/${'A'.repeat(43)}`);
    expect([page.status, page.headers['content-type']]).to.deep.equal([429, 'text/html; charset=utf-8']);
  });

  it('believes X-Forwarded-For only from a trusted proxy', async () => {
    const limits = { apiLimits: { requests: 1, windowSeconds: 60 } };
    const ask = async (gateway: Gateway, forwarded: string) =>
      (await call(gateway, 'GET', '/api/v1/me', { headers: { 'x-forwarded-for': forwarded } })).status;

    const direct = await start(limits);
    expect([await ask(direct, '198.51.100.1'), await ask(direct, '198.51.100.2')]).to.deep.equal([401, 429]);

    const behind = await start({ ...limits, settings: settings({ trustProxy: ['127.0.0.0/8'] }) });
    expect([await ask(behind, '198.51.100.1'), await ask(behind, '198.51.100.2')]).to.deep.equal([401, 401]);
    // What the client itself put in front is not looked at.
    expect(await ask(behind, '203.0.113.9, 198.51.100.1')).to.equal(429);
  });

  it('answers promptly with store/unavailable while Redis is away, and works again afterwards', async () => {
    const own = await startTestRedis();
    const ownStore = await openTestStore(own);
    const gateway = await startTestGateway(ownStore);
    try {
      const person = await ownStore.people.create({
        tenantId: 'default',
        email: 'a@example.org',
        name: 'A',
        roles: ['admin'],
        password: 'correct horse',
      });
      const token = await issueLogin(ownStore, person, 60_000);
      await own.kill();
      const startedAt = performance.now();
      const answers = await Promise.all([
        call(gateway, 'GET', '/api/v1/me', { token }),
        call(gateway, 'POST', '/api/v1/login', { body: { email: 'a@example.org', password: 'x' } }),
        call(gateway, 'GET', '/api/v1/conferences', { token }),
        call(gateway, 'GET', `/setup/${'A'.repeat(43)}`),
      ]);
      expect(performance.now() - startedAt).to.be.lessThan(1_500);
      expect(answers.map((answer) => answer.status)).to.deep.equal([503, 503, 503, 503]);
      expect(answers[0].json()).to.include({ code: 'store/unavailable' });
      expect(answers[0].headers['retry-after']).to.equal('1');
      expect((await call(gateway, 'GET', '/healthz')).status).to.equal(200);

      const back = new Promise<void>((resolve) => ownStore.onAvailability((available) => available && resolve()));
      await own.restart();
      await back;
      // That Redis kept nothing, so the token is unknown now: an answer all the same.
      expect((await call(gateway, 'GET', '/api/v1/me', { token })).status).to.equal(401);
    } finally {
      await gateway.stop();
      await ownStore.close();
      await own.stop();
    }
  });

  it('cuts off whoever drips headers or a body, and still answers others', async () => {
    const gateway = await startGatewayWith({ headersMs: 300, requestMs: 400 });
    const slowHeaders = await dial(gateway);
    slowHeaders.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const slowBody = await dial(gateway);
    slowBody.write(
      'POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    const ends = Promise.all([ended(slowHeaders), ended(slowBody)]);
    expect((await call(gateway, 'GET', '/healthz')).status).to.equal(200);
    for (const text of await ends) expect(text).to.match(/^(HTTP\/1.1 4\d\d|$)/);
  });

  it('refuses headers that are too large', async () => {
    const gateway = await start();
    const socket = await dial(gateway);
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await ended(socket)).to.contain('431');
  });

  it('stops in bounded time with connections open, busy and idle, and twice', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked: () => void = () => undefined;
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const gateway = await startGatewayWith(
      { graceMs: 400 },
      {
        readiness: async () => {
          asked();
          await held;
          return { ready: true, reasons: [] };
        },
      },
    );
    const idle = await dial(gateway);
    idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    const busy = call(gateway, 'GET', '/readyz');
    await wasAsked;
    const hanging = await dial(gateway);
    hanging.write('GET / HTTP/1.1\r\n');

    const startedAt = performance.now();
    const stopping = Promise.all([gateway.stop(), gateway.stop()]);
    release();
    expect((await busy).status).to.equal(200);
    await stopping;
    expect(performance.now() - startedAt).to.be.lessThan(1_500);
    const refused = connect(gateway.port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });

  it('tells where it listens, or the public address when there is one', async () => {
    expect((await start()).url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    const publicUrl = 'https://meet.example.org/';
    const gateway = await start({ settings: settings({ publicUrl }) });
    expect(gateway.url).to.equal('https://meet.example.org');
    expect((await call(gateway, 'GET', '/')).headers['strict-transport-security']).to.contain('max-age');
  });

  async function startGatewayWith(
    limits: Partial<{ headersMs: number; requestMs: number; graceMs: number }>,
    options: Parameters<typeof startTestGateway>[1] = {},
  ): Promise<Gateway> {
    return start({
      ...options,
      httpLimits: {
        headersMs: 10_000,
        requestMs: 10_000,
        keepAliveMs: 5_000,
        headerBytes: 16_384,
        headers: 100,
        requestsPerSocket: 100,
        connections: 100,
        graceMs: 3_000,
        ...limits,
      },
    });
  }

  async function ended(socket: Socket): Promise<string> {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    await once(socket, 'close');
    return text;
  }

  it('does not start on an address that is taken', async () => {
    const first = await start();
    let error: NodeJS.ErrnoException | undefined;
    try {
      await startGateway({
        settings: settings({ httpPort: first.port }),
        logger: (await import('pino')).pino({ level: 'silent' }),
        store,
        readiness: () => Promise.resolve({ ready: true, reasons: [] }),
        metrics: new Registry(),
      });
    } catch (thrown) {
      error = thrown as NodeJS.ErrnoException;
    }
    expect(error?.code).to.equal('EADDRINUSE');
  });
});
