/** A browser calls unmodified drachtio-srf; what both see is what they saw of the real drachtio-server. */
import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { WebSocket } from 'ws';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { RawClient } from '../../helpers/drachtio-client.ts';
import { event, SDP } from '../../helpers/sip-phone.ts';
import { connectSrf, killSrf, type Srf, type SrfDialog, type SrfRequest } from '../../helpers/srf-client.ts';
import { testTls } from '../../helpers/tls.ts';

const SECRET = 'cymru';
const CONTACT = '<sip:web@df7jal23ls0d.invalid;transport=ws>';

describe('drachtio-srf through the embedded drachtio-server to a browser', () => {
  let server: DrachtioServer;
  let srf: Srf;
  let browser: WebSocket;
  let app: EventEmitter;

  beforeEach(async () => {
    server = await startDrachtio({
      sip: (['udp', 'tcp', 'ws', 'tls', 'wss'] as const).map((protocol) => ({
        protocol,
        address: '127.0.0.1',
        port: 0,
      })),
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'silent' }),
      tls: testTls,
    });
    app = new EventEmitter();
    srf = await connectSrf(server.clientPort, SECRET, (fresh) => {
      fresh.invite((req, res) => {
        app.emit('invite', req);
        void fresh.createUAS(req, res, { localSdp: SDP }).then((dialog) => app.emit('dialog', dialog));
      });
    });
    await openBrowser();
  });

  async function openBrowser(): Promise<void> {
    const opened = new WebSocket(`ws://127.0.0.1:${port('ws')}`, 'sip');
    opened.on('message', (data: Buffer) => {
      const text = data.toString();
      opened.emit(text.startsWith('SIP/2.0') ? text.slice(8, 11) : text.slice(0, text.indexOf(' ')), text);
    });
    await event(opened, 'open');
    browser = opened;
  }

  afterEach(async () => {
    browser.terminate();
    killSrf(srf);
    await server.stop();
    expect(server.counts()).to.include({ dialogs: 0, serverTransactions: 0, connections: 0 });
  });

  const port = (protocol: string) => server.listeningPoints.find((point) => point.protocol === protocol)!.port;
  const header = (text: string, name: string) => new RegExp(`^${name}: (.*)\r$`, 'm').exec(text)?.[1] ?? '';

  function send(method: string, uri: string, to: string, more: readonly string[] = [], body = ''): void {
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK${method}1`,
      'Max-Forwards: 70',
      'From: <sip:web@127.0.0.1>;tag=8bf2ae8a0896',
      `To: ${to}`,
      'Call-ID: c736245cf76a',
      `CSeq: ${method === 'BYE' ? 3 : method === 'INFO' ? 2 : 1} ${method}`,
      `Contact: ${CONTACT}`,
      ...more,
      `Content-Length: ${body.length}`,
      '',
      body,
    ];
    browser.send(lines.join('\r\n'));
  }

  async function call(): Promise<{ answer: string; dialog: SrfDialog; request: SrfRequest }> {
    const asked = event<SrfRequest>(app, 'invite');
    const established = event<SrfDialog>(app, 'dialog');
    const answered = event<string>(browser, '200');
    send('INVITE', 'sip:100@127.0.0.1', '<sip:100@127.0.0.1>', ['Content-Type: application/sdp'], SDP);
    const answer = await answered;
    send('ACK', header(answer, 'Contact').slice(1, -1), header(answer, 'To'));
    return { answer, dialog: await established, request: await asked };
  }

  it('lists its ports in the order of the real server', async () => {
    const client = new RawClient(server.clientPort);
    client.send(`authenticate|${SECRET}|`);
    const { tokens } = await client.next();
    const list = ['wss', 'tls', 'ws', 'tcp', 'udp'].map((protocol) => `${protocol}/127.0.0.1:${port(protocol)}`).join();
    expect(tokens.slice(3)).to.deep.equal(['OK', list, 'v0.9.10', list]);
    client.end();
  });

  it('answers the browser and shows it to the application; the browser hangs up', async () => {
    const { answer, dialog, request } = await call();
    expect(request.protocol).to.equal('tcp');
    expect(request.source_address).to.equal('127.0.0.1');
    expect(request.get('Contact')).to.equal(CONTACT);
    expect(request.get('Via')).to.equal(
      `SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKINVITE1;received=127.0.0.1;rport=${request.source_port}`,
    );
    expect(header(answer, 'Contact')).to.equal(`<sip:127.0.0.1:${port('ws')};transport=ws>`);
    const ended = event(dialog, 'destroy');
    const answered = event<string>(browser, '200');
    send('BYE', header(answer, 'Contact').slice(1, -1), header(answer, 'To'));
    expect(header(await answered, 'CSeq')).to.equal('3 BYE');
    await ended;
  });

  it('hangs up through the connection of the browser', async () => {
    const { dialog } = await call();
    const hungUp = event<string>(browser, 'BYE');
    void dialog.destroy();
    const bye = await hungUp;
    expect(bye).to.match(/^BYE sip:web@df7jal23ls0d\.invalid;transport=ws SIP\/2\.0\r\n/);
    expect(header(bye, 'Via')).to.match(/^SIP\/2\.0\/WS 127\.0\.0\.1:[0-9]+;rport;branch=/);
    browser.send(`SIP/2.0 200 OK\r\n${bye.split('\r\n').slice(1).join('\r\n')}`);
  });

  it('finds a browser again that has connected anew', async () => {
    const { answer, dialog } = await call();
    browser.terminate();
    while (server.counts().connections > 0) await new Promise((resolve) => setImmediate(resolve));
    await openBrowser();
    const heard = event<string>(browser, '200');
    send('INFO', header(answer, 'Contact').slice(1, -1), header(answer, 'To'));
    await heard;
    const hungUp = event<string>(browser, 'BYE');
    void dialog.destroy();
    const bye = await hungUp;
    browser.send(`SIP/2.0 200 OK\r\n${bye.split('\r\n').slice(1).join('\r\n')}`);
  });

  it('does not look for a browser that has gone', async () => {
    const { dialog } = await call();
    browser.terminate();
    while (server.counts().connections > 0) await new Promise((resolve) => setImmediate(resolve));
    const outcome = await Promise.race([
      dialog.destroy().then(
        () => 'ended',
        () => 'failed',
      ),
      new Promise((resolve) => setTimeout(resolve, 3_000, 'nothing')),
    ]);
    expect(outcome).to.equal('failed');
  });
});
