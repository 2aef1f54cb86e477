/** Both servers in process, for one machine: unmodified drachtio-srf and drachtio-fsmrf talk to them over loopback. */
import { randomBytes } from 'node:crypto';
import type { Logger } from '../config/index.ts';
import { startDrachtio, type DrachtioCounts } from './drachtio/index.ts';
import { startFreeswitch, type FreeswitchCounts } from './freeswitch/index.ts';
import type { SourceFilter } from './sip/index.ts';

export { startDrachtio, type DrachtioCounts, type DrachtioOptions, type DrachtioServer } from './drachtio/index.ts';
export {
  startFreeswitch,
  type FreeswitchCounts,
  type FreeswitchOptions,
  type FreeswitchServer,
} from './freeswitch/index.ts';

export interface EmbeddedOptions {
  /** Address of the SIP and RTP ports. Control ports are always on loopback. */
  readonly bind: string;
  /** SIP over UDP and TCP; 0 lets the operating system choose. */
  readonly sipPort: number;
  /** Told in Contact and SDP when it differs from `bind`. */
  readonly advertisedAddress?: string;
  /** Inclusive; [0, 0] lets the operating system choose. */
  readonly rtpPorts: readonly [number, number];
  /** Whose SIP is listened to; others get no answer. Default: everybody. */
  readonly filter?: SourceFilter;
  /** Seconds without RTP after which a call is hung up. Default 0: never. */
  readonly rtpTimeoutSeconds?: number;
  /** The .wav file that `local_stream://` plays, round and round. Default: there is no such stream. */
  readonly music?: string;
  readonly logger: Logger;
}

export interface ControlAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

export interface EmbeddedServers {
  readonly drachtio: ControlAddress;
  readonly freeswitch: ControlAddress;
  readonly sipPort: number;
  /** SIP over WebSocket (RFC 7118), on loopback: whoever serves the page passes browsers through to it. */
  readonly webSocketPort: number;
  counts(): { readonly drachtio: DrachtioCounts; readonly freeswitch: FreeswitchCounts };
  /** Idempotent. */
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const SECRET_BYTES = 24;

/** @throws the operating system's error when a port cannot be bound; nothing stays open then */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServers> {
  const { bind, sipPort, advertisedAddress, rtpPorts, filter, rtpTimeoutSeconds, music, logger } = options;
  const secrets = { drachtio: newSecret(), freeswitch: newSecret() };
  const freeswitch = await startFreeswitch({
    sip: { address: LOOPBACK, port: 0 },
    mediaAddress: bind,
    ...(advertisedAddress !== undefined && { advertisedMediaAddress: advertisedAddress }),
    eventSocket: { address: LOOPBACK, port: 0 },
    password: secrets.freeswitch,
    rtpPorts,
    ...(rtpTimeoutSeconds !== undefined && { rtpTimeoutSeconds }),
    ...(music !== undefined && { music }),
    logger,
  });
  const drachtio = await startDrachtio({
    sip: [
      ...(['udp', 'tcp'] as const).map((protocol) => ({ protocol, address: bind, port: sipPort })),
      { protocol: 'ws', address: LOOPBACK, port: 0 },
    ],
    advertisedAddress,
    client: { address: LOOPBACK, port: 0 },
    secret: secrets.drachtio,
    logger,
    filter,
  }).catch(async (error: unknown) => {
    await freeswitch.stop();
    throw error;
  });
  return {
    drachtio: { host: LOOPBACK, port: drachtio.clientPort, secret: secrets.drachtio },
    freeswitch: { host: LOOPBACK, port: freeswitch.eventSocketPort, secret: secrets.freeswitch },
    sipPort: drachtio.listeningPoints[0]!.port,
    webSocketPort: drachtio.listeningPoints.find(({ protocol }) => protocol === 'ws')!.port,
    counts: () => ({ drachtio: drachtio.counts(), freeswitch: freeswitch.counts() }),
    stop: async () => {
      await drachtio.stop();
      await freeswitch.stop();
    },
  };
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}
