/** The portable way: node:dgram, one call of the system and one event for each packet. */
import { createSocket, type Socket } from 'node:dgram';
import type { DatagramListener, TravellingSocket, UdpNetwork, UdpPort } from './udp-port.ts';

/** Addresses are always literals here: no name is looked up for each packet. */
function literalLookup(
  host: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, host, host.includes(':') ? 6 : 4);
}

export class DgramNetwork implements UdpNetwork {
  readonly kind = 'dgram';

  open(address: string, port: number, listener: DatagramListener): Promise<UdpPort> {
    const type = address.includes(':') ? 'udp6' : 'udp4';
    const socket = createSocket({ type, lookup: literalLookup });
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => {
        socket.close();
        reject(error);
      };
      socket.once('error', refuse);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', refuse);
        // An unreachable peer is no reason to end; its silence is noticed elsewhere.
        socket.on('error', () => undefined);
        socket.on('message', (bytes, from) => listener(bytes, from.address, from.port));
        resolve(new DgramPort(socket));
      });
    });
  }

  arrive({ address, port }: TravellingSocket, listener: DatagramListener): Promise<UdpPort> {
    return this.open(address, port, listener);
  }

  abandon(): void {
    // It was closed when it was given away.
  }

  poll(): void {
    // dgram hands over each datagram as it comes.
  }

  closeAll(): void {
    // The sockets end with their thread.
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

  send(bytes: Uint8Array, address: string, port: number): void {
    // dgram keeps the bytes until they are sent.
    if (!this.#closed) this.#socket.send(Buffer.from(bytes), port, address);
  }

  keepTo(): void {
    // Whoever listens refuses others anyhow.
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }

  /** A socket of libuv stays with its thread: the other one binds the port anew. */
  async depart(): Promise<TravellingSocket> {
    await this.close();
    return { address: this.address, port: this.port };
  }
}
