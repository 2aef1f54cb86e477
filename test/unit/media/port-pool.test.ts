import { expect } from 'chai';
import { PortPool, type PortPair } from '../../../embedded/media/worker/port-pool.ts';
import type { UdpNetwork, UdpPort } from '../../../embedded/media/worker/udp-port.ts';

/** Ports that exist in a table only. */
class FakeNetwork implements UdpNetwork {
  readonly kind = 'dgram';
  readonly bound = new Set<number>();
  readonly taken = new Set<number>();
  #next = 50_001;

  async open(address: string, wanted: number): Promise<UdpPort> {
    while (this.taken.has(this.#next)) this.#next++;
    const port = wanted === 0 ? this.#next++ : wanted;
    if (this.bound.has(port) || this.taken.has(port)) throw new Error('EADDRINUSE');
    this.bound.add(port);
    return { address, port, send: () => undefined, close: async () => void this.bound.delete(port) };
  }

  poll(): void {
    // nothing to read
  }

  closeAll(): void {
    // nothing to free
  }
}

const listeners = { rtp: () => undefined, rtcp: () => undefined };

function bench(range: [number, number], quarantineMs = 0) {
  const network = new FakeNetwork();
  const time = { nowMs: 0 };
  const pool = new PortPool({ range, quarantineMs, network, now: () => time.nowMs });
  const take = (): Promise<PortPair> => pool.take('127.0.0.1', listeners);
  const number = (): Promise<number | string> =>
    take().then(
      ({ rtp }) => rtp.port,
      (error: unknown) => (error as { code: string }).code,
    );
  return { network, time, pool, take, number };
}

describe('port pool', () => {
  it('gives every even port of its range once, with the next for RTCP, in no order one could guess', async () => {
    const { number, network } = bench([20_001, 20_200]);
    const ports: (number | string)[] = [];
    for (let n = 0; n < 99; n++) ports.push(await number());
    expect([...ports].sort()).to.deep.equal(Array.from({ length: 99 }, (_, n) => 20_002 + 2 * n));
    expect(ports).to.not.deep.equal([...ports].sort());
    expect(await number()).to.equal('media/no-free-port');
    expect(network.bound.size).to.equal(198);
  });

  it('steps over ports that others hold, and leaves none half taken', async () => {
    const { number, network } = bench([20_000, 20_005]);
    network.taken.add(20_000).add(20_003);
    expect(await number()).to.equal(20_004);
    expect(await number()).to.equal('media/no-free-port');
    expect([...network.bound].sort()).to.deep.equal([20_004, 20_005]);
  });

  it('lets a port rest before it is used again', async () => {
    const { number, take, pool, time, network } = bench([20_000, 20_001], 30_000);
    await pool.give(await take());
    expect(network.bound.size).to.equal(0);
    time.nowMs = 29_999;
    expect(await number()).to.equal('media/no-free-port');
    time.nowMs = 30_000;
    expect(await number()).to.equal(20_000);
  });

  it('does not give one port to two who ask at once', async () => {
    const { number } = bench([20_000, 20_003]);
    expect((await Promise.all([number(), number(), number()])).sort()).to.deep.equal([
      20_000,
      20_002,
      'media/no-free-port',
    ]);
  });

  it('finds an even pair when the system chooses', async () => {
    const { number, network } = bench([0, 0]);
    network.taken.add(50_003);
    expect(await number()).to.equal(50_004);
    expect([...network.bound].sort()).to.deep.equal([50_004, 50_005]);
  });
});
