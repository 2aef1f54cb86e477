import { expect } from 'chai';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createDtlsCertificate } from '../../../embedded/media/webrtc/certificate.ts';
import { ArrivalClock } from '../../../embedded/media/worker/arrival-clock.ts';
import { engineNow } from '../../../embedded/media/worker/engine-clock.ts';
import { chooseNetwork } from '../../../embedded/media/worker/choose-network.ts';
import { textOfIpv6 } from '../../../embedded/media/worker/socket-address.ts';
import type { UdpNetwork } from '../../../embedded/media/worker/udp-port.ts';

const batchedKnown = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
const descriptors = (): number => readdirSync('/proc/self/fd').length;

interface Heard {
  readonly text: string;
  readonly address: string;
  readonly port: number;
  readonly atMs: number | undefined;
}

const UNWANTED: Heard = { text: 'heard at the old place', address: '', port: 0, atMs: 0 };

for (const kind of ['dgram', 'batched'] as const) {
  const suite = kind === 'dgram' || batchedKnown ? describe : describe.skip;
  suite(`UDP by ${kind}${batchedKnown ? '' : ' (batched needs Linux on x64 or arm64)'}`, () => {
    let network: UdpNetwork;
    let heard: Heard[];
    let phones: Socket[];

    const listener = (bytes: Buffer, address: string, port: number, atMs?: number): void =>
      void heard.push({ text: bytes.toString('latin1'), address, port, atMs });
    const until = async (count: number): Promise<void> => {
      for (const deadline = performance.now() + 3000; heard.length < count;) {
        if (performance.now() > deadline) throw new Error(`${heard.length} of ${count} came`);
        network.poll();
        await delay(2);
      }
    };
    const phone = async (address = '127.0.0.1'): Promise<Socket> => {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4').bind(0, address);
      await once(socket, 'listening');
      phones.push(socket);
      return socket;
    };
    const code = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'no error',
        (error: unknown) => String(error),
      );

    beforeEach(() => {
      network = chooseNetwork(kind);
      heard = [];
      phones = [];
    });
    afterEach(() => phones.forEach((socket) => socket.close()));

    it('is what was asked for', () => expect(network.kind).to.equal(kind));

    for (const address of ['127.0.0.1', '::1']) {
      it(`receives and sends over ${address}, and tells who sent`, async () => {
        const [port, peer] = [await network.open(address, 0, listener), await phone(address)];
        expect(port.address).to.equal(address);
        peer.send('to us', port.port, address);
        await until(1);
        expect(heard[0]).to.include({ text: 'to us', address, port: peer.address().port });
        const answered = once(peer, 'message');
        const bytes = Buffer.from('answer');
        port.send(bytes, address, peer.address().port);
        bytes.fill(0);
        const [answer, from] = (await answered) as [Buffer, { address: string; port: number }];
        expect(answer.toString()).to.equal('answer');
        expect(from).to.include({ address, port: port.port });
        await port.close();
      });
    }

    it('hands over a burst whole and in order, from several at once, of every length', async () => {
      const port = await network.open('127.0.0.1', 0, listener);
      const [first, second] = [await phone(), await phone()];
      for (let n = 0; n < 40; n++) {
        first.send(`a${n}`.padEnd(1 + n * 10, '.'), port.port, '127.0.0.1');
        second.send(`b${n}`, port.port, '127.0.0.1');
      }
      await until(80);
      for (const [letter, socket] of [
        ['a', first],
        ['b', second],
      ] as const) {
        const of = heard.filter(({ port: from }) => from === socket.address().port);
        expect(of.map(({ text }) => text.replaceAll('.', ''))).to.deep.equal(
          Array.from({ length: 40 }, (_, n) => `${letter}${n}`),
        );
        if (letter === 'a')
          expect(of.map(({ text }) => text.length).slice(1)).to.deep.equal(
            of.slice(1).map((_, n) => Math.max(2, 11 + n * 10)),
          );
      }
      await port.close();
    });

    it('survives an empty datagram, one that is too long, and peers that are not there', async () => {
      const [port, peer] = [await network.open('127.0.0.1', 0, listener), await phone()];
      const nobody = await phone();
      const gone = nobody.address().port;
      phones.splice(phones.indexOf(nobody), 1);
      nobody.close();
      for (let n = 0; n < 5; n++) port.send(Buffer.from('hello?'), '127.0.0.1', gone);
      port.send(Buffer.from('nowhere'), 'rubbish', 5);
      port.send(Buffer.from('nowhere'), '::1', 5);
      peer.send('', port.port, '127.0.0.1');
      peer.send(Buffer.alloc(20_000, 'x'), port.port, '127.0.0.1');
      peer.send('after', port.port, '127.0.0.1');
      await until(3);
      expect(heard.map(({ text }) => text.length > 1600 || text)).to.deep.equal(['', true, 'after']);
      await port.close();
    });

    it('refuses a port that is taken and an address that is not ours, and keeps nothing open', async () => {
      const port = await network.open('127.0.0.1', 0, listener);
      const before = descriptors();
      expect(await code(network.open('127.0.0.1', port.port, listener))).to.contain('EADDRINUSE');
      expect(await code(network.open('203.0.113.1', 0, listener))).to.contain('EADDRNOTAVAIL');
      // dgram closes a moment later.
      await delay(5);
      expect(descriptors()).to.equal(before);
      await port.close();
    });

    it('leaves no descriptor behind of fifty ports, closed twice, and is silent afterwards', async () => {
      const peer = await phone();
      // The first use may open what Node keeps for good.
      await (await network.open('127.0.0.1', 0, listener)).close();
      await delay(1);
      const before = descriptors();
      const ports = await Promise.all(Array.from({ length: 50 }, () => network.open('127.0.0.1', 0, listener)));
      expect(descriptors()).to.be.at.least(before + 50);
      for (const port of ports) peer.send('early', port.port, '127.0.0.1');
      await Promise.all([...ports, ...ports].map((port) => port.close()));
      for (const port of ports) port.send(Buffer.from('late'), '127.0.0.1', peer.address().port);
      network.poll();
      await delay(5);
      network.poll();
      // Fewer, when something of another test was just being closed.
      expect(descriptors()).to.be.at.most(before);
      expect(heard.filter(({ text }) => text === 'late')).to.deep.equal([]);
    });

    it('may be closed by its own listener', async () => {
      const peer = await phone();
      const port = await network.open('127.0.0.1', 0, (bytes, address, from) => {
        listener(bytes, address, from);
        void port.close();
      });
      for (const text of ['one', 'two']) peer.send(text, port.port, '127.0.0.1');
      await until(1);
      await delay(5);
      network.poll();
      expect(heard.map(({ text }) => text)).to.deep.equal(['one']);
    });

    it('gives a port to another network: the same number, heard and sent from there', async () => {
      const other = chooseNetwork(kind);
      const [port, peer] = [await network.open('127.0.0.1', 0, () => heard.push(UNWANTED)), await phone()];
      const travelling = await port.depart();
      if (kind === 'batched') await new Promise((sent) => peer.send('on its way', port.port, '127.0.0.1', sent));
      const arrived = await other.arrive(structuredClone(travelling), listener);
      expect(arrived).to.include({ address: '127.0.0.1', port: port.port });
      await new Promise((sent) => peer.send('arrived', port.port, '127.0.0.1', sent));
      const wanted = kind === 'batched' ? ['on its way', 'arrived'] : ['arrived'];
      for (const end = performance.now() + 3000; heard.length < wanted.length && performance.now() < end;) {
        network.poll();
        other.poll();
        await delay(2);
      }
      expect(heard.map(({ text }) => text)).to.deep.equal(wanted);
      const answered = once(peer, 'message');
      port.send(Buffer.from('from the old place'), '127.0.0.1', peer.address().port);
      arrived.send(Buffer.from('from the new one'), '127.0.0.1', peer.address().port);
      expect(String((await answered)[0])).to.equal('from the new one');
      await port.close();
      await arrived.close();
      const again = await network.open('127.0.0.1', port.port, listener);
      await again.close();
    });

    it('keeps to one peer, and lets go of it', async () => {
      const port = await network.open('127.0.0.1', 0, listener);
      const [friend, stranger] = [await phone(), await phone()];
      const say = (from: Socket, text: string): Promise<unknown> =>
        new Promise((sent) => from.send(text, port.port, '127.0.0.1', sent));
      const hears = (to: Socket): Promise<string> => once(to, 'message').then(([bytes]) => String(bytes));
      port.keepTo({ address: '127.0.0.1', port: friend.address().port });
      await say(stranger, 'stranger');
      await say(friend, 'friend');
      await until(1);
      if (kind === 'batched') expect(heard.map(({ text }) => text)).to.deep.equal(['friend']);
      const answer = hears(friend);
      port.send(Buffer.from('to the friend'), '127.0.0.1', friend.address().port);
      expect(await answer).to.equal('to the friend');
      const other = hears(stranger);
      port.send(Buffer.from('to the other'), '127.0.0.1', stranger.address().port);
      expect(await other, 'who sends elsewhere keeps to nobody').to.equal('to the other');
      port.keepTo({ address: '127.0.0.1', port: friend.address().port });
      port.keepTo(undefined);
      heard = [];
      await say(stranger, 'stranger');
      await until(1);
      expect(heard[0]).to.include({ text: 'stranger', port: stranger.address().port });
      await port.close();
    });

    it('bears that the peer it keeps to is not there', async () => {
      const port = await network.open('127.0.0.1', 0, listener);
      const peer = await phone();
      const { port: number } = peer.address();
      port.keepTo({ address: '127.0.0.1', port: number });
      phones.splice(phones.indexOf(peer), 1);
      await new Promise<void>((closed) => peer.close(closed));
      for (let n = 0; n < 5; n++) {
        port.send(Buffer.from('nobody hears this'), '127.0.0.1', number);
        network.poll();
        await delay(2);
      }
      const again = createSocket('udp4').bind(number, '127.0.0.1');
      await once(again, 'listening');
      phones.push(again);
      again.send('here again', port.port, '127.0.0.1');
      await until(1);
      const answer = once(again, 'message');
      for (let n = 0; n < 3; n++) port.send(Buffer.from('welcome'), '127.0.0.1', number);
      expect(String((await answer)[0])).to.equal('welcome');
      await port.close();
    });

    it('closes what found no other place', async () => {
      const port = await network.open('127.0.0.1', 0, listener);
      network.abandon(await port.depart());
      const again = await network.open('127.0.0.1', port.port, listener);
      await again.close();
    });
  });
}

(batchedKnown ? describe : describe.skip)('batched UDP', () => {
  it('tells when a packet came, not when it was read', async () => {
    const network = chooseNetwork('batched');
    const arrivals: number[] = [];
    const port = await network.open('127.0.0.1', 0, (_bytes, _address, _port, atMs) => arrivals.push(atMs ?? NaN));
    network.poll();
    const peer = createSocket('udp4');
    for (let n = 0; n < 3; n++) {
      await new Promise((sent) => peer.send('x', port.port, '127.0.0.1', sent));
      await delay(30);
    }
    const readAtMs = engineNow();
    network.poll();
    expect(arrivals).to.have.length(3);
    expect(readAtMs - arrivals[0]!).to.be.greaterThan(85);
    expect(arrivals[1]! - arrivals[0]!).to.be.greaterThan(25);
    expect(readAtMs - arrivals[2]!).to.be.within(25, 1000);
    await port.close();
    peer.close();
  });

  it('gives its sockets back when the thread that made them dies', async () => {
    const start = new URL('../../../embedded/media/worker/start.mjs', import.meta.url);
    const worker = new Worker(start, {
      execArgv: [],
      workerData: { settings: { udp: 'batched', certificate: createDtlsCertificate() } },
    });
    const before = descriptors();
    const ask = { address: '127.0.0.1', port: 0, inactivityTimeoutSeconds: 0 };
    for (let id = 1; id <= 5; id++) {
      worker.postMessage({ kind: 'request', id, name: 'open-port', ask: { ...ask, portId: `${id}` } });
      const [answer] = (await once(worker, 'message')) as [{ answer: { localPort: number } }];
      expect(answer.answer.localPort).to.be.greaterThan(0);
    }
    expect(descriptors()).to.be.at.least(before + 10);
    const died = once(worker, 'error');
    // No order of the engine: the worker's table has no such entry, and what is thrown outside of it ends the thread.
    worker.postMessage(null);
    await died;
    await once(worker, 'exit');
    expect(descriptors()).to.be.lessThan(before + 5);
  });
});

describe('clock of arrivals', () => {
  it('lays the kernel time on ours within the rounding, whatever happens to the system time', () => {
    const clock = new ArrivalClock();
    // True distance 1,000,000.9 ms; Date.now cuts the fraction off.
    for (let nowMs = 0; nowMs < 1000; nowMs += 20.3) clock.adjust(Math.floor(1_000_000.9 + nowMs), nowMs);
    clock.adjust(Math.floor(1_000_000.9 + 1000), 1000);
    expect(clock.monotonic(1_000_990.9)).to.be.within(989.9, 991.1);
    expect(clock.monotonic(undefined)).to.equal(1000);
    expect(clock.monotonic(1_005_000), 'in the future').to.equal(1000);
    expect(clock.monotonic(900_000), 'long ago').to.equal(1000);
    clock.adjust(500_020, 1020);
    expect(clock.monotonic(500_010), 'the system time was set back').to.be.within(1009, 1011);
    clock.adjust(9_001_040, 1040);
    expect(clock.monotonic(9_001_030), 'the system time was set forward').to.be.within(1029, 1031);
  });
});

describe('IPv6 addresses as text', () => {
  for (const [bytes, text] of [
    ['00000000000000000000000000000001', '::1'],
    ['00000000000000000000000000000000', '::'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000100020003000400050006', '2001:db8:1:2:3:4:5:6'],
    ['20010db8000000010000000000000001', '2001:db8:0:1::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['00000000000000000000ffffc0000201', '::ffff:192.0.2.1'],
  ] as const) {
    it(`are written as ${text}`, () => expect(textOfIpv6(Buffer.from(bytes, 'hex'))).to.equal(text));
  }
});
