/** The bridge itself, built on servers that run already: signalling, media pool, rooms, calls. Closed by its owner. */
import { randomUUID } from 'node:crypto';
import type { Logger, Settings } from '../../config/index.ts';
import type { Prompt } from '../../ivr/index.ts';
import { DEFAULT_TENANT_ID, type Store } from '../../store/index.ts';
import { CallDesk, endLostCalls, isDead, nodeName, systemProcesses } from '../calls/index.ts';
import {
  Attendance,
  createEffectRunner,
  Keypads,
  RoomKeeper,
  RoomService,
  serveRoomRequests,
  type RecordingFolder,
} from '../conferences/index.ts';
import { createMrf, MediaPool, MediaServer } from '../media/index.ts';
import { InviteGate, SipServer } from '../sip/index.ts';
import { systemClock } from '../support/clock.ts';
import { RetryingWriter } from '../support/retrying-writer.ts';
import type { CloseStack } from './close-stack.ts';
import type { BridgeMetrics } from './metrics.ts';

const SIP_PROFILE = 'drachtio_mrf';
const CONFERENCE_PROFILE = 'default';
const CONNECT_DEADLINE_MS = 10_000;
/** Servers of somebody else may come later; the service is up meanwhile, and says that it is not ready. */
const PATIENT_CONNECT_MS = 2_000;
/** Per call: open, update three times, join, leave, end. */
const WRITES_PER_CALL = 10;
/** Last words, BYE, and what is written of them. */
const CALLS_CLOSE_MS = 5_500;
const WRITES_CLOSE_MS = 1_000;
const PART_CLOSE_MS = 2_000;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

export interface BridgeOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly store: Store;
  readonly gate: InviteGate;
  readonly metrics: BridgeMetrics;
  readonly drachtio: ServerAddress;
  readonly mediaServers: readonly ServerAddress[];
  /** Where the media servers reach us for their outbound event sockets. */
  readonly eventSocket: { readonly address: string; readonly port: number; readonly advertisedAddress?: string };
  readonly filesOf: (prompts: readonly Prompt[], language: string) => readonly string[];
  readonly recordings: RecordingFolder;
  readonly closing: CloseStack;
  /** The servers are not ours: the service starts without them and waits. */
  readonly patient: boolean;
}

export interface Bridge {
  readonly sip: SipServer;
  readonly pool: MediaPool;
  readonly desk: CallDesk;
  readonly attendance: Attendance;
  readonly rooms: RoomService;
  readonly keeper: RoomKeeper;
  readonly writer: RetryingWriter;
}

/** @throws StartError, DeadlineError when a server of ours cannot be reached */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const bridge = buildBridge(options);
  closeInOrder(options.closing, bridge);
  bridge.pool.start();
  await connect(options, bridge);
  await clearGhosts(options, bridge);
  keepRooms(options, bridge);
  // Only now: nobody is taken in before the ghosts are out.
  bridge.sip.events.on('call', (call) => bridge.desk.take(call));
  return bridge;
}

function buildBridge(options: BridgeOptions): Bridge {
  const { settings, logger, store, gate, metrics } = options;
  const clock = systemClock;
  const wallClock = () => Date.now();
  const limit = settings.maxCalls * WRITES_PER_CALL;
  const writer = new RetryingWriter({ availability: store, logger, clock, limit });
  const sip: SipServer = new SipServer({ server: options.drachtio, gate, logger, hasRoom: () => desk.hasRoom });
  const pool = new MediaPool(createMediaServers(options, sip.srf));
  const { recordings } = options;
  const keypads = new Keypads({ tenants: store.tenants, logger, wallClock });
  const runEffect = createEffectRunner({
    pool,
    filesOf: options.filesOf,
    keypadOf: (tenantId) => keypads.of(tenantId),
    localVoice: (channelUuid) => attendance.voice(channelUuid),
    recordings,
    passes: store.passes,
    writer,
    onRecordingRefused: (room, file) => {
      const input = { type: 'recording', at: wallClock(), phase: 'failed', file } as const;
      rooms.apply(room, input).catch((error: unknown) => logger.warn({ err: error }, 'a failed recording is not told'));
    },
  });
  const rooms: RoomService = new RoomService({ rooms: store.rooms, runEffect, logger, clock, random: Math.random });
  const attendance: Attendance = new Attendance({ rooms, recordings, logger, wallClock });
  const keeper = new RoomKeeper({
    store,
    rooms,
    pool,
    recordings,
    tenantIds: () => tenantIdsOf(settings),
    node: thisNode(settings),
    logger,
    clock,
    wallClock,
    onStalled: () => metrics.countStalledMix(),
  });
  for (const server of pool.servers) {
    server.events.on('conference', (event) => attendance.onConferenceEvent(event));
    // Commands sent meanwhile were lost: somebody might be heard who is muted.
    server.events.on('ready', () => {
      attendance.onReconnected(server.name);
      for (const room of attendance.rooms) void keeper.check(room);
    });
  }
  const desk = new CallDesk({
    calls: {
      store,
      media: pool,
      attendance,
      participation: { rooms, store: store.rooms, writer, keypads, recordings, clock, wallClock, newId: randomUUID },
      writer,
      settings,
      node: thisNode(settings),
      clock,
      wallClock,
      newId: randomUUID,
    },
    gate,
    defaultTenantId: DEFAULT_TENANT_ID,
    maxCalls: settings.maxCalls,
    logger,
    onEnded: (summary) => metrics.onEnded(summary),
    onRefused: (reason) => metrics.count(reason),
  });
  sip.events.on('refused', (_invite, { reason }) => metrics.count(reason));
  return { sip, pool, desk, attendance, rooms, keeper, writer };
}

function createMediaServers(options: BridgeOptions, srf: unknown): MediaServer[] {
  const { settings, logger, eventSocket, filesOf } = options;
  const mrf = createMrf(srf);
  return options.mediaServers.map(
    (address, index) =>
      new MediaServer({
        name: `${address.host}:${address.port}`,
        address,
        mrf,
        sipProfile: SIP_PROFILE,
        conferenceProfile: CONFERENCE_PROFILE,
        // Each media server has a listener of its own; a fixed port is the first of a row.
        listen: { ...eventSocket, port: eventSocket.port === 0 ? 0 : eventSocket.port + index },
        filesOf,
        rtpTimeoutSeconds: settings.rtpTimeoutSeconds,
        logger,
        clock: systemClock,
      }),
  );
}

/** Reverse of the order in which they depend on each other. */
function closeInOrder(closing: CloseStack, { sip, pool, desk, writer }: Bridge): void {
  closing.push('the writes', PART_CLOSE_MS, () => writer.stop());
  closing.push('the media servers', 2 * PART_CLOSE_MS, () => pool.stop());
  closing.push('signalling', PART_CLOSE_MS, () => sip.stop());
  closing.push('the last writes', WRITES_CLOSE_MS + PART_CLOSE_MS, () => writer.drain(WRITES_CLOSE_MS));
  closing.push('the calls', CALLS_CLOSE_MS + PART_CLOSE_MS, async () => {
    sip.drain();
    if (!(await desk.close('shutdown', CALLS_CLOSE_MS))) throw new Error('calls were still ending');
  });
}

async function connect({ patient, logger }: BridgeOptions, { sip, pool }: Bridge): Promise<void> {
  const deadline = patient ? PATIENT_CONNECT_MS : CONNECT_DEADLINE_MS;
  try {
    const [, ready] = await Promise.all([sip.connect(deadline), pool.whenReady(deadline)]);
    if (!ready) throw new Error('No media server can be reached.');
  } catch (error) {
    if (!patient) throw error;
    logger.warn({ err: error }, 'started without all servers; they are tried for as long as it takes');
  }
}

async function clearGhosts({ settings, store, logger }: BridgeOptions, { sip, pool, rooms }: Bridge): Promise<void> {
  const self = thisNode(settings);
  await endLostCalls(
    {
      calls: store.calls,
      rooms: store.rooms,
      roomService: rooms,
      isDead: (node) => isDead(node, self, systemProcesses),
      killChannel: async (name, uuid) => (await pool.server(name)?.killChannel(uuid)) ?? false,
      endDialog: (dialogId) => sip.endForeignDialog(dialogId),
      logger,
      wallClock: () => Date.now(),
    },
    tenantIdsOf(settings),
  );
}

/** From here on, rooms are kept and may be asked for things. */
function keepRooms({ closing, store }: BridgeOptions, { keeper, rooms }: Bridge): void {
  keeper.start();
  closing.push('the keeping of the rooms', PART_CLOSE_MS, () => keeper.stop());
  const stopServing = serveRoomRequests({ store, rooms, wallClock: () => Date.now() });
  closing.push('requests for rooms', PART_CLOSE_MS, stopServing);
}

function tenantIdsOf({ dids }: Settings): readonly string[] {
  return [...new Set([DEFAULT_TENANT_ID, ...dids.map(({ tenant }) => tenant)])];
}

function thisNode(settings: Settings): string {
  return nodeName(settings.nodeName, process.pid, performance.timeOrigin);
}
