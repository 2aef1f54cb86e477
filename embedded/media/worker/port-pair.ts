/** Two UDP ports that belong together: RTP even, RTCP the next (RFC 3550 section 11). */
import { MediaError } from '../errors.ts';
import type { DatagramListener, TravellingSocket, UdpNetwork, UdpPort } from './udp-port.ts';

export interface PortPair {
  readonly rtp: UdpPort;
  readonly rtcp: UdpPort;
}

export interface PortListeners {
  readonly rtp: DatagramListener;
  readonly rtcp: DatagramListener;
}

/** A pair between two threads. */
export interface TravellingPair {
  readonly rtp: TravellingSocket;
  readonly rtcp: TravellingSocket;
}

const SYSTEM_CHOICES = 64;

/**
 * @param port even; 0 = the operating system chooses
 * @throws MediaError `media/no-free-port`; none is left half taken
 */
export async function openPair(
  network: UdpNetwork,
  address: string,
  port: number,
  listeners: PortListeners,
): Promise<PortPair> {
  for (let attempt = 0; attempt < (port === 0 ? SYSTEM_CHOICES : 1); attempt++) {
    const rtp = await network.open(address, port, listeners.rtp).catch((error: unknown) => {
      throw new MediaError('media/no-free-port', String(error));
    });
    const even = rtp.port % 2 === 0;
    const rtcp = even && (await network.open(address, rtp.port + 1, listeners.rtcp).catch(() => undefined));
    if (rtcp) return { rtp, rtcp };
    await rtp.close();
  }
  throw new MediaError('media/no-free-port', port === 0 ? 'the system gave no pair of ports' : `${port + 1} is taken`);
}

export async function closePair({ rtp, rtcp }: PortPair): Promise<void> {
  await Promise.all([rtp.close(), rtcp.close()]);
}

export async function departPair({ rtp, rtcp }: PortPair): Promise<TravellingPair> {
  return { rtp: await rtp.depart(), rtcp: await rtcp.depart() };
}

/** @throws MediaError `media/no-free-port` when somebody took one of them meanwhile; nothing stays open then */
export async function arrivePair(
  network: UdpNetwork,
  pair: TravellingPair,
  listeners: PortListeners,
): Promise<PortPair> {
  const rtp = await network.arrive(pair.rtp, listeners.rtp).catch(() => undefined);
  const rtcp = await network.arrive(pair.rtcp, listeners.rtcp).catch(() => undefined);
  if (rtp && rtcp) return { rtp, rtcp };
  await Promise.all([rtp?.close(), rtcp?.close()]);
  if (!rtp) network.abandon(pair.rtp);
  if (!rtcp) network.abandon(pair.rtcp);
  throw new MediaError('media/no-free-port', `port ${pair.rtp.port} was taken on its way to another worker`);
}
