/** The composition root: builds everything, passes it down, stops it in reverse. */
import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLogger, loadProcessSettings, SettingsError, type Logger, type Settings } from '../config/index.ts';
import { startDrachtio, type DrachtioServer } from '../embedded/drachtio/index.ts';
import { startFreeswitch, type FreeswitchServer } from '../embedded/freeswitch/index.ts';
import { readTlsFiles, selfSignedTls, type TlsOptions } from '../embedded/sip/index.ts';
import { musicFile, soundsFolder } from '../ivr/index.ts';
import { loadServerSecret, openStore, startRedisServer, type Store } from '../store/index.ts';
import {
  CertificateError,
  createAdminLink,
  ensureConfiguredAdmin,
  startGateway,
  type Gateway,
} from '../web-gateway/server/index.ts';
import { RecordingFolder } from './conferences/index.ts';
import { advertisedAddress, hostInUri, isLoopback } from './service/addresses.ts';
import { startBridge, type Bridge, type BridgeOptions, type ServerAddress } from './service/bridge.ts';
import { CloseStack } from './service/close-stack.ts';
import { BridgeMetrics } from './service/metrics.ts';
import { plainFolder } from './service/plain-folder.ts';
import { runAsCommand } from './service/run.ts';
import { openSounds } from './service/sounds.ts';
import { needsCertificate, sipListeners } from './service/sip-listeners.ts';
import { listening, StartError } from './service/start-error.ts';
import { InviteGate } from './sip/index.ts';
import { systemClock } from './support/clock.ts';

const SERVER_CLOSE_MS = 3_000;
/** Legs of calls that are just ending. */
const SPARE_SESSIONS = 50;
/** Of browsers before and after their calls. */
const SPARE_CONNECTIONS = 1_000;
/** So many times the INVITEs a source may send are refused one by one; more than that is a flood. */
const FLOOD_FACTOR = 2;
/** A source may have as many INVITEs waiting for an answer or its ACK as it may send in half a second, and never fewer. */
const LEAST_HALF_OPEN = 20;
const HALF_OPEN_SECONDS = 0.5;
const LOOPBACK = '127.0.0.1';
/** Any number will do, unless numbers are configured. */
const DIALLED = '1000';

export interface ServiceCounts {
  readonly calls: number;
  readonly legs: number;
  readonly dialogs: number;
  readonly participants: number;
  readonly pendingWrites: number;
  readonly drachtio?: ReturnType<DrachtioServer['counts']>;
  readonly freeswitch?: ReturnType<FreeswitchServer['counts']>;
}

export interface Service {
  /** What to dial: `sip:1000@127.0.0.1:5060`. */
  readonly dial: string;
  /** SIP over UDP and TCP; 0 with a drachtio-server of somebody else's. */
  readonly sipPort: number;
  /** SIP over plain WebSocket on loopback: the web gateway passes browsers on to it. 0 as above. */
  readonly webSocketPort: number;
  /** All places where SIP is listened to; none with a drachtio-server of somebody else's. */
  readonly sipListeningPoints: readonly {
    readonly protocol: string;
    readonly address: string;
    readonly port: number;
  }[];
  readonly httpPort: number;
  /** Undefined without the setting. */
  readonly httpsPort: number | undefined;
  readonly url: string;
  /** Browsers will warn of the certificate. */
  readonly selfSigned: boolean;
  /** With it the first admin can be made, once; absent when there is one. */
  readonly adminLink?: string;
  /** All zero when nobody calls (but for the connected application). */
  counts(): ServiceCounts;
  readonly store: Store;
  /** New calls get 503, live callers are told and let go, everything is closed in reverse. Idempotent. */
  stop(): Promise<boolean>;
}

/** @throws StartError with a sentence for the operator, or whatever kept a part from starting; nothing is left open then */
export async function startService(options: { settings: Settings; logger: Logger }): Promise<Service> {
  const closing = new CloseStack(options.logger);
  try {
    return await build(options.settings, options.logger, closing);
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function build(settings: Settings, logger: Logger, closing: CloseStack): Promise<Service> {
  const store = await startStore(settings, logger, closing);
  const gate = new InviteGate(settings, systemClock);
  const servers = await startServers(settings, logger, gate, closing);
  const sounds = await openSounds(settings.soundsDir ?? soundsFolder(), { local: servers.freeswitch !== undefined });
  closing.push('the sounds', SERVER_CLOSE_MS, () => sounds.stop());
  const recordings = await openRecordings(settings, logger, servers, closing);
  const metrics = new BridgeMetrics();
  store.codes.onEntry((event) => metrics.onCodeEntry(event));
  const bridge = await startBridge({
    settings,
    logger,
    store,
    gate,
    metrics,
    filesOf: sounds.filesOf,
    recordings,
    closing,
    ...servers.bridge,
  });
  measure(metrics, bridge, servers);
  const dial = dialOf(settings, servers);
  await makeConfiguredAdmin(settings, store); // before anybody can ask whether we are ready
  const sipWebSocket = sipWebSocketOf(settings, servers);
  const gateway = await startWeb(
    settings,
    logger,
    { store, bridge, metrics, dial, sipWebSocket, freeswitch: servers.freeswitch },
    closing,
  );
  const adminLink = await createAdminLink(store, gateway.url);
  return {
    dial,
    sipPort: servers.sipPort,
    webSocketPort: servers.webSocketPort,
    sipListeningPoints: servers.drachtio?.listeningPoints ?? [],
    httpPort: gateway.port,
    httpsPort: gateway.httpsPort,
    url: gateway.url,
    selfSigned: gateway.selfSigned,
    ...(adminLink === undefined ? {} : { adminLink }),
    counts: () => countsOf(bridge, servers),
    store,
    stop: () => closing.close(),
  };
}

async function startStore(settings: Settings, logger: Logger, closing: CloseStack): Promise<Store> {
  let url = settings.redisUrl;
  if (url === undefined) {
    const redis = await startRedisServer({ dataDir: settings.dataDir, logger });
    closing.push('Redis', 3 * SERVER_CLOSE_MS, () => redis.stop());
    url = redis.url;
  }
  const secret = settings.secret ?? (await loadServerSecret(settings.dataDir));
  const store = await openStore({
    url,
    cluster: settings.redisCluster,
    secret,
    logger,
    codeDigits: settings.accessCodeDigits,
    language: settings.language,
  });
  closing.push('the store', SERVER_CLOSE_MS, () => store.close());
  await store.tenants.ensureDefault();
  return store;
}

interface Servers {
  readonly bridge: Pick<BridgeOptions, 'drachtio' | 'mediaServers' | 'eventSocket' | 'patient'>;
  readonly sipPort: number;
  readonly webSocketPort: number;
  readonly drachtio?: DrachtioServer;
  readonly freeswitch?: FreeswitchServer;
}

/** The embedded ones, unless real ones are named. */
function startServers(settings: Settings, logger: Logger, gate: InviteGate, closing: CloseStack): Promise<Servers> {
  return settings.drachtio
    ? Promise.resolve(realServers(settings, settings.drachtio))
    : startEmbeddedServers(settings, logger, gate, closing);
}

function realServers(settings: Settings, drachtio: ServerAddress): Servers {
  const { eventSocketAdvertisedAddress } = settings;
  return {
    bridge: {
      drachtio,
      mediaServers: settings.freeswitch,
      eventSocket: {
        address: settings.eventSocketListenAddress ?? settings.bind,
        port: settings.eventSocketPort,
        ...(eventSocketAdvertisedAddress === undefined ? {} : { advertisedAddress: eventSocketAdvertisedAddress }),
      },
      patient: true,
    },
    sipPort: 0,
    webSocketPort: 0,
  };
}

async function startEmbeddedServers(
  settings: Settings,
  logger: Logger,
  gate: InviteGate,
  closing: CloseStack,
): Promise<Servers> {
  const secret = randomBytes(32).toString('base64url');
  const freeswitch = await startMediaServer(settings, logger, secret);
  closing.push('the embedded media server', SERVER_CLOSE_MS, () => freeswitch.stop());
  const drachtio = await startSipServer(settings, logger, secret, gate);
  closing.push('the embedded SIP server', SERVER_CLOSE_MS, () => drachtio.stop());
  return {
    bridge: {
      drachtio: { host: LOOPBACK, port: drachtio.clientPort, secret },
      mediaServers: [{ host: LOOPBACK, port: freeswitch.eventSocketPort, secret }],
      eventSocket: { address: settings.eventSocketListenAddress ?? LOOPBACK, port: settings.eventSocketPort },
      patient: false,
    },
    sipPort: drachtio.listeningPoints[0]?.port ?? 0,
    webSocketPort: drachtio.listeningPoints.find(({ protocol }) => protocol === 'ws')?.port ?? 0,
    drachtio,
    freeswitch,
  };
}

function startMediaServer(settings: Settings, logger: Logger, password: string): Promise<FreeswitchServer> {
  return startFreeswitch({
    sip: { address: LOOPBACK, port: 0 },
    mediaAddress: settings.bind,
    advertisedMediaAddress: advertisedAddress(settings),
    eventSocket: { address: LOOPBACK, port: 0 },
    password,
    rtpPorts: settings.rtpPorts,
    rtpTimeoutSeconds: settings.rtpTimeoutSeconds,
    mediaWorkers: settings.mediaWorkers,
    mediaLatenessLimitMs: settings.mediaLatenessLimitMs,
    music: musicFile(),
    maxSessions: settings.maxCalls + SPARE_SESSIONS,
    // The embedded SIP server sends from the address it is bound to.
    sipFilter: ({ address }) => isLoopback(address) || address === settings.bind,
    logger,
  });
}

async function startSipServer(
  settings: Settings,
  logger: Logger,
  secret: string,
  gate: InviteGate,
): Promise<DrachtioServer> {
  const sip = sipListeners(settings, LOOPBACK);
  const tls = needsCertificate(sip) ? await sipCertificate(settings) : undefined;
  const connections = settings.maxCalls + SPARE_CONNECTIONS;
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
      filter: (hop) => gate.mayBeRead(hop),
    }),
  );
}

/** The media servers write there, and read names from it. */
async function openRecordings(
  settings: Settings,
  logger: Logger,
  { freeswitch }: Servers,
  closing: CloseStack,
): Promise<RecordingFolder> {
  const folder = settings.recordingsDir ?? path.join(settings.dataDir, 'recordings');
  const plain = await plainFolder(folder, { local: freeswitch !== undefined, setting: 'recordingsDir' });
  closing.push('the folder of recordings', SERVER_CLOSE_MS, () => plain.stop());
  const recordings = new RecordingFolder(plain.path, logger);
  await recordings.removeOldNames(Date.now());
  return recordings;
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

function measure(metrics: BridgeMetrics, bridge: Bridge, { freeswitch }: Servers): void {
  const { desk, pool, attendance, writer } = bridge;
  metrics.measure({
    calls: () => desk.liveCount,
    legs: () => pool.legCount,
    rooms: () => attendance.roomCount,
    participants: () => attendance.participantCount,
    pendingWrites: () => writer.pending,
    ...(freeswitch ? { lateness: () => freeswitch.lateness(), overloaded: () => freeswitch.overloaded } : {}),
  });
}

function dialOf(settings: Settings, servers: Servers): string {
  const number = settings.dids[0]?.number ?? DIALLED;
  const host = settings.drachtio?.host ?? advertisedAddress(settings);
  const port = servers.sipPort === 0 || servers.sipPort === 5_060 ? '' : `:${servers.sipPort}`;
  return `sip:${number}@${hostInUri(host)}${port}`;
}

/** Where browsers' SIP is passed on to. */
function sipWebSocketOf(settings: Settings, { webSocketPort }: Servers): string | undefined {
  return settings.drachtio === undefined ? `ws://${LOOPBACK}:${webSocketPort}` : settings.drachtioWebSocket;
}

async function startWeb(
  settings: Settings,
  logger: Logger,
  parts: {
    store: Store;
    bridge: Bridge;
    metrics: BridgeMetrics;
    dial: string;
    sipWebSocket: string | undefined;
    freeswitch: FreeswitchServer | undefined;
  },
  closing: CloseStack,
): Promise<Gateway> {
  const { store, bridge, metrics, dial, sipWebSocket, freeswitch } = parts;
  const places = [
    { setting: 'httpPort', address: settings.bind, port: settings.httpPort } as const,
    { setting: 'httpsPort', address: settings.bind, port: settings.httpsPort ?? 0 } as const,
  ];
  const options = {
    ...{ settings, logger, store, dial },
    readiness: async () => readinessOf(store, bridge, freeswitch),
    metrics: metrics.registry,
    ...(sipWebSocket === undefined ? {} : { sipWebSocket }),
  };
  const gateway = await listening(places, async () => {
    try {
      return await startGateway(options);
    } catch (error) {
      throw error instanceof CertificateError ? new StartError(error.message, { cause: error }) : error;
    }
  });
  closing.push('the web gateway', SERVER_CLOSE_MS, () => gateway.stop());
  return gateway;
}

/** Whether a call can be taken now. */
function readinessOf(
  store: Store,
  { sip, pool, desk }: Bridge,
  freeswitch: FreeswitchServer | undefined,
): { ready: boolean; reasons: string[] } {
  const reasons: string[] = [];
  if (!sip.connected) reasons.push('the SIP server is not connected');
  if (!pool.ready) reasons.push('no media server is ready');
  if (!store.available) reasons.push('the store cannot be reached');
  if (!desk.hasRoom) reasons.push('all lines are in use');
  if (freeswitch?.overloaded) reasons.push('the media server has more to do than it can');
  return { ready: reasons.length === 0, reasons };
}

async function makeConfiguredAdmin({ adminEmail, adminPassword }: Settings, store: Store): Promise<void> {
  if (adminEmail === undefined || adminPassword === undefined) return;
  await ensureConfiguredAdmin(store, { email: adminEmail, password: adminPassword });
}

function countsOf({ desk, pool, sip, attendance, writer }: Bridge, { drachtio, freeswitch }: Servers): ServiceCounts {
  return {
    calls: desk.liveCount,
    legs: pool.legCount,
    dialogs: sip.dialogCount,
    participants: attendance.participantCount,
    pendingWrites: writer.pending,
    ...(drachtio ? { drachtio: drachtio.counts() } : {}),
    ...(freeswitch ? { freeswitch: freeswitch.counts() } : {}),
  };
}

const entry = process.argv[1];
if (entry !== undefined && import.meta.url === pathToFileURL(realpathSync(entry)).href) {
  void runAsCommand({
    settings: loadProcessSettings,
    createLogger,
    isSettingsError: (error) => error instanceof SettingsError,
    start: startService,
  });
}
