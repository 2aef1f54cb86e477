/** The one place where datagrams enter and leave, so that a batched implementation can take its place. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface DatagramSocket {
  readonly address: string;
  readonly port: number;
  /** `onError` is never called before this returns. */
  send(bytes: Buffer, port: number, address: string, onError: (error: Error) => void): void;
  /**
   * Asks the operating system whether anybody listens there: an unconnected socket is never told of ICMP errors, so a
   * keep-alive goes out from a connected one. Silence proves nothing and tells nothing.
   */
  probe(port: number, address: string, onUnreachable: (error: Error) => void): void;
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

const KEEP_ALIVE = Buffer.from('\r\n\r\n');
const PROBE_MS = 500;
const MAX_PROBES = 32;
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
  const probes = new Map<Socket, () => Promise<void>>();
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
    probe(port, address, onUnreachable) {
      if (!closed && probes.size < MAX_PROBES) sendProbe(probes, { port, address, from: bound.address }, onUnreachable);
    },
    close() {
      closed ??= Promise.all([closeSocket(socket), ...[...probes.values()].map((end) => end())]).then(() => {});
      return closed;
    },
  };
};

interface ProbeTarget {
  readonly port: number;
  readonly address: string;
  readonly from: string;
}

function sendProbe(
  probes: Map<Socket, () => Promise<void>>,
  target: ProbeTarget,
  onUnreachable: (error: Error) => void,
): void {
  const probe = createSocket(isIPv6(target.address) ? 'udp6' : 'udp4');
  const end = async () => {
    clearTimeout(timer);
    if (probes.delete(probe)) await closeSocket(probe);
  };
  const timer = setTimeout(() => void end(), PROBE_MS);
  probes.set(probe, end);
  probe.on('error', (error) => {
    void end();
    onUnreachable(error);
  });
  probe.bind(0, target.from, () => {
    probe.connect(target.port, target.address, () => probe.send(KEEP_ALIVE));
  });
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
