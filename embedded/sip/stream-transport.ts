/** TCP, TLS and WebSocket, plain and secure: one listening port and the connections of both directions. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from '../../config/index.ts';
import type { Clock } from './clock.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { handshakesFor, type Handshakes, type Link, type StreamProtocol } from './handshakes.ts';
import type { SipConnection } from './sip-connection.ts';
import { StreamConnection } from './stream-connection.ts';
import { plainAddress, type Destination, type SipTransport, type TransportUser } from './transport.ts';
import type { ListeningPoint, SipHop, TlsOptions } from './types.ts';
import { WebSocketConnection } from './websocket-connection.ts';

export interface StreamTransportOptions {
  readonly protocol: StreamProtocol;
  readonly address: string;
  readonly port: number;
  readonly advertisedAddress?: string | undefined;
  readonly tls?: TlsOptions | undefined;
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

class StreamTransport implements SipTransport {
  readonly reliable = true;
  readonly listeningPoint: ListeningPoint;
  readonly #options: StreamTransportOptions;
  readonly #server: Server;
  readonly #handshakes: Handshakes;
  /** By remote address and port, however they came about: one connection serves both directions. */
  readonly #connections = new Map<string, SipConnection>();
  /** Accepted sockets, also those whose handshake is not over. */
  readonly #accepted = new Map<Socket, Promise<void>>();
  #stopped: Promise<void> | undefined;

  constructor(server: Server, handshakes: Handshakes, options: StreamTransportOptions) {
    this.#server = server;
    this.#handshakes = handshakes;
    this.#options = options;
    const { port } = server.address() as AddressInfo;
    const { protocol, address, advertisedAddress } = options;
    this.listeningPoint = { protocol, address, port, advertisedAddress: advertisedAddress ?? address };
    server.on('connection', (socket) => this.#onConnection(socket));
    server.on('error', (error) => options.logger.warn({ err: error, protocol }, 'error on a SIP server socket'));
  }

  get connections(): number {
    return this.#connections.size;
  }

  isConnected(peer: Destination): boolean {
    return this.#connections.has(connectionKey(peer));
  }

  async connect(destination: Destination, deadlineMs: number): Promise<boolean> {
    const connection = this.#connectionTo(destination);
    if (!connection) return false;
    const timer = this.#options.clock.startTimer('connect', deadlineMs, () => connection.close('no answer in time'));
    const opened = await connection.opened;
    timer.cancel();
    return opened;
  }

  send(bytes: Buffer, destination: Destination, onError: (error: Error) => void): void {
    const connection = this.#connectionTo(destination);
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
    for (const socket of this.#accepted.keys()) socket.destroy();
    await Promise.all([serverClosed, ...connections.map(({ closed }) => closed), ...this.#accepted.values()]);
  }

  #onConnection(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();
    const { protocol, user, budget } = this.#options;
    const peer: SipHop = { protocol, address: plainAddress(remoteAddress), port: remotePort };
    if (!user.accepts(peer) || !budget.take(peer.address)) return void socket.destroy();
    socket.on('error', () => {}); // told by what lies above it, once that is there
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const gone = closed.then(() => {
      this.#accepted.delete(socket);
      budget.release(peer.address);
    });
    this.#accepted.set(socket, gone);
    this.#shakeHands(socket, peer);
  }

  #shakeHands(socket: Socket, peer: SipHop): void {
    const { clock, streamMessageDeadlineMs } = this.#options;
    const adopt = (link: Link) => void this.#adopt(link, peer, { idleMs: INBOUND_IDLE_MS, onClosed: () => {} });
    if (this.#handshakes.immediate) {
      this.#handshakes.accept(socket, adopt);
      return;
    }
    const timer = clock.startTimer('handshake', streamMessageDeadlineMs, () => socket.destroy());
    socket.once('close', () => timer.cancel());
    this.#handshakes.accept(socket, (link) => {
      timer.cancel();
      adopt(link);
    });
  }

  #connectionTo(destination: Destination): SipConnection | undefined {
    return this.#connections.get(connectionKey(destination)) ?? this.#connect(destination);
  }

  #connect(destination: Destination): SipConnection | undefined {
    const { protocol, address, budget } = this.#options;
    if (this.#stopped || !budget.take(destination.address)) return undefined;
    const link = this.#handshakes.connect(destination, WILDCARDS.has(address) ? undefined : address);
    const onClosed = () => budget.release(destination.address);
    return this.#adopt(link, { protocol, ...destination }, { idleMs: OUTBOUND_IDLE_MS, onClosed });
  }

  #adopt(link: Link, peer: SipHop, { idleMs, onClosed }: { idleMs: number; onClosed: () => void }): SipConnection {
    const { clock, logger, maxMessageBytes, streamMessageDeadlineMs: messageDeadlineMs, user } = this.#options;
    const key = connectionKey(peer);
    const options = {
      ...{ peer, clock, logger, maxMessageBytes, messageDeadlineMs, idleMs },
      isNeeded: () => user.isNeeded(peer),
      onMessage: (bytes: Buffer, source: SipHop) => user.onMessage(bytes, source, this.listeningPoint),
      onClosed: () => {
        if (this.#connections.get(key) === connection) this.#connections.delete(key);
        onClosed();
      },
    };
    const connection: SipConnection =
      link.kind === 'stream'
        ? new StreamConnection({ ...options, socket: link.socket })
        : new WebSocketConnection({ ...options, socket: link.socket, stream: link.stream });
    this.#connections.set(key, connection);
    return connection;
  }
}

/** A connection to another name at the same address proves nothing about this one. */
function connectionKey({ address, port, host }: Destination): string {
  return `${address} ${port} ${host ?? ''}`.trimEnd();
}

/** @throws the operating system's error when the port cannot be bound; TLS's, when the certificate is of no use */
export async function openStreamTransport(options: StreamTransportOptions): Promise<SipTransport> {
  const { protocol, tls, maxMessageBytes, streamMessageDeadlineMs: deadlineMs } = options;
  const handshakes = handshakesFor({ protocol, tls, maxMessageBytes, deadlineMs });
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new StreamTransport(server, handshakes, options);
}
