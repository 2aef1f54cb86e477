/**
 * UDP as the engine needs it: `dgram` hands over each datagram as it comes, the batched one (batched-network.ts) those that
 * wait when it is polled, once a tick.
 */

/**
 * @param bytes may be read during the call only: what is kept has to be copied
 * @param atMs when it came (engineNow); absent = now
 */
export type DatagramListener = (bytes: Buffer, address: string, port: number, atMs?: number) => void;

export interface UdpPort {
  readonly address: string;
  readonly port: number;
  /** Never throws; a packet that cannot be sent is lost, as on the network. `bytes` may be used again at once. */
  send(bytes: Uint8Array, address: string, port: number): void;
  /**
   * From now on only packets from this address are wanted, and all are sent there: a hint, by which the system may refuse
   * others by itself. What was waiting already may still come. Without an address everybody is listened to again.
   */
  keepTo(peer: { readonly address: string; readonly port: number } | undefined): void;
  /** Idempotent. Resolves when the port is free. */
  close(): Promise<void>;
  /** Gives the socket away, to be taken by another thread's network with `arrive`. This port is closed then. */
  depart(): Promise<TravellingSocket>;
}

/** A socket between two threads. Without a descriptor it was closed and is bound again: what came meanwhile is lost. */
export interface TravellingSocket {
  readonly address: string;
  readonly port: number;
  /** Open, and nobody's until somebody takes it or closes it. */
  readonly fd?: number;
  /** It is connected to somebody. */
  readonly kept?: boolean;
}

export interface UdpNetwork {
  readonly kind: 'batched' | 'dgram';
  /** @throws (rejects) when the port is taken or the address is not ours. Port 0 = any. */
  open(address: string, port: number, listener: DatagramListener): Promise<UdpPort>;
  /** Takes what another thread gave away. @throws (rejects) when the port was taken by somebody else meanwhile */
  arrive(socket: TravellingSocket, listener: DatagramListener): Promise<UdpPort>;
  /** Closes what was given away and found no other place. */
  abandon(socket: TravellingSocket): void;
  /** Hands over what arrived since the last time, if it was not handed over at once. */
  poll(): void;
  /** Frees at once what the system would not take back when the thread dies. Idempotent. */
  closeAll(): void;
}
