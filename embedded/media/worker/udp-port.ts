/**
 * UDP as the engine needs it. `dgram` is the portable way; another implementation may gather what is sent during a tick
 * and read many datagrams at once: `poll` comes before a tick, `flush` after it.
 */
import { createSocket, type Socket } from 'node:dgram';

export type DatagramListener = (bytes: Buffer, address: string, port: number) => void;

export interface UdpPort {
  readonly address: string;
  readonly port: number;
  /** Never throws; a packet that cannot be sent is lost, as on the network. `bytes` may not be changed afterwards. */
  send(bytes: Buffer, address: string, port: number): void;
  /** Idempotent. Resolves when the port is free. */
  close(): Promise<void>;
}

export interface UdpNetwork {
  /** @throws (rejects) when the port is taken or the address is not ours. Port 0 = any. */
  open(address: string, port: number, listener: DatagramListener): Promise<UdpPort>;
  /** Hands over what arrived since the last time, if it was not handed over at once. */
  poll(): void;
  /** Sends what was gathered. */
  flush(): void;
}

/** Addresses are always literals here: no name is looked up for each packet. */
function literalLookup(
  host: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, host, host.includes(':') ? 6 : 4);
}

export class DgramNetwork implements UdpNetwork {
  open(address: string, port: number, listener: DatagramListener): Promise<UdpPort> {
    const type = address.includes(':') ? 'udp6' : 'udp4';
    const socket = createSocket({ type, lookup: literalLookup });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject);
        // An unreachable peer is no reason to end; its silence is noticed elsewhere.
        socket.on('error', () => undefined);
        socket.on('message', (bytes, from) => listener(bytes, from.address, from.port));
        resolve(new DgramPort(socket));
      });
    });
  }

  poll(): void {
    // dgram hands over each datagram as it comes.
  }

  flush(): void {
    // dgram sends at once.
  }
}

class DgramPort implements UdpPort {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    ({ address: this.address, port: this.port } = socket.address());
  }

  send(bytes: Buffer, address: string, port: number): void {
    if (!this.#closed) this.#socket.send(bytes, port, address);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }
}
