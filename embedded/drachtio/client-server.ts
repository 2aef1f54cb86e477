/** Listens for applications. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from '../../config/index.ts';
import type { Clock } from '../sip/index.ts';
import { ClientConnection, type ClientConnectionUser } from './client-connection.ts';
import type { DrachtioLimits } from './limits.ts';

export interface ClientServerOptions {
  readonly address: string;
  readonly port: number;
  readonly secret: string;
  readonly limits: DrachtioLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly user: ClientConnectionUser;
}

export class ClientServer {
  readonly port: number;
  readonly #server: Server;
  readonly #options: ClientServerOptions;
  readonly #connections = new Set<ClientConnection>();
  #stopped: Promise<void> | undefined;

  constructor(server: Server, options: ClientServerOptions) {
    this.#server = server;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#onConnection(socket));
    server.on('error', (error) => options.logger.warn({ err: error }, 'error on the port for drachtio clients'));
  }

  get connections(): number {
    return this.#connections.size;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const serverClosed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const connections = [...this.#connections];
    for (const connection of connections) connection.abort();
    await Promise.all([serverClosed, ...connections.map((connection) => connection.closed)]);
  }

  #onConnection(socket: Socket): void {
    if (this.#connections.size >= this.#options.limits.maxClients) {
      socket.destroy();
      return;
    }
    const connection = new ClientConnection({ ...this.#options, socket });
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
  }
}

/** @throws the operating system's error when the port cannot be bound */
export async function openClientServer(options: ClientServerOptions): Promise<ClientServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new ClientServer(server, options);
}
