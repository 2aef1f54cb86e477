/** The one place where datagrams enter and leave, so that a batched implementation can take its place. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface DatagramSocket {
  readonly address: string;
  readonly port: number;
  /** `onError` is never called before this returns. */
  send(bytes: Buffer, port: number, address: string, onError: (error: Error) => void): void;
  /** Resolves when the port is free. */
  close(): Promise<void>;
}

export interface DatagramSocketOptions {
  readonly address: string;
  /** 0: the operating system chooses. */
  readonly port: number;
  /** `bytes` may be kept. */
  readonly onDatagram: (bytes: Buffer, address: string, port: number) => void;
  readonly onError: (error: Error) => void;
}

export type OpenDatagramSocket = (options: DatagramSocketOptions) => Promise<DatagramSocket>;

const RECEIVE_BUFFER_BYTES = 1_048_576; // a burst of a thousand INVITEs while the process collects garbage

export const openNodeDatagramSocket: OpenDatagramSocket = async (options) => {
  const socket = createSocket({
    type: isIPv6(options.address) ? 'udp6' : 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
  });
  socket.on('message', (bytes, sender) => options.onDatagram(bytes, sender.address, sender.port));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(options.port, options.address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('error', options.onError);
  const bound = socket.address();
  let closed: Promise<void> | undefined;
  return {
    address: bound.address,
    port: bound.port,
    send(bytes, port, address, onError) {
      const report = (error: Error | null) => {
        if (error) onError(error);
      };
      if (closed) process.nextTick(report, new Error('the socket is closed'));
      else socket.send(bytes, port, address, report);
    },
    close() {
      closed ??= new Promise((resolve) => socket.close(() => resolve()));
      return closed;
    },
  };
};
