import { expect } from 'chai';
import { PortNumbers } from '../../../embedded/media/port-numbers.ts';
import { arrivePair, openPair } from '../../../embedded/media/worker/port-pair.ts';
import type { TravellingSocket, UdpNetwork, UdpPort } from '../../../embedded/media/worker/udp-port.ts';

/** Ports that exist in a table only. */
class FakeNetwork implements UdpNetwork {
  readonly kind = 'dgram';
  readonly bound = new Set<number>();
  readonly taken = new Set<number>();
  readonly abandoned: number[] = [];
  #next = 50_001;

  async open(address: string, wanted: number): Promise<UdpPort> {
    while (this.taken.has(this.#next)) this.#next++;
    const port = wanted === 0 ? this.#next++ : wanted;
    if (this.bound.has(port) || this.taken.has(port)) throw new Error('EADDRINUSE');
    this.bound.add(port);
    const close = async (): Promise<void> => void this.bound.delete(port);
    const depart = async (): Promise<TravellingSocket> => ({ address, port });
    return { address, port, send: () => undefined, keepTo: () => undefined, close, depart };
  }

  arrive({ address, port }: TravellingSocket): Promise<UdpPort> {
    return this.open(address, port);
  }

  abandon({ port }: TravellingSocket): void {
    this.abandoned.push(port);
  }

  poll(): void {
    // nothing to read
  }

  closeAll(): void {
    // nothing to free
  }
}

const listeners = { rtp: () => undefined, rtcp: () => undefined };

function numbersOf(range: [number, number], quarantineMs = 0) {
  const time = { nowMs: 0 };
  const numbers = new PortNumbers({ range, quarantineMs, now: () => time.nowMs });
  const take = (): number | undefined => numbers.candidates().next().value as number | undefined;
  return { time, numbers, take };
}

describe('port numbers', () => {
  it('are every even one of the range once, in no order one could guess', () => {
    const { take } = numbersOf([20_001, 20_200]);
    const ports = Array.from({ length: 99 }, take);
    expect([...ports].sort()).to.deep.equal(Array.from({ length: 99 }, (_, n) => 20_002 + 2 * n));
    expect(ports).to.not.deep.equal([...ports].sort());
    expect(take()).to.equal(undefined);
  });

  it('go on to the next when one cannot be bound', () => {
    const { numbers } = numbersOf([20_000, 20_005]);
    const tried: number[] = [];
    for (const port of numbers.candidates()) {
      tried.push(port);
      numbers.giveUp(port);
    }
    expect(tried.sort()).to.deep.equal([20_000, 20_002, 20_004]);
    expect([...numbers.candidates()], 'they may be tried again').to.have.length(3);
  });

  it('rest before they are used again', () => {
    const { numbers, take, time } = numbersOf([20_000, 20_001], 30_000);
    numbers.giveBack(take()!);
    time.nowMs = 29_999;
    expect(take()).to.equal(undefined);
    time.nowMs = 30_000;
    expect(take()).to.equal(20_000);
  });

  it('are the operating system’s affair when it is to choose', () => {
    const { numbers, take } = numbersOf([0, 0]);
    expect([...numbers.candidates()]).to.deep.equal([0]);
    expect(take()).to.equal(0);
  });
});

describe('pair of ports', () => {
  const number = (network: UdpNetwork, port: number): Promise<number | string> =>
    openPair(network, '127.0.0.1', port, listeners).then(
      ({ rtp }) => rtp.port,
      (error: unknown) => (error as { code: string }).code,
    );

  it('is RTP and the next for RTCP', async () => {
    const network = new FakeNetwork();
    expect(await number(network, 20_000)).to.equal(20_000);
    expect([...network.bound].sort()).to.deep.equal([20_000, 20_001]);
  });

  it('is never half taken', async () => {
    const network = new FakeNetwork();
    network.taken.add(20_000).add(20_003);
    expect(await number(network, 20_000)).to.equal('media/no-free-port');
    expect(await number(network, 20_002)).to.equal('media/no-free-port');
    expect([...network.bound]).to.deep.equal([]);
  });

  it('is even when the system chooses', async () => {
    const network = new FakeNetwork();
    network.taken.add(50_003);
    expect(await number(network, 0)).to.equal(50_004);
    expect([...network.bound].sort()).to.deep.equal([50_004, 50_005]);
  });

  it('arrives whole or not at all', async () => {
    const network = new FakeNetwork();
    const pair = { rtp: { address: '', port: 20_000 }, rtcp: { address: '', port: 20_001 } };
    network.taken.add(20_001);
    const refused = await arrivePair(network, pair, listeners).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'media/no-free-port');
    expect([...network.bound]).to.deep.equal([]);
    expect(network.abandoned).to.deep.equal([20_001]);
    network.taken.clear();
    expect((await arrivePair(network, pair, listeners)).rtcp.port).to.equal(20_001);
  });
});
