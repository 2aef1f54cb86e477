/** Rubbish on both sides of the embedded drachtio-server; a call goes through all the same. */
import { expect } from 'chai';
import fc from 'fast-check';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import type { SipResponse } from '../../../embedded/sip/index.ts';
import { event, SDP, startPhone, type SipPhone } from '../../helpers/sip-phone.ts';
import { connectSrf, killSrf, type Srf } from '../../helpers/srf-client.ts';

const SECRET = 'cymru';
const METHODS = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'INFO',
  'PRACK',
  'UPDATE',
  'REGISTER',
  'REFER',
  'SUBSCRIBE',
  'X',
];

/** Mostly well-formed requests and responses, then a few bytes changed, inserted or cut. */
const datagram = fc
  .record({
    method: fc.constantFrom(...METHODS),
    response: fc.boolean(),
    branch: fc.constantFrom('z9hG4bKa', 'z9hG4bKb', 'old', ''),
    toTag: fc.constantFrom('', ';tag=1', ';tag=2'),
    callId: fc.constantFrom('a', 'b', '"|"'),
    sequence: fc.constantFrom('1', '2', '0', '4294967295', 'x'),
    extra: fc.constantFrom(
      '',
      'Require: 100rel\r\n',
      'Record-Route: <sip:x;lr>, "\r\n',
      'Contact: *\r\n',
      'RAck: 1 1 INVITE\r\n',
    ),
    changes: fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    cut: fc.option(fc.nat(400)),
  })
  .map(({ method, response, branch, toTag, callId, sequence, extra, changes, cut }) => {
    const first = response ? 'SIP/2.0 200 OK' : `${method} sip:x@127.0.0.1 SIP/2.0`;
    const bytes = Buffer.from(
      `${first}\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=${branch}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>${toTag}\r\n` +
        `Call-ID: ${callId}\r\nCSeq: ${sequence} ${method}\r\n${extra}Content-Length: 0\r\n\r\n`,
    );
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return cut === null ? bytes : bytes.subarray(0, cut);
  });

const frame = fc
  .record({
    kind: fc.constantFrom('sip', 'route', 'remove_route', 'ping', 'proxy', 'response', ''),
    ids: fc.constantFrom('||', '|x|', '||a;from-tag=1', '|x|y|sip:z', ''),
    message: fc.constantFrom(
      '',
      '\r\nINVITE sip:a@127.0.0.1:9 SIP/2.0\r\n\r\nv=0',
      '\r\nSIP/2.0 200 OK\r\n\r\n',
      '\r\nBYE sip:placeholder SIP/2.0\r\nRoute: "\r\n\r\n',
      '\r\nOPTIONS sip:a@127.0.0.1:9 SIP/2.0\r\nTo: "\r\nFrom: <\r\nCSeq: x\r\n\r\n',
      '\r\n\0\r\n',
    ),
    lie: fc.integer({ min: -2, max: 2 }),
  })
  .map(({ kind, ids, message, lie }) => {
    const payload = `id|${kind}${ids}${message}`;
    return `${Math.max(0, payload.length + lie)}#${payload}`;
  });

describe('rubbish for the embedded drachtio-server', () => {
  let server: DrachtioServer;
  let srf: Srf;
  let phone: SipPhone;
  let errors: string[];

  beforeEach(async () => {
    errors = [];
    server = await startDrachtio({
      sip: [
        { protocol: 'udp', address: '127.0.0.1', port: 0 },
        { protocol: 'tcp', address: '127.0.0.1', port: 0 },
      ],
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'error' }, { write: (line: string) => void errors.push(line) }),
      timings: { t1: 20, t2: 80, t4: 100 },
    });
    phone = await startPhone();
    srf = await connectSrf(server.clientPort, SECRET, (fresh) => {
      fresh.invite((req, res) => void fresh.createUAS(req, res, { localSdp: SDP }).catch(() => {}));
    });
  });

  afterEach(async () => {
    killSrf(srf);
    await phone.layer.stop();
    await server.stop();
    expect(errors, 'nothing of ours broke').to.deep.equal([]);
  });

  const port = () => server.listeningPoints[0]!.port;

  async function expectCallsToWork(): Promise<void> {
    const call = phone.call(port());
    expect((await event<SipResponse>(call, 'answered')).status).to.equal(200);
    call.ack();
    expect((await call.request('BYE')).status).to.equal(200);
  }

  it('does not keep a call out, over UDP', async () => {
    const socket = createSocket('udp4');
    socket.on('message', () => {});
    const samples = fc.sample(datagram, 1_500);
    for (const [at, bytes] of samples.entries()) {
      socket.send(bytes, port(), '127.0.0.1');
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await expectCallsToWork();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  });

  it('does not keep a call out, over TCP', async () => {
    for (const bytes of fc.sample(datagram, 150)) {
      const socket = connect(port(), '127.0.0.1');
      socket.on('error', () => {});
      socket.end(bytes);
    }
    await expectCallsToWork();
  });

  it('does not keep a call out when it comes from an application', async () => {
    for (const text of fc.sample(frame, 300)) {
      const socket = connect(server.clientPort, '127.0.0.1');
      socket.on('error', () => {});
      const hello = `secret|authenticate|${SECRET}|`;
      socket.end(`${hello.length}#${hello}${text}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (server.counts().clients > 1) await new Promise((resolve) => setImmediate(resolve));
    await expectCallsToWork();
  });
});
