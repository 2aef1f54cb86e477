/** SIP over WebSocket (RFC 7118) and TLS seen from strangers: what is refused, cut off and kept within limits. */
import { expect } from 'chai';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { createLogger } from '../../config/index.ts';
import {
  EMPTY_BODY,
  SipHeaders,
  startTransactionLayer,
  type SipHop,
  type SipRequest,
  type SipResponse,
  type TransactionLayer,
  type TransactionLayerOptions,
  type TransportProtocol,
} from '../../embedded/sip/index.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { event, response } from '../helpers/sip-phone.ts';
import { testTls } from '../helpers/tls.ts';

const REQUEST = [
  'OPTIONS sip:b@127.0.0.1 SIP/2.0',
  'Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK1',
  'From: <sip:a@127.0.0.1>;tag=1',
  'To: <sip:b@127.0.0.1>',
  'Call-ID: 1',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('SIP over WebSocket and TLS', () => {
  let layer: TransactionLayer;
  const sockets: WebSocket[] = [];
  const streams: Socket[] = [];

  async function start(changes: Partial<TransactionLayerOptions> = {}): Promise<void> {
    layer = await startTransactionLayer({
      listen: (['ws', 'tls', 'wss'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
      user: {
        onRequest: (transaction) => {
          transaction.respond(response(200, 'OK'));
          return {};
        },
        onAck: () => {},
      },
      logger: createLogger({ logLevel: 'silent' }),
      tls: testTls,
      ...changes,
    });
  }

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    for (const stream of streams.splice(0)) stream.destroy();
    await layer.stop();
    expect(layer.counts()).to.deep.equal({ serverTransactions: 0, clientTransactions: 0, connections: 0 });
  });

  const hopTo = (protocol: TransportProtocol): SipHop => {
    const { port } = layer.listeningPoints.find((point) => point.protocol === protocol)!;
    return { protocol, address: '127.0.0.1', port };
  };

  async function open(): Promise<{ socket: WebSocket; texts: string[] }> {
    const socket = new WebSocket(`ws://127.0.0.1:${hopTo('ws').port}`, 'sip');
    sockets.push(socket);
    const texts: string[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      texts.push(isBinary ? 'binary' : data.toString());
      socket.emit('text', texts.at(-1));
    });
    socket.on('error', () => {});
    await event(socket, 'open');
    return { socket, texts };
  }

  async function openStream(protocol: TransportProtocol): Promise<Socket> {
    const stream = connect(hopTo(protocol).port, '127.0.0.1');
    streams.push(stream);
    stream.on('error', () => {});
    stream.resume();
    await event(stream, 'connect');
    return stream;
  }

  async function connectionsDownTo(count: number): Promise<void> {
    const until = Date.now() + 5_000;
    while (layer.counts().connections > count && Date.now() < until) await turn();
    expect(layer.counts().connections).to.equal(count);
  }

  it('answers a browser in text, and says where it was seen', async () => {
    await start();
    const { socket } = await open();
    expect(socket.protocol).to.equal('sip');
    socket.send(REQUEST);
    const answer = await event<string>(socket, 'text');
    expect(answer).to.match(/^SIP\/2\.0 200 OK\r\n/);
    expect(answer).to.match(
      /Via: SIP\/2\.0\/WS df7jal23ls0d\.invalid;branch=z9hG4bK1;received=127\.0\.0\.1;rport=[0-9]+\r\n/,
    );
  });

  it('takes binary messages, too', async () => {
    await start();
    const { socket } = await open();
    socket.send(Buffer.from(REQUEST));
    expect(await event<string>(socket, 'text')).to.include('200 OK');
  });

  it('answers keep-alives, those of SIP and those of WebSocket', async () => {
    await start();
    const { socket } = await open();
    socket.send('\r\n\r\n');
    expect(await event<string>(socket, 'text')).to.equal('\r\n');
    const pong = event(socket, 'pong');
    socket.ping();
    await pong;
  });

  it('refuses who does not offer the subprotocol, and who is no WebSocket', async () => {
    await start();
    for (const protocols of [[], ['chat']]) {
      const socket = new WebSocket(`ws://127.0.0.1:${hopTo('ws').port}`, protocols);
      expect(await event<Error>(socket, 'error')).to.match(/Unexpected server response: 400/);
    }
    const answer = await new Promise<number | undefined>((resolve) => {
      get({ host: '127.0.0.1', port: hopTo('ws').port, agent: false }, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode);
      });
    });
    expect(answer).to.equal(426);
    await connectionsDownTo(0);
  });

  it('hangs up on what is too large', async () => {
    await start({ limits: { maxMessageBytes: 1_000 } });
    const { socket } = await open();
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.send(`${REQUEST}${'x'.repeat(1_000)}`);
    expect(await closed).to.equal(1009);
    await connectionsDownTo(0);
  });

  it('hangs up on a message that takes too long, and on who says nothing', async () => {
    const clock = new ManualClock();
    await start({ clock, limits: { streamMessageDeadlineMs: 1_000 } });
    const slow = await open();
    const idle = await open();
    while (layer.counts().connections < 2 || clock.running.includes('handshake')) await turn();
    slow.socket.send(REQUEST.slice(0, 30), { fin: false });
    while (!clock.running.includes('message')) await turn();
    clock.advance(1_000);
    await event(slow.socket, 'close');
    await connectionsDownTo(1);
    clock.advance(600_000);
    await event(idle.socket, 'close');
    await connectionsDownTo(0);
    expect(clock.running).to.deep.equal([]);
  });

  it('pings whoever is connected, and hangs up on who does not answer', async () => {
    const clock = new ManualClock();
    let isNeeded = true;
    await start({ clock, keepsOpen: () => isNeeded });
    const { socket } = await open();
    while (!clock.running.includes('ping')) await turn();
    for (let minutes = 0; minutes < 30; minutes += 1) {
      const pinged = event(socket, 'ping');
      clock.advance(25_000);
      await pinged;
      while (clock.running.includes('pong')) await turn();
    }
    expect(layer.counts().connections, 'needed for longer than it may be idle').to.equal(1);
    isNeeded = false;
    socket.pause();
    clock.advance(25_000);
    clock.advance(25_000);
    await connectionsDownTo(0);
    expect(clock.running).to.deep.equal([]);
  });

  for (const protocol of ['ws', 'tls', 'wss'] as const) {
    it(`cuts off who does not complete the handshake of ${protocol}`, async () => {
      const clock = new ManualClock();
      await start({ clock });
      const silent = await openStream(protocol);
      const slow = await openStream(protocol);
      slow.write(protocol === 'ws' ? 'GET / HTTP/1.1\r\nX-A:' : '\x16\x03');
      while (clock.running.length < 2) await turn();
      expect(layer.counts().connections).to.equal(2);
      clock.advance(10_000);
      await Promise.all([event(silent, 'close'), event(slow, 'close')]);
      await connectionsDownTo(0);
      expect(clock.running).to.deep.equal([]);
    });

    it(`survives rubbish instead of the handshake of ${protocol}`, async () => {
      await start();
      const stream = await openStream(protocol);
      stream.write('\0\x01\x02SIP/2.0 rubbish\r\n\r\n');
      await event(stream, 'close');
      await connectionsDownTo(0);
    });

    it(`counts connections over ${protocol} from their first byte`, async () => {
      await start({ limits: { maxConnectionsPerAddress: 2 } });
      await openStream(protocol);
      await openStream(protocol);
      await event(await openStream(protocol), 'close');
      expect(layer.counts().connections).to.equal(2);
    });
  }

  it('does not shake hands with strangers', async () => {
    await start({ filter: () => false });
    for (const protocol of ['ws', 'tls', 'wss'] as const) await event(await openStream(protocol), 'close');
    expect(layer.counts().connections).to.equal(0);
  });

  it('needs a certificate for TLS', async () => {
    await start();
    const listen = [{ protocol: 'tls', address: '127.0.0.1', port: 0 } as const];
    const user = { onRequest: () => ({}), onAck: () => {} };
    const logger = createLogger({ logLevel: 'silent' });
    const error = await startTransactionLayer({ listen, user, logger }).catch((reason: unknown) => reason as Error);
    expect(error).to.match(/needs a certificate/);
  });

  describe('asks servers to prove who they are', () => {
    const request = (): SipRequest => ({
      kind: 'request',
      method: 'OPTIONS',
      uri: 'sip:b@127.0.0.1',
      headers: new SipHeaders([
        ['From', '<sip:a@127.0.0.1>;tag=1'],
        ['To', '<sip:b@127.0.0.1>'],
        ['Call-ID', '2'],
        ['CSeq', '1 OPTIONS'],
      ]),
      body: EMPTY_BODY,
    });

    async function ask(from: TransactionLayer, hop: SipHop): Promise<number | string> {
      return new Promise((resolve) => {
        from.request(request(), hop, {
          onResponse: ({ status }: SipResponse) => resolve(status),
          onTransportError: (error) => resolve((error as { code?: string }).code ?? error.message),
        });
      });
    }

    for (const protocol of ['tls', 'wss'] as const) {
      it(`over ${protocol}`, async () => {
        await start();
        const agent = (tls: typeof testTls) =>
          startTransactionLayer({
            listen: [{ protocol, address: '127.0.0.1', port: 0 }],
            user: { onRequest: () => ({}), onAck: () => {} },
            logger: createLogger({ logLevel: 'silent' }),
            tls,
          });
        const { certificate, key } = testTls;
        const believer = await agent(testTls);
        const doubter = await agent({ certificate, key });
        const careless = await agent({ certificate, key, verifyServers: false });
        expect(await ask(believer, hopTo(protocol))).to.equal(200);
        expect(await ask(believer, { ...hopTo(protocol), host: 'localhost' })).to.equal(200);
        expect(await ask(believer, { ...hopTo(protocol), host: 'sip.example.com' })).to.equal(
          'ERR_TLS_CERT_ALTNAME_INVALID',
        );
        expect(await ask(doubter, hopTo(protocol))).to.equal('DEPTH_ZERO_SELF_SIGNED_CERT');
        expect(await ask(careless, hopTo(protocol))).to.equal(200);
        await Promise.all([believer, doubter, careless].map((each) => each.stop()));
      });
    }
  });
});
