/** Pairs of UDP ports (RTP even, RTCP the next), taken at random from the range and rested before they are used again. */
import { randomInt } from 'node:crypto';
import { MediaError } from '../errors.ts';
import type { DatagramListener, UdpNetwork, UdpPort } from './udp-port.ts';

export interface PortPair {
  readonly rtp: UdpPort;
  readonly rtcp: UdpPort;
}

export interface PortPoolOptions {
  /** Inclusive; [0, 0] = the operating system chooses. */
  readonly range: readonly [number, number];
  readonly quarantineMs: number;
  readonly network: UdpNetwork;
  readonly now: () => number;
}

export interface PortListeners {
  readonly rtp: DatagramListener;
  readonly rtcp: DatagramListener;
}

const SYSTEM_CHOICES = 64;

export class PortPool {
  readonly #options: PortPoolOptions;
  readonly #inUse = new Set<number>();
  /** Port to the time from which on it may be used. */
  readonly #resting = new Map<number, number>();

  constructor(options: PortPoolOptions) {
    this.#options = options;
  }

  /** @throws MediaError `media/no-free-port` */
  async take(address: string, listeners: PortListeners): Promise<PortPair> {
    const [low, high] = this.#options.range;
    if (low === 0 && high === 0) return this.#takeFromSystem(address, listeners);
    for (const port of this.#candidates(low, high)) {
      this.#inUse.add(port);
      const pair = await this.#bind(address, port, listeners);
      if (pair) return pair;
      this.#inUse.delete(port);
    }
    throw new MediaError('media/no-free-port', `no free port between ${low} and ${high}`);
  }

  async give(pair: PortPair): Promise<void> {
    await Promise.all([pair.rtp.close(), pair.rtcp.close()]);
    const { port } = pair.rtp;
    this.#inUse.delete(port);
    if (this.#options.quarantineMs > 0) this.#resting.set(port, this.#options.now() + this.#options.quarantineMs);
  }

  /** Even ports of the range that are free and rested, in random order. */
  *#candidates(low: number, high: number): Generator<number> {
    const first = low + (low % 2);
    const count = Math.floor((high - first + 1) / 2);
    if (count <= 0) return;
    for (const index of shuffledIndices(count)) {
      const port = first + 2 * index;
      if (!this.#inUse.has(port) && this.#isRested(port)) yield port;
    }
  }

  #isRested(port: number): boolean {
    const freeAt = this.#resting.get(port);
    if (freeAt === undefined) return true;
    if (this.#options.now() < freeAt) return false;
    this.#resting.delete(port);
    return true;
  }

  async #takeFromSystem(address: string, listeners: PortListeners): Promise<PortPair> {
    for (let attempt = 0; attempt < SYSTEM_CHOICES; attempt++) {
      const probe = await this.#options.network.open(address, 0, listeners.rtp).catch((error: unknown) => {
        throw new MediaError('media/no-free-port', String(error));
      });
      if (probe.port % 2 === 0 && this.#isRested(probe.port)) {
        const rtcp = await this.#options.network.open(address, probe.port + 1, listeners.rtcp).catch(() => undefined);
        if (rtcp) return { rtp: probe, rtcp };
      }
      await probe.close();
    }
    throw new MediaError('media/no-free-port', 'the system gave no pair of ports');
  }

  async #bind(address: string, port: number, listeners: PortListeners): Promise<PortPair | undefined> {
    const rtp = await this.#options.network.open(address, port, listeners.rtp).catch(() => undefined);
    if (!rtp) return undefined;
    const rtcp = await this.#options.network.open(address, port + 1, listeners.rtcp).catch(() => undefined);
    if (rtcp) return { rtp, rtcp };
    await rtp.close();
    return undefined;
  }
}

/** Fisher-Yates, one at a time. */
function* shuffledIndices(count: number): Generator<number> {
  const moved = new Map<number, number>();
  for (let left = count; left > 0; left--) {
    const pick = randomInt(left);
    const last = left - 1;
    yield moved.get(pick) ?? pick;
    moved.set(pick, moved.get(last) ?? last);
  }
}
