/** The composition root: builds everything, passes it down, stops it in reverse. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLogger, loadProcessSettings, SettingsError, type Logger, type Settings } from '../config/index.ts';
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
import { advertisedAddress, hostInUri, LOOPBACK } from './service/addresses.ts';
import { startBridge, type Bridge, type BridgeOptions, type ServerAddress } from './service/bridge.ts';
import { CloseStack } from './service/close-stack.ts';
import { EmbeddedServers, type Addresses, type Figures, type ThreadMemory } from './service/embedded-servers/index.ts';
import { BridgeMetrics } from './service/metrics.ts';
import { plainFolder } from './service/plain-folder.ts';
import { runAsCommand } from './service/run.ts';
import { openSounds } from './service/sounds.ts';
import { listening, StartError } from './service/start-error.ts';
import { InviteGate } from './sip/index.ts';
import { systemClock } from './support/clock.ts';

const HOUR_MS = 60 * 60 * 1_000;
const SERVER_CLOSE_MS = 3_000;
/** Longer than the servers' own deadline. */
const EMBEDDED_CLOSE_MS = 6_000;
/** Any number will do, unless numbers are configured. */
const DIALLED = '1000';

export interface ServiceCounts {
  readonly calls: number;
  readonly legs: number;
  readonly dialogs: number;
  readonly participants: number;
  readonly pendingWrites: number;
  /** Of the embedded servers; a tenth of a second old, at most. */
  readonly drachtio?: Figures['drachtio'];
  readonly freeswitch?: Figures['freeswitch'];
}

export interface Service {
  /** What to dial: `sip:1000@127.0.0.1:5060`. */
  readonly dial: string;
  /** SIP over UDP and TCP; 0 with a drachtio-server of somebody else's. */
  readonly sipPort: number;
  /** SIP over plain WebSocket on loopback: the web gateway passes browsers on to it. 0 as above. */
  readonly webSocketPort: number;
  /** All places where SIP is listened to; none with a drachtio-server of somebody else's. */
  readonly sipListeningPoints: Addresses['listeningPoints'];
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
  /**
   * What the thread of the embedded servers needs; undefined with servers of somebody else's.
   * @param collect garbage first, where node was started with --expose-gc
   */
  embeddedMemory(collect?: boolean): Promise<ThreadMemory | undefined>;
  readonly store: Store;
  /** New calls get 503, live callers are told and let go, everything is closed in reverse. Idempotent. */
  stop(): Promise<boolean>;
}

export interface ServiceOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /**
   * The embedded servers have failed in a way that nobody caught, or their thread is gone: the service has to be stopped.
   * Default: the error is thrown where nobody catches it, as those of the main thread are.
   */
  readonly onFault?: (error: Error) => void;
}

/** @throws StartError with a sentence for the operator, or whatever kept a part from starting; nothing is left open then */
export async function startService({ settings, logger, onFault = throwUncaught }: ServiceOptions): Promise<Service> {
  const closing = new CloseStack(logger);
  try {
    return await build({ settings, logger, onFault }, closing);
  } catch (error) {
    await closing.close();
    throw error;
  }
}

function throwUncaught(error: Error): void {
  queueMicrotask(() => {
    throw error;
  });
}

async function build(options: Required<ServiceOptions>, closing: CloseStack): Promise<Service> {
  const { settings, logger } = options;
  const embedded = settings.drachtio ? undefined : startEmbeddedServers(options, closing);
  const store = await startStore(settings, logger, closing);
  const gate = new InviteGate(settings, systemClock);
  const servers = embedded ? await embeddedServers(settings, embedded) : realServers(settings, settings.drachtio!);
  const sounds = await openSounds(settings.soundsDir ?? soundsFolder(), { local: embedded !== undefined });
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
  const gateway = await startWeb(settings, logger, { store, bridge, metrics, dial, sipWebSocket, embedded }, closing);
  const adminLink = await createAdminLink(store, gateway.url);
  return {
    dial,
    sipPort: sipPortOf(servers),
    webSocketPort: webSocketPortOf(servers),
    sipListeningPoints: servers.listeningPoints,
    httpPort: gateway.port,
    httpsPort: gateway.httpsPort,
    url: gateway.url,
    selfSigned: gateway.selfSigned,
    ...(adminLink === undefined ? {} : { adminLink }),
    counts: () => countsOf(bridge, servers),
    embeddedMemory: (collect = false) => embedded?.memory(collect) ?? Promise.resolve(undefined),
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
  /** None of somebody else's. */
  readonly listeningPoints: Addresses['listeningPoints'];
  /** Absent when real ones are named. */
  readonly embedded?: EmbeddedServers;
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
    listeningPoints: [],
  };
}

/** Their thread starts here, beside all that follows. */
function startEmbeddedServers(options: Required<ServiceOptions>, closing: CloseStack): EmbeddedServers {
  const embedded = new EmbeddedServers({ ...options, music: musicFile() });
  closing.push('the embedded servers', EMBEDDED_CLOSE_MS, () => embedded.stop());
  return embedded;
}

/** @throws StartError, or what keeps one of them from starting */
async function embeddedServers(settings: Settings, embedded: EmbeddedServers): Promise<Servers> {
  const { listeningPoints, clientPort, eventSocketPort } = await embedded.ready();
  const { secret } = embedded;
  return {
    bridge: {
      drachtio: { host: LOOPBACK, port: clientPort, secret },
      mediaServers: [{ host: LOOPBACK, port: eventSocketPort, secret }],
      eventSocket: { address: settings.eventSocketListenAddress ?? LOOPBACK, port: settings.eventSocketPort },
      patient: false,
    },
    listeningPoints,
    embedded,
  };
}

/** The media servers write there, and read names from it. */
async function openRecordings(
  settings: Settings,
  logger: Logger,
  { embedded }: Servers,
  closing: CloseStack,
): Promise<RecordingFolder> {
  const folder = settings.recordingsDir ?? path.join(settings.dataDir, 'recordings');
  const plain = await plainFolder(folder, { local: embedded !== undefined, setting: 'recordingsDir' });
  closing.push('the folder of recordings', SERVER_CLOSE_MS, () => plain.stop());
  const recordings = new RecordingFolder(plain.path, logger);
  await recordings.removeOldNames(Date.now());
  const hourly = setInterval(() => void recordings.removeOldNames(Date.now()), HOUR_MS);
  closing.push('old names', SERVER_CLOSE_MS, async () => clearInterval(hourly));
  return recordings;
}

function measure(metrics: BridgeMetrics, bridge: Bridge, { embedded }: Servers): void {
  const { desk, pool, attendance, writer } = bridge;
  metrics.measure({
    calls: () => desk.liveCount,
    legs: () => pool.legCount,
    rooms: () => attendance.roomCount,
    participants: () => attendance.participantCount,
    pendingWrites: () => writer.pending,
    ...(embedded ? { lateness: () => embedded.figures.lateness, overloaded: () => embedded.figures.overloaded } : {}),
  });
}

function dialOf(settings: Settings, servers: Servers): string {
  const number = settings.dids[0]?.number ?? DIALLED;
  const host = settings.drachtio?.host ?? advertisedAddress(settings);
  const sipPort = sipPortOf(servers);
  const port = sipPort === 0 || sipPort === 5_060 ? '' : `:${sipPort}`;
  return `sip:${number}@${hostInUri(host)}${port}`;
}

function sipPortOf({ listeningPoints }: Servers): number {
  return listeningPoints[0]?.port ?? 0;
}

function webSocketPortOf({ listeningPoints }: Servers): number {
  return listeningPoints.find(({ protocol }) => protocol === 'ws')?.port ?? 0;
}

/** Where browsers' SIP is passed on to. */
function sipWebSocketOf(settings: Settings, servers: Servers): string | undefined {
  return servers.embedded ? `ws://${LOOPBACK}:${webSocketPortOf(servers)}` : settings.drachtioWebSocket;
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
    embedded: EmbeddedServers | undefined;
  },
  closing: CloseStack,
): Promise<Gateway> {
  const { store, bridge, metrics, dial, sipWebSocket, embedded } = parts;
  const places = [
    { setting: 'httpPort', address: settings.bind, port: settings.httpPort } as const,
    { setting: 'httpsPort', address: settings.bind, port: settings.httpsPort ?? 0 } as const,
  ];
  const options = {
    ...{ settings, logger, store, dial },
    readiness: async () => readinessOf(store, bridge, embedded),
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
  embedded: EmbeddedServers | undefined,
): { ready: boolean; reasons: string[] } {
  const reasons: string[] = [];
  if (!sip.connected) reasons.push('the SIP server is not connected');
  if (!pool.ready) reasons.push('no media server is ready');
  if (!store.available) reasons.push('the store cannot be reached');
  if (!desk.hasRoom) reasons.push('all lines are in use');
  if (embedded?.dead) reasons.push('the embedded servers have died');
  if (embedded?.figures.overloaded) reasons.push('the media server has more to do than it can');
  return { ready: reasons.length === 0, reasons };
}

async function makeConfiguredAdmin({ adminEmail, adminPassword }: Settings, store: Store): Promise<void> {
  if (adminEmail === undefined || adminPassword === undefined) return;
  await ensureConfiguredAdmin(store, { email: adminEmail, password: adminPassword });
}

function countsOf({ desk, pool, sip, attendance, writer }: Bridge, { embedded }: Servers): ServiceCounts {
  return {
    calls: desk.liveCount,
    legs: pool.legCount,
    dialogs: sip.dialogCount,
    participants: attendance.participantCount,
    pendingWrites: writer.pending,
    ...(embedded ? { drachtio: embedded.figures.drachtio, freeswitch: embedded.figures.freeswitch } : {}),
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
