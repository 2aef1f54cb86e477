/** Both embedded servers as the settings say: the media server on loopback, the SIP server in front of it. */
import type { Logger, Settings } from '../../../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../../../embedded/drachtio/index.ts';
import { startFreeswitch, type FreeswitchServer } from '../../../embedded/freeswitch/index.ts';
import { readTlsFiles, selfSignedTls, type SipHop, type TlsOptions } from '../../../embedded/sip/index.ts';
import { InviteGate } from '../../sip/gate.ts';
import { systemClock } from '../../support/clock.ts';
import { advertisedAddress, isLoopback, LOOPBACK } from '../addresses.ts';
import { needsCertificate, sipListeners } from '../sip-listeners.ts';
import { listening, StartError } from '../start-error.ts';

/** Legs of calls that are just ending. */
const SPARE_SESSIONS = 50;
/** Of browsers before and after their calls. */
const SPARE_CONNECTIONS = 1_000;
/** So many times the INVITEs a source may send are refused one by one; more than that is a flood. */
const FLOOD_FACTOR = 2;
/** A source may have as many INVITEs waiting for an answer or its ACK as it may send in half a second, and never fewer. */
const LEAST_HALF_OPEN = 20;
const HALF_OPEN_SECONDS = 0.5;

export interface ServersOptions {
  readonly settings: Settings;
  readonly secret: string;
  readonly music: string;
  readonly logger: Logger;
}

export interface Servers {
  readonly freeswitch: FreeswitchServer;
  readonly drachtio: DrachtioServer;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** @throws StartError, or what keeps one of them from starting; nothing stays open then */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const freeswitch = await startMediaServer(options);
  try {
    const drachtio = await startSipServer(options, freeswitch.sipPort);
    return {
      freeswitch,
      drachtio,
      stop: async () => {
        await drachtio.stop();
        await freeswitch.stop();
      },
    };
  } catch (error) {
    await freeswitch.stop();
    throw error;
  }
}

function startMediaServer({ settings, secret, music, logger }: ServersOptions): Promise<FreeswitchServer> {
  return startFreeswitch({
    sip: { address: LOOPBACK, port: 0 },
    mediaAddress: settings.bind,
    advertisedMediaAddress: advertisedAddress(settings),
    eventSocket: { address: LOOPBACK, port: 0 },
    password: secret,
    rtpPorts: settings.rtpPorts,
    rtpTimeoutSeconds: settings.rtpTimeoutSeconds,
    mediaWorkers: settings.mediaWorkers,
    mediaLatenessLimitMs: settings.mediaLatenessLimitMs,
    music,
    maxSessions: settings.maxCalls + SPARE_SESSIONS,
    // The embedded SIP server sends from the address it is bound to.
    sipFilter: ({ address }) => isLoopback(address) || address === settings.bind,
    logger,
  });
}

async function startSipServer(
  { settings, secret, logger }: ServersOptions,
  mediaServerPort: number,
): Promise<DrachtioServer> {
  const sip = sipListeners(settings, LOOPBACK);
  const tls = needsCertificate(sip) ? await sipCertificate(settings) : undefined;
  const connections = settings.maxCalls + SPARE_CONNECTIONS;
  // The bridge has another gate, which also counts; who may be read at all follows from the settings alone.
  const gate = new InviteGate(settings, systemClock);
  // It says BYE when a phone has gone silent, also where nobody else on this machine is trusted.
  const isMediaServer = ({ protocol, address, port }: SipHop) =>
    protocol === 'udp' && address === LOOPBACK && port === mediaServerPort;
  const places = sip.map(({ setting = 'sipPort', address, port }) => ({ setting, address, port }) as const);
  return listening(places, () =>
    startDrachtio({
      sip,
      tls,
      // All browsers have this machine's address.
      limits: {
        maxConnections: connections,
        maxConnectionsPerAddress: connections,
        maxNewRequestsPerSecond: FLOOD_FACTOR * settings.inviteRatePerSource,
        maxHalfOpenPerSource: Math.max(LEAST_HALF_OPEN, HALF_OPEN_SECONDS * settings.inviteRatePerSource),
      },
      advertisedAddress: advertisedAddress(settings),
      client: { address: LOOPBACK, port: 0 },
      secret,
      logger,
      // Strangers are not even parsed; the gate would not answer them either.
      filter: (hop) => gate.mayBeRead(hop) || isMediaServer(hop),
    }),
  );
}

/** @throws StartError when a file cannot be read */
async function sipCertificate(settings: Settings): Promise<TlsOptions> {
  const { sipCertificateFile, sipKeyFile } = settings;
  if (sipCertificateFile === undefined || sipKeyFile === undefined) {
    return selfSignedTls([...new Set(['localhost', advertisedAddress(settings)])]);
  }
  try {
    return await readTlsFiles(sipCertificateFile, sipKeyFile);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`The certificate for SIP over TLS cannot be read (${why}).`, { cause: error });
  }
}
