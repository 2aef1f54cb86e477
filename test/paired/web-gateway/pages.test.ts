import { expect } from 'chai';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { SOCKET_PATH } from '../../../config/contract/index.ts';
import { loadSettings, type SettingsInput } from '../../../config/index.ts';
import type { Store } from '../../../store/index.ts';
import { CertificateError, type Gateway, type GatewayOptions } from '../../../web-gateway/server/index.ts';
import { call, startTestGateway } from '../../helpers/gateway.ts';
import { openTestStore, startTestRedis, type TestRedis } from '../../helpers/redis.ts';

const vector = (name: string) => fileURLToPath(new URL(`../../vectors/tls/${name}.pem`, import.meta.url));

describe('web gateway: the browser application and its files', () => {
  let redis: TestRedis;
  let store: Store;
  let folder: string;
  let clientDir: string;
  const gateways: Gateway[] = [];

  before(async () => {
    redis = await startTestRedis();
    store = await openTestStore(redis);
    folder = await mkdtemp(path.join(tmpdir(), 'partyline-pages-'));
    clientDir = path.join(folder, 'dist');
    await mkdir(path.join(clientDir, 'app'), { recursive: true });
    await writeFile(path.join(clientDir, 'index.html'), '<!doctype html><title>The application</title>');
    await writeFile(path.join(clientDir, 'app/index-abc.js'), 'plain');
    await writeFile(path.join(clientDir, 'app/index-abc.js.br'), 'br');
    await writeFile(path.join(clientDir, 'app/index-abc.js.gz'), 'gz');
  });
  after(async () => {
    await store.close();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  });

  async function start(overrides: SettingsInput = {}, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const settings = loadSettings({ environment: {}, overrides: { httpPort: 0, dataDir: folder, ...overrides } });
    const gateway = await startTestGateway(store, { settings, clientDir, ...options });
    gateways.push(gateway);
    return gateway;
  }

  it('shows the application at each of its addresses, asked for anew each time', async () => {
    const gateway = await start();
    for (const address of ['/', '/j/123456789', '/j/AAAAAAAAAAAAAAAAAAAAAA', '/room', '/admin']) {
      const page = await call(gateway, 'GET', address);
      expect([page.status, page.headers['cache-control']], address).to.deep.equal([200, 'no-cache']);
      expect(page.text).to.contain('The application');
    }
    expect((await call(gateway, 'GET', '/elsewhere')).status).to.equal(404);
    expect((await call(gateway, 'POST', '/')).status).to.equal(405);
  });

  it('serves hashed files for a year, packed as the browser likes it, and nothing else of the folder', async () => {
    const gateway = await start();
    const file = (encoding: string) =>
      call(gateway, 'GET', '/app/index-abc.js', { headers: { 'accept-encoding': encoding } });
    expect([(await file('gzip, br')).text, (await file('gzip')).text, (await file('')).text]).to.deep.equal([
      'br',
      'gz',
      'plain',
    ]);
    const { headers } = await file('br');
    expect(headers['cache-control']).to.equal('public,max-age=31536000,immutable');
    expect(headers['content-encoding']).to.equal('br');
    expect(headers.vary).to.contain('Accept-Encoding');
    expect(headers['content-type']).to.contain('javascript');
    for (const address of [
      '/app/nothing.js',
      '/app/../index.html',
      '/app/%2e%2e/index.html',
      '/app/..%2findex.html',
      '/app/',
    ]) {
      const answer = await call(gateway, 'GET', address);
      expect([answer.status, answer.text.includes('The application')], address).to.deep.equal([404, false]);
    }
    expect((await call(gateway, 'POST', '/app/index-abc.js')).status).to.equal(405);
  });

  it('allows no script and no style but its own files, and the microphone to nobody else', async () => {
    const { headers } = await call(await start(), 'GET', '/');
    const policy = String(headers['content-security-policy']);
    expect(policy).to.contain("script-src 'self';").and.contain("style-src 'self';").and.contain("default-src 'none'");
    expect(policy).not.to.match(/unsafe|nonce|\*|data:/);
    expect(policy).to.contain("frame-ancestors 'none'").and.contain("require-trusted-types-for 'script'");
    expect(headers['permissions-policy']).to.contain('microphone=(self)').and.contain('camera=()');
    expect(headers['referrer-policy']).to.equal('no-referrer');
    expect(headers['set-cookie']).to.equal(undefined);
  });

  it('has a page that works before anything was built', async () => {
    const gateway = await start({}, { clientDir: path.join(folder, 'nothing'), dial: 'sip:100@192.0.2.1' });
    const page = await call(gateway, 'GET', '/');
    expect(page.status).to.equal(200);
    expect(page.text).to.contain('sip:100@192.0.2.1');
    expect((await call(gateway, 'GET', '/app/index-abc.js')).status).to.equal(404);
  });

  /** @param ca certificate that is believed */
  async function secureGet(port: number, where: string, ca: string): Promise<{ status: number; text: string }> {
    const request = httpsRequest({ host: '127.0.0.1', port, path: where, ca, agent: false }).end();
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
  }

  it('serves all of it over https with the certificate of the settings', async () => {
    const gateway = await start({
      httpsPort: 0,
      tlsCertificateFile: vector('certificate'),
      tlsKeyFile: vector('key'),
    });
    const ca = await readFile(vector('certificate'), 'utf8');
    const port = gateway.httpsPort!;
    expect([gateway.selfSigned, gateway.url]).to.deep.equal([false, `https://127.0.0.1:${port}`]);
    expect(await secureGet(port, '/healthz', ca)).to.deep.equal({ status: 200, text: '{"status":"ok"}' });
    expect((await secureGet(port, '/', ca)).text).to.contain('The application');
    const socket = new WebSocket(`wss://127.0.0.1:${port}${SOCKET_PATH}?EIO=4&transport=websocket`, {
      ...{ ca, origin: `https://127.0.0.1:${port}` },
    });
    await once(socket, 'message');
    socket.terminate();
  });

  it('makes a certificate when there is none, keeps it, and its key to itself', async () => {
    const dataDir = path.join(folder, 'own');
    const gateway = await start({ httpsPort: 0, dataDir, advertisedAddress: '192.0.2.7' });
    expect(gateway.selfSigned).to.equal(true);
    const ca = await readFile(path.join(dataDir, 'tls-certificate.pem'), 'utf8');
    expect((await secureGet(gateway.httpsPort!, '/healthz', ca)).status).to.equal(200);
    expect((await stat(path.join(dataDir, 'tls-key.pem'))).mode & 0o077).to.equal(0);
    await gateway.stop();
    await start({ httpsPort: 0, dataDir, advertisedAddress: '192.0.2.7' });
    expect(await readFile(path.join(dataDir, 'tls-certificate.pem'), 'utf8')).to.equal(ca);
    // Another name needs another certificate.
    await start({ httpsPort: 0, dataDir, advertisedAddress: '192.0.2.8' });
    expect(await readFile(path.join(dataDir, 'tls-certificate.pem'), 'utf8')).not.to.equal(ca);
  });

  it('says what is wrong with the files', async () => {
    const failure = async (certificate: string, key: string) => {
      try {
        await start({ httpsPort: 0, tlsCertificateFile: certificate, tlsKeyFile: key });
      } catch (error) {
        return error instanceof CertificateError ? error.message : `unexpected: ${String(error)}`;
      }
      return 'started';
    };
    expect(await failure('/nothing.pem', vector('key'))).to.equal('The file /nothing.pem cannot be read (ENOENT).');
    expect(await failure(vector('key'), vector('key'))).to.contain('are no certificate and its key');
  });

  it('sends pages from elsewhere to https, once there is https', async () => {
    const overrides = { httpsPort: 0, dataDir: path.join(folder, 'own'), trustProxy: ['127.0.0.1'] };
    const gateway = await start(overrides);
    const far = { 'x-forwarded-for': '198.51.100.7', host: 'meet.example.org:8080' };
    const sent = await call(gateway, 'GET', '/j/123?x=1', { headers: far });
    expect([sent.status, sent.headers.location]).to.deep.equal([
      308,
      `https://meet.example.org:${gateway.httpsPort}/j/123?x=1`,
    ]);
    expect((await call(gateway, 'POST', '/api/v1/login', { headers: far, body: {} })).status).to.equal(308);
    expect((await call(gateway, 'GET', '/healthz', { headers: far })).status).to.equal(200);
    expect((await call(gateway, 'GET', '/')).status).to.equal(200);
    const odd = await call(gateway, 'GET', '/', { headers: { ...far, host: 'a"b\\c' } });
    expect(odd.status).to.equal(400);
  });

  it('tells what to dial before anybody has joined', async () => {
    const any = await call(await start({}, { dial: 'sip:1000@192.0.2.1' }), 'GET', '/api/v1/service');
    expect(any.json()).to.deep.equal({ dialIn: [{ number: 'sip:1000@192.0.2.1' }] });
    const dids = [
      { number: '+15550100', tenant: 'default' },
      { number: '+15550199', tenant: 'other' },
    ];
    const numbers = await call(await start({ dids }, { dial: 'sip:x' }), 'GET', '/api/v1/service');
    expect(numbers.json()).to.deep.equal({ dialIn: [{ number: '+15550100' }] });
  });
});
