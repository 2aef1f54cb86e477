import type { Logger } from '../../config/index.ts';
import { openNodeDatagramSocket, type DatagramSocket, type OpenDatagramSocket } from './datagram-socket.ts';
import { plainAddress, type SipTransport, type TransportUser } from './transport.ts';
import type { ListeningPoint, SipHop } from './types.ts';

export interface UdpTransportOptions {
  readonly address: string;
  readonly port: number;
  readonly advertisedAddress?: string | undefined;
  readonly maxMessageBytes: number;
  readonly user: TransportUser;
  readonly logger: Logger;
  readonly openDatagramSocket?: OpenDatagramSocket | undefined;
}

/** Shorter datagrams are keep-alives or nothing at all (RFC 5626 section 4.4; STUN on this port is not answered). */
const LEAST_MESSAGE_BYTES = 16;

class UdpTransport implements SipTransport {
  readonly reliable = false;
  readonly connections = 0;
  readonly listeningPoint: ListeningPoint;
  readonly #socket: DatagramSocket;

  constructor(socket: DatagramSocket, listeningPoint: ListeningPoint) {
    this.#socket = socket;
    this.listeningPoint = listeningPoint;
  }

  isConnected(): boolean {
    return false;
  }

  connect(): Promise<boolean> {
    return Promise.resolve(false);
  }

  send(bytes: Buffer, destination: { address: string; port: number }, onError: (error: Error) => void): void {
    this.#socket.send(bytes, destination.port, destination.address, onError);
  }

  probe(destination: { address: string; port: number }, onUnreachable: (error: Error) => void): void {
    this.#socket.probe(destination.port, destination.address, onUnreachable);
  }

  stop(): Promise<void> {
    return this.#socket.close();
  }
}

/** @throws the operating system's error when the port cannot be bound */
export async function openUdpTransport(options: UdpTransportOptions): Promise<SipTransport> {
  const { address, advertisedAddress = address, maxMessageBytes, user, logger } = options;
  const bound: { point?: ListeningPoint } = {};
  const socket = await (options.openDatagramSocket ?? openNodeDatagramSocket)({
    address,
    port: options.port,
    onError: (error) => logger.warn({ err: error }, 'error on the SIP UDP socket'),
    onDatagram(bytes, senderAddress, senderPort) {
      if (bytes.length < LEAST_MESSAGE_BYTES || bytes.length > maxMessageBytes || !bound.point) return;
      const source: SipHop = { protocol: 'udp', address: plainAddress(senderAddress), port: senderPort };
      if (senderPort !== 0 && user.accepts(source)) user.onMessage(bytes, source, bound.point);
    },
  });
  bound.point = { protocol: 'udp', address, port: socket.port, advertisedAddress };
  return new UdpTransport(socket, bound.point);
}
