/** The transaction layer seen from plain sockets: what strangers and broken peers can do, and what they cannot. */
import { expect } from 'chai';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createLogger } from '../../config/index.ts';
import {
  startTransactionLayer,
  type ServerTransaction,
  type TransactionLayer,
  type TransactionLayerOptions,
} from '../../embedded/sip/index.ts';
import { EMPTY_BODY, parseSipMessage, SipHeaders, type SipResponse } from '../../embedded/sip/index.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { event } from '../helpers/sip-phone.ts';

interface RequestOptions {
  readonly method?: string;
  readonly via?: string;
  readonly cseq?: string;
  readonly length?: string;
  readonly to?: string;
}

let serial = 0;

function options({
  method = 'OPTIONS',
  via,
  cseq,
  length = '0',
  to = '<sip:b@127.0.0.1>',
}: RequestOptions = {}): Buffer {
  serial++;
  return Buffer.from(
    [
      `${method} sip:b@127.0.0.1 SIP/2.0`,
      `Via: ${via ?? `SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK${serial}`}`,
      'From: <sip:a@127.0.0.1>;tag=1',
      `To: ${to}`,
      `Call-ID: ${serial}`,
      `CSeq: ${cseq ?? `1 ${method}`}`,
      `Content-Length: ${length}`,
      '',
      '',
    ].join('\r\n'),
  );
}

function ok(transaction: ServerTransaction): object {
  transaction.respond({ kind: 'response', status: 200, reason: 'OK', headers: new SipHeaders(), body: EMPTY_BODY });
  return {};
}

describe('SIP transports', () => {
  let layer: TransactionLayer;
  let udp: UdpSocket;
  let udpIn: EventEmitter;
  const streams: Socket[] = [];

  async function start(changes: Partial<TransactionLayerOptions> = {}): Promise<void> {
    layer = await startTransactionLayer({
      listen: [
        { protocol: 'udp', address: '127.0.0.1', port: 0 },
        { protocol: 'tcp', address: '127.0.0.1', port: 0 },
      ],
      user: { onRequest: ok, onAck: () => {} },
      logger: createLogger({ logLevel: 'silent' }),
      timings: { t1: 10, t2: 40, t4: 50 },
      ...changes,
    });
  }

  beforeEach(async () => {
    udpIn = new EventEmitter();
    udp = createSocket('udp4', (bytes) => udpIn.emit('message', parseSipMessage(bytes)));
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.destroy();
    await new Promise<void>((resolve) => udp.close(() => resolve()));
    await layer.stop();
    await layer.stop();
    expect(layer.counts()).to.deep.equal({ serverTransactions: 0, clientTransactions: 0, connections: 0 });
  });

  const port = () => layer.listeningPoints[0]!.port;
  const send = (bytes: Buffer) => udp.send(bytes, port(), '127.0.0.1');
  const answer = () => event<SipResponse>(udpIn, 'message');

  async function openStream(): Promise<{ stream: Socket; text: () => string }> {
    const stream = connect(port(), '127.0.0.1');
    streams.push(stream);
    let received = '';
    stream.on('data', (bytes) => {
      received += bytes.toString();
      stream.emit('text', received);
    });
    stream.on('error', () => {});
    await event(stream, 'connect');
    return { stream, text: () => received };
  }

  it('use one port for both protocols when it is theirs to choose', async () => {
    await start();
    expect(layer.listeningPoints[1]!.port).to.equal(port());
    expect(port()).to.be.above(0);
  });

  it('leave no port open when one of them is taken', async () => {
    await start();
    const again = startTransactionLayer({
      listen: [
        { protocol: 'tcp', address: '127.0.0.1', port: 0 },
        { protocol: 'udp', address: '127.0.0.1', port: port() },
      ],
      user: { onRequest: ok, onAck: () => {} },
      logger: createLogger({ logLevel: 'silent' }),
    });
    const error = await again.catch((reason: unknown) => reason as { code: string });
    expect(error).to.include({ code: 'EADDRINUSE' });
  });

  it('answer at the source port when rport asks for it, and say what they saw', async () => {
    await start();
    send(options({ via: 'SIP/2.0/UDP phone.invalid:9;rport;branch=z9hG4bKr1;received=203.0.113.9' }));
    const { headers } = await answer();
    const seen = `SIP/2.0/UDP phone.invalid:9;rport=${udp.address().port};branch=z9hG4bKr1;received=127.0.0.1`;
    expect(headers.get('Via')).to.equal(seen);
  });

  it('answer at the port of Via without rport', async () => {
    await start();
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
    other.send(options({ via: `SIP/2.0/UDP 127.0.0.1:${udp.address().port};branch=z9hG4bKr2` }), port(), '127.0.0.1');
    expect((await answer()).status).to.equal(200);
    await new Promise<void>((resolve) => other.close(() => resolve()));
  });

  it('answer a malformed request 400 and another version 505, and keep nothing', async () => {
    await start();
    send(options({ cseq: '1 BYE' }));
    const refused = await answer();
    expect(refused.status).to.equal(400);
    expect(refused.headers.get('To')).to.match(/;tag=[0-9a-f]{16}$/);
    send(Buffer.from(options().toString().replace('SIP/2.0\r\nVia', 'SIP/3.0\r\nVia')));
    expect((await answer()).status).to.equal(505);
    expect(layer.counts().serverTransactions).to.equal(0);
  });

  it('say nothing to rubbish, to responses nobody awaits and to malformed ACKs', async () => {
    await start();
    send(Buffer.from('\0\x01\x02'.repeat(20)));
    send(Buffer.from('\r\n\r\n'));
    send(
      Buffer.from(
        options()
          .toString()
          .replace(/^OPTIONS .*/, 'SIP/2.0 200 OK'),
      ),
    );
    send(options({ method: 'ACK', cseq: '1 BYE' }));
    send(options());
    const { headers } = await answer();
    expect(headers.get('Call-ID')).to.equal(String(serial));
  });

  it('give strangers silence, unread', async () => {
    const asked: string[] = [];
    await start({
      filter: (source) => {
        asked.push(source.protocol);
        return source.port !== udp.address().port && source.protocol !== 'tcp';
      },
    });
    const friend = createSocket('udp4');
    const heard = new EventEmitter();
    friend.on('message', (bytes) => heard.emit('message', parseSipMessage(bytes)));
    await new Promise<void>((resolve) => friend.bind(0, '127.0.0.1', resolve));
    let toStranger = 0;
    udpIn.on('message', () => toStranger++);
    send(options());
    send(options({ cseq: 'x' }));
    const { stream } = await openStream();
    await event(stream, 'close');
    friend.send(options(), port(), '127.0.0.1');
    expect((await event<SipResponse>(heard, 'message')).status).to.equal(200);
    expect(toStranger).to.equal(0);
    expect(asked).to.include.members(['udp', 'tcp']);
    await new Promise<void>((resolve) => friend.close(() => resolve()));
  });

  it('let responses in from where one is awaited, whatever the filter says', async () => {
    await start({ filter: () => false });
    const destination = { protocol: 'udp' as const, address: '127.0.0.1', port: udp.address().port };
    const request = parseSipMessage(options());
    const outcome = new EventEmitter();
    udp.on('message', (bytes) => {
      udp.send(Buffer.from(bytes.toString().replace(/^OPTIONS .*/, 'SIP/2.0 200 OK')), port(), '127.0.0.1');
    });
    const answered = event<number>(outcome, 'status');
    if (request.kind !== 'request') throw new Error('not a request');
    request.headers.delete('Via');
    layer.request(request, destination, { onResponse: ({ status }) => void outcome.emit('status', status) });
    expect(await answered).to.equal(200);
  });

  it('tell soon when nobody listens at the other end', async () => {
    await start();
    const closed = createSocket('udp4');
    await new Promise<void>((resolve) => closed.bind(0, '127.0.0.1', resolve));
    const nobody = closed.address().port;
    await new Promise<void>((resolve) => closed.close(() => resolve()));
    for (const protocol of ['udp', 'tcp'] as const) {
      const request = parseSipMessage(options());
      if (request.kind !== 'request') throw new Error('not a request');
      request.headers.delete('Via');
      const outcome = new EventEmitter();
      const failed = event<Error>(outcome, 'failed');
      layer.request(
        request,
        { protocol, address: '127.0.0.1', port: nobody },
        { onResponse: () => {}, onTransportError: (error) => void outcome.emit('failed', error) },
      );
      expect(await failed).to.include({ code: 'ECONNREFUSED' });
    }
  });

  it('refuse with 503 and Retry-After above the limit; requests in dialogs have a reserve', async () => {
    await start({ limits: { maxServerTransactions: 4 }, user: { onRequest: () => ({}), onAck: () => {} } });
    for (let count = 0; count < 4; count++) send(options());
    send(options());
    const refused = await answer();
    expect(refused.status).to.equal(503);
    expect(refused.headers.get('Retry-After')).to.equal('10');
    expect(layer.counts().serverTransactions).to.equal(4);
    send(options({ method: 'BYE', to: '<sip:b@127.0.0.1>;tag=2' }));
    send(options({ method: 'BYE', to: '<sip:b@127.0.0.1>;tag=2' }));
    expect((await answer()).status).to.equal(503);
    expect(layer.counts().serverTransactions).to.equal(5);
  });

  it('answer 500 when their user throws', async () => {
    await start({
      user: {
        onRequest: () => {
          throw new Error('a mistake');
        },
        onAck: () => {},
      },
    });
    send(options());
    expect((await answer()).status).to.equal(500);
  });

  it('cut a stream into messages, however it comes, and answer on it', async () => {
    await start();
    const { stream, text } = await openStream();
    const bytes = Buffer.concat([
      options({ via: 'SIP/2.0/TCP x;branch=z9hG4bKs1' }),
      options({ via: 'SIP/2.0/TCP x;branch=z9hG4bKs2' }),
    ]);
    stream.write(bytes.subarray(0, 30));
    await new Promise((resolve) => setImmediate(resolve));
    stream.write(bytes.subarray(30));
    while ((text().match(/SIP\/2\.0 200 OK/g) ?? []).length < 2) await event(stream, 'text');
    expect(layer.counts().connections).to.equal(1);
  });

  it('answer the keep-alive of a stream', async () => {
    await start();
    const { stream } = await openStream();
    stream.write('\r\n\r\n');
    expect(await event<string>(stream, 'text')).to.equal('\r\n');
  });

  it('answer 400 and hang up where the length cannot be trusted', async () => {
    await start();
    const { stream, text } = await openStream();
    stream.write(options({ via: 'SIP/2.0/TCP x;branch=z9hG4bKs3', length: '-5' }));
    await event(stream, 'close');
    expect(text()).to.match(/^SIP\/2\.0 400 /);
    await connectionsDownTo(0);
  });

  it('hang up on what is too large', async () => {
    await start();
    const { stream } = await openStream();
    stream.write(`OPTIONS sip:a SIP/2.0\r\n${'X: y\r\n'.repeat(12_000)}`);
    await event(stream, 'close');
    await connectionsDownTo(0);
  });

  it('hang up on a message that takes longer than allowed, and on streams that are idle', async () => {
    const clock = new ManualClock();
    await start({ clock, limits: { streamMessageDeadlineMs: 1_000 } });
    const slow = await openStream();
    const idle = await openStream();
    slow.stream.write('OPTIONS sip:a SIP/2.0\r\nX:');
    while (!clock.running.includes('message')) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(999);
    expect(layer.counts().connections).to.equal(2);
    clock.advance(1);
    await event(slow.stream, 'close');
    await connectionsDownTo(1);
    clock.advance(600_000);
    await event(idle.stream, 'close');
    await connectionsDownTo(0);
    expect(clock.running).to.deep.equal([]);
  });

  it('keep an idle stream that is still needed', async () => {
    const clock = new ManualClock();
    let isNeeded = true;
    await start({ clock, keepsOpen: () => isNeeded });
    const idle = await openStream();
    while (!clock.running.includes('idle')) await new Promise((resolve) => setImmediate(resolve));
    for (let count = 0; count < 3; count++) clock.advance(600_000);
    expect(layer.counts().connections).to.equal(1);
    isNeeded = false;
    clock.advance(600_000);
    await event(idle.stream, 'close');
    await connectionsDownTo(0);
  });

  it('hold no more connections than allowed, in all and from one address', async () => {
    await start({ limits: { maxConnectionsPerAddress: 2 } });
    await openStream();
    const second = await openStream();
    const third = await openStream();
    await event(third.stream, 'close');
    expect(layer.counts().connections).to.equal(2);
    second.stream.destroy();
    await connectionsDownTo(1);
    const fourth = await openStream();
    fourth.stream.write('\r\n\r\n');
    await event(fourth.stream, 'text');
  });

  async function connectionsDownTo(count: number): Promise<void> {
    const until = Date.now() + 5_000;
    while (layer.counts().connections > count && Date.now() < until)
      await new Promise((resolve) => setImmediate(resolve));
    expect(layer.counts().connections).to.equal(count);
  }
});
