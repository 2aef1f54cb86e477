/** What the transaction layer asks of a transport. */
import type { ListeningPoint, SipHop, TransportProtocol } from './types.ts';

export interface TransportUser {
  /** Asked before anything is parsed or, for streams, before a connection is taken. */
  accepts(source: SipHop): boolean;
  /** Asked before a connection nobody has used for long is closed. */
  isNeeded(peer: SipHop): boolean;
  /** One whole message. `bytes` may be kept. */
  onMessage(bytes: Buffer, source: SipHop, receivedOn: ListeningPoint): void;
}

/** Where a transport sends to; see SipHop. */
export type Destination = Omit<SipHop, 'protocol'>;

export interface SipTransport {
  readonly listeningPoint: ListeningPoint;
  /** Streams need no retransmission (RFC 3261 section 17). */
  readonly reliable: boolean;
  /** Open connections, both ways; 0 for datagrams. */
  readonly connections: number;
  /** Is there an open connection to exactly this peer? Never for datagrams. */
  isConnected(peer: Destination): boolean;
  /** Opens a connection unless there is one; false when that fails or takes longer. Never for datagrams. */
  connect(destination: Destination, deadlineMs: number): Promise<boolean>;
  /** `onError` is called at most once, never before this returns. */
  send(bytes: Buffer, destination: Destination, onError: (error: Error) => void): void;
  /** Finds out, where it can, that nobody listens there. Streams need no asking: they fail to connect. */
  probe(destination: Destination, onUnreachable: (error: Error) => void): void;
  /** Idempotent; resolves when the port is free. */
  stop(): Promise<void>;
}

/** The default port of a protocol (RFC 3261 section 18.1.1, RFC 7118): not written into Via. */
export function defaultPort(protocol: TransportProtocol): number {
  switch (protocol) {
    case 'udp':
    case 'tcp':
      return 5060;
    case 'tls':
      return 5061;
    case 'ws':
      return 80;
    case 'wss':
      return 443;
  }
}

/** IPv4 callers of a dual-stack socket are shown as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
