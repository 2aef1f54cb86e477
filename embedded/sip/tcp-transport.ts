import { connect, createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from '../../config/index.ts';
import type { Clock } from './clock.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { StreamConnection } from './stream-connection.ts';
import { plainAddress, type SipTransport, type TransportUser } from './transport.ts';
import type { ListeningPoint, SipHop } from './types.ts';

export interface TcpTransportOptions {
  readonly address: string;
  readonly port: number;
  readonly advertisedAddress?: string | undefined;
  readonly maxMessageBytes: number;
  readonly streamMessageDeadlineMs: number;
  readonly budget: ConnectionBudget;
  readonly user: TransportUser;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Phones behind NAT keep theirs alive; somebody who just holds one open does not. */
const INBOUND_IDLE_MS = 600_000;
/** Longer than any transaction (RFC 3261 section 18). */
const OUTBOUND_IDLE_MS = 64_000;
const WILDCARDS = new Set(['0.0.0.0', '::']);

class TcpTransport implements SipTransport {
  readonly reliable = true;
  readonly listeningPoint: ListeningPoint;
  readonly #options: TcpTransportOptions;
  readonly #server: Server;
  /** By remote address and port, however they came about: one connection serves both directions. */
  readonly #connections = new Map<string, StreamConnection>();
  #stopped: Promise<void> | undefined;

  constructor(server: Server, options: TcpTransportOptions) {
    this.#server = server;
    this.#options = options;
    const { port } = server.address() as AddressInfo;
    const { address, advertisedAddress } = options;
    this.listeningPoint = { protocol: 'tcp', address, port, advertisedAddress: advertisedAddress ?? address };
    server.on('connection', (socket) => this.#onConnection(socket));
    server.on('error', (error) => options.logger.warn({ err: error }, 'error on the SIP TCP server'));
  }

  get connections(): number {
    return this.#connections.size;
  }

  isConnected(peer: { address: string; port: number }): boolean {
    return this.#connections.has(connectionKey(peer));
  }

  send(bytes: Buffer, destination: { address: string; port: number }, onError: (error: Error) => void): void {
    const known = this.#connections.get(connectionKey(destination));
    const connection = known ?? this.#connect(destination);
    if (connection) connection.send(bytes, onError);
    else process.nextTick(onError, new Error('no further SIP connection may be opened'));
  }

  probe(): void {
    // A stream that cannot be opened says so by itself.
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const serverClosed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const connections = [...this.#connections.values()];
    for (const connection of connections) connection.close('the transport stops');
    await Promise.all([serverClosed, ...connections.map((connection) => connection.closed)]);
  }

  #onConnection(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();
    const peer: SipHop = { protocol: 'tcp', address: plainAddress(remoteAddress), port: remotePort };
    if (!this.#options.user.accepts(peer) || !this.#options.budget.take(peer.address)) return void socket.destroy();
    this.#adopt(socket, peer, INBOUND_IDLE_MS);
  }

  #connect(destination: { address: string; port: number }): StreamConnection | undefined {
    const { address, budget } = this.#options;
    if (this.#stopped || !budget.take(destination.address)) return undefined;
    const local = WILDCARDS.has(address) ? {} : { localAddress: address };
    const family = isIPv6(destination.address) ? 6 : 4;
    const socket = connect({ host: destination.address, port: destination.port, family, ...local });
    return this.#adopt(socket, { protocol: 'tcp', ...destination }, OUTBOUND_IDLE_MS);
  }

  #adopt(socket: Socket, peer: SipHop, idleMs: number): StreamConnection {
    const { clock, logger, maxMessageBytes, streamMessageDeadlineMs, user, budget } = this.#options;
    const key = connectionKey(peer);
    const connection = new StreamConnection({
      socket,
      peer,
      clock,
      logger,
      maxMessageBytes,
      messageDeadlineMs: streamMessageDeadlineMs,
      idleMs,
      onMessage: (bytes, source) => user.onMessage(bytes, source, this.listeningPoint),
      onClosed: () => {
        if (this.#connections.get(key) === connection) this.#connections.delete(key);
        budget.release(peer.address);
      },
    });
    this.#connections.set(key, connection);
    return connection;
  }
}

function connectionKey(peer: { address: string; port: number }): string {
  return `${peer.address} ${peer.port}`;
}

export async function openTcpTransport(options: TcpTransportOptions): Promise<SipTransport> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new TcpTransport(server, options);
}
