/** Floods and scanners beside honest calls: all honest calls succeed, and nothing stays behind. */
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { createLogger } from '../../../config/index.ts';
import { startDrachtio, type DrachtioOptions, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import type { SipResponse } from '../../../embedded/sip/index.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { event, SDP, startPhone, type SipPhone } from '../../helpers/sip-phone.ts';
import { skipBecause } from '../../helpers/skip.ts';
import { connectSrf, killSrf, type Srf } from '../../helpers/srf-client.ts';

const SECRET = 'cymru';
const FLOOD_MS = 2_000;
const FLOOD_TURN_MS = 10;
const FLOOD_PER_TURN = 10;
const HONEST_EVERY_MS = 200;
const MIB = 1_048_576;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('abuse of the embedded drachtio-server', () => {
  let server: DrachtioServer;
  let srf: Srf;
  let phone: SipPhone;
  let attacker: UdpSocket;
  let answers: Map<string, number>;
  const streams: Socket[] = [];

  async function start(changes: Partial<DrachtioOptions> = {}): Promise<void> {
    server = await startDrachtio({
      sip: (['udp', 'tcp'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 })),
      client: { address: '127.0.0.1', port: 0 },
      secret: SECRET,
      logger: createLogger({ logLevel: 'silent' }),
      timings: { t1: 20, t2: 80, t4: 100 },
      ...changes,
    });
    srf = await connectSrf(server.clientPort, SECRET, (fresh) => {
      fresh.invite((req, res) => {
        // As a service does: strangers are refused, who is known is answered.
        if (!req.callingNumber.startsWith('+1555')) res.send(403);
        else void fresh.createUAS(req, res, { localSdp: SDP }).catch(() => {});
      });
    });
  }

  beforeEach(async () => {
    phone = await startPhone();
    answers = new Map();
    attacker = createSocket('udp4', (bytes) => {
      const status = bytes.toString('latin1', 8, 11);
      answers.set(status, (answers.get(status) ?? 0) + 1);
    });
    await new Promise<void>((resolve) => attacker.bind(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.destroy();
    await new Promise<void>((resolve) => attacker.close(() => resolve()));
    killSrf(srf);
    await phone.layer.stop();
    await server.stop();
  });

  const port = () => server.listeningPoints[0]!.port;
  const send = (bytes: Buffer) => attacker.send(bytes, port(), '127.0.0.1');

  function hostileInvite(serial: number, caller = 'sipvicious'): Buffer {
    return Buffer.from(
      [
        `INVITE sip:${serial}@127.0.0.1 SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${attacker.address().port};rport;branch=z9hG4bKflood${serial}`,
        `From: <sip:${caller}@127.0.0.1>;tag=${serial}`,
        `To: <sip:${serial}@127.0.0.1>`,
        `Call-ID: flood-${serial}`,
        'CSeq: 1 INVITE',
        `Contact: <sip:${caller}@127.0.0.1:${attacker.address().port}>`,
        'Content-Type: application/sdp',
        `Content-Length: ${SDP.length}`,
        '',
        SDP,
      ].join('\r\n'),
    );
  }

  async function honestCall(): Promise<void> {
    const call = phone.call(port());
    expect((await event<SipResponse>(call, 'answered')).status).to.equal(200);
    call.ack();
    expect((await call.request('BYE')).status).to.equal(200);
  }

  /** Sends `perTurn` of what `next` makes every 10 ms for 2 s. @returns how many */
  async function flood(next: (serial: number) => Buffer, perTurn = FLOOD_PER_TURN): Promise<number> {
    let sent = 0;
    const end = performance.now() + FLOOD_MS;
    while (performance.now() < end) {
      for (let count = 0; count < perTurn; count++) send(next(sent++));
      await new Promise((resolve) => setTimeout(resolve, FLOOD_TURN_MS));
    }
    return sent;
  }

  async function honestCallsBeside(flooding: Promise<number>): Promise<number> {
    const state = { over: false };
    const done = flooding.finally(() => (state.over = true));
    const calls: Promise<void>[] = [];
    while (!state.over) {
      calls.push(honestCall());
      await new Promise((resolve) => setTimeout(resolve, HONEST_EVERY_MS));
    }
    await Promise.all(calls);
    expect(calls.length).to.be.at.least(5);
    return done;
  }

  async function settled(): Promise<void> {
    const busy = () => {
      const { serverTransactions, dialogs, pendingRequests } = server.counts();
      return serverTransactions + dialogs + pendingRequests;
    };
    const until = Date.now() + 10_000;
    while (busy() > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(busy()).to.equal(0);
  }

  it('answers every honest call beside a flood of INVITEs, and forgets the flood', async function () {
    this.timeout(30_000);
    await start();
    const before = process.memoryUsage().rss;
    const sent = await honestCallsBeside(flood((serial) => hostileInvite(serial)));
    await settled();
    expect(answers.get('403') ?? 0, `of ${sent}`).to.be.above(0);
    expect(process.memoryUsage().rss - before).to.be.below(200 * MIB);
  });

  it('keeps no more transactions than allowed, and gives up refused ones for honest calls', async function () {
    this.timeout(30_000);
    await start({ limits: { maxServerTransactions: 100 } });
    let highest = 0;
    const established = phone.call(port());
    await event(established, 'answered');
    established.ack();
    const watch = setInterval(() => (highest = Math.max(highest, server.counts().serverTransactions)), 5);
    await honestCallsBeside(flood((serial) => hostileInvite(serial)));
    expect((await established.request('BYE')).status).to.equal(200);
    clearInterval(watch);
    expect(highest).to.be.within(100, 125);
    expect(answers.get('403') ?? 0).to.be.above(200);
    await settled();
  });

  it('refuses without keeping anything where nobody answers what is half open', async () => {
    await start({ limits: { maxServerTransactions: 50 } });
    killSrf(srf);
    srf = await connectSrf(server.clientPort, SECRET, (fresh) => fresh.invite(() => {})); // it never answers
    for (let serial = 0; serial < 200; serial++) send(hostileInvite(serial));
    while ((answers.get('503') ?? 0) < 150) await turn();
    expect(server.counts().serverTransactions).to.equal(50);
  });

  it('does not let one address take the room of others', async () => {
    await start({ limits: { maxHalfOpenPerSource: 20 } });
    killSrf(srf);
    srf = await connectSrf(server.clientPort, SECRET, (fresh) => {
      fresh.invite((req, res) => {
        if (req.callingNumber.startsWith('+1555')) void fresh.createUAS(req, res, { localSdp: SDP }).catch(() => {});
      });
    });
    const other = await openAttacker('127.0.0.2');
    for (let serial = 0; serial < 100; serial++) other.send(hostileInvite(serial));
    while ((answers.get('503') ?? 0) < 80) await turn();
    await honestCall();
    await other.close();
  });

  it('answers a source that is too fast only so often, and others as always', async () => {
    await start({ limits: { maxNewRequestsPerSecond: 50 }, clock: new ManualClock() });
    const other = await openAttacker('127.0.0.2');
    for (let serial = 0; serial < 1_000; serial++) other.send(hostileInvite(serial));
    for (let count = 0; count < 5; count++) await honestCall();
    while ((answers.get('403') ?? 0) + (answers.get('503') ?? 0) < 100) await turn();
    await honestCall();
    expect([answers.get('403'), answers.get('503')], 'the rest gets nothing').to.deep.equal([50, 50]);
    await other.close();
  });

  it('counts browsers behind one gateway one by one', async () => {
    const listen = (['udp', 'ws'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 0 }));
    await start({ sip: listen, limits: { maxNewRequestsPerSecond: 3 }, clock: new ManualClock() });
    const [greedy, modest] = [await startPhone('ws'), await startPhone('ws')];
    const gateway = server.listeningPoints.find(({ protocol }) => protocol === 'ws')!.port;
    const dial = async (from: SipPhone) => {
      const call = from.call(gateway);
      const answer = await Promise.race([event<SipResponse>(call, 'answered'), event<SipResponse>(call, 'failed')]);
      if (answer.status === 200) call.ack();
      return answer.status;
    };
    const statuses = [];
    for (let count = 0; count < 4; count++) statuses.push(await dial(greedy));
    expect([...statuses, await dial(modest)]).to.deep.equal([200, 200, 200, 503, 200]);
    await Promise.all([greedy, modest].map(({ layer }) => layer.stop()));
  });

  it('does not let those who never acknowledge take all calls', async () => {
    await start({ limits: { maxHalfOpenPerSource: 10 } });
    const other = await openAttacker('127.0.0.2');
    for (let serial = 0; serial < 100; serial++) other.send(hostileInvite(serial, '+1555'));
    while ((answers.get('503') ?? 0) < 90) await turn();
    await honestCall();
    expect(server.counts().dialogs).to.be.at.most(10);
    await other.close();
  });

  async function openAttacker(address: string): Promise<{ send: (bytes: Buffer) => void; close: () => Promise<void> }> {
    const socket = createSocket('udp4', (bytes) => {
      const status = bytes.toString('latin1', 8, 11);
      answers.set(status, (answers.get(status) ?? 0) + 1);
    });
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    return {
      send: (bytes) => socket.send(bytes, port(), '127.0.0.1'),
      close: () => new Promise((resolve) => socket.close(() => resolve())),
    };
  }

  it('does not even read what filtered sources send', async () => {
    const { port: hostile } = attacker.address();
    await start({ filter: (source) => source.port !== hostile });
    const read = countReads();
    for (let serial = 0; serial < 500; serial++) send(hostileInvite(serial));
    await honestCall();
    expect(read.stop(), 'a header of theirs was looked at').to.equal(0);
    expect(answers.size).to.equal(0);
  });

  /** Counts how often bytes of the flood are made into text: no parser can do without. */
  function countReads(): { stop: () => number } {
    let count = 0;
    const own = Object.getOwnPropertyDescriptor(Buffer.prototype, 'toString')!;
    const original = own.value as (this: Buffer, ...args: never[]) => string;
    Object.defineProperty(Buffer.prototype, 'toString', {
      ...own,
      value(this: Buffer, ...args: never[]) {
        const text = original.apply(this, args);
        if (text.includes('Call-ID: flood-')) count++;
        return text;
      },
    });
    return {
      stop() {
        Object.defineProperty(Buffer.prototype, 'toString', own);
        return count;
      },
    };
  }

  it('takes calls beside a flood of connections from one address, and closes what is too much', async () => {
    await start({ limits: { maxConnectionsPerAddress: 20, streamMessageDeadlineMs: 300 } });
    let closed = 0;
    for (let count = 0; count < 300; count++) {
      const stream = connect(port(), '127.0.0.1');
      streams.push(stream);
      stream.on('error', () => {});
      stream.on('close', () => closed++);
      stream.on('connect', () => stream.write('INVITE sip:a@127.0.0.1 SIP/2.0\r\nVia: '));
    }
    await honestCall();
    while (closed < 280) await turn();
    expect(server.counts().connections).to.be.at.most(20);
    while (server.counts().connections > 0) await turn(); // the others never end their message
    await honestCall();
  });

  it('takes calls beside senders that never end a message', async () => {
    await start({ limits: { maxConnectionsPerAddress: 20, maxMessageBytes: 4_096 } });
    const before = process.memoryUsage().rss;
    let closed = 0;
    for (let count = 0; count < 20; count++) {
      const stream = connect(port(), '127.0.0.1');
      streams.push(stream);
      stream.on('error', () => {});
      stream.on('close', () => closed++);
      stream.on('connect', () => {
        stream.write('INVITE sip:a@127.0.0.1 SIP/2.0\r\n');
        const timer = setInterval(() => stream.write('X: y\r\n'.repeat(20)), 5);
        stream.on('close', () => clearInterval(timer));
      });
    }
    await honestCall();
    while (closed < 20) await turn();
    expect(server.counts().connections).to.equal(0);
    expect(process.memoryUsage().rss - before).to.be.below(100 * MIB);
  });

  describe('by sipvicious', () => {
    before(function () {
      const { error } = spawnSync('svmap', ['--version']);
      if (error) skipBecause(this, 'svmap is not installed (Debian package sipvicious)');
    });

    /** @returns what it printed */
    async function run(program: string, args: readonly string[]): Promise<string> {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes: Buffer) => (printed += bytes.toString()));
      await new Promise((resolve) => child.once('close', resolve));
      return printed;
    }

    it('is told nothing that tells extensions apart, and calls go on', async function () {
      this.timeout(60_000);
      await start();
      const map = run('svmap', ['-p', String(port()), '-b', '127.0.0.1', '127.0.0.1']);
      const methods = ['REGISTER', 'OPTIONS', 'INVITE'];
      const wars = methods.map((method) =>
        run('svwar', ['-b', '127.0.0.1', '-p', String(port()), '-m', method, '-e', '100-120', '--force', '127.0.0.1']),
      );
      for (let count = 0; count < 5; count++) await honestCall();
      expect(await map, 'svmap finds what is there to be found').to.include(`127.0.0.1:${port()}`);
      for (const found of await Promise.all(wars)) expect(found).to.not.match(/\b1[0-2][0-9]\b.*(?:noauth|reqauth)/);
      await honestCall();
      await settled();
    });

    it('finds no password where there is none to be found, and calls go on', async function () {
      this.timeout(60_000);
      await start();
      const crack = run('svcrack', ['-b', '127.0.0.1', '-p', String(port()), '-u', '100', '-r', '1-50', '127.0.0.1']);
      for (let count = 0; count < 5; count++) await honestCall();
      expect(await crack).to.not.match(/\b100\b[^\n]*\b(?:[1-9]|[1-4][0-9]|50)\b/);
      await honestCall();
      await settled();
    });
  });
});
