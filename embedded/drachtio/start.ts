/** Builds the server from its parts: SIP below, applications above. */
import type { Logger } from '../../config/index.ts';
import {
  DEFAULT_TIMINGS,
  startTransactionLayer,
  systemClock,
  type Clock,
  type ListeningPoint,
  type ListenOptions,
  type SipLimits,
  type SipTimings,
  type SourceFilter,
  type TransactionLayer,
} from '../sip/index.ts';
import type { ClientConnection } from './client-connection.ts';
import { ClientRegistry } from './client-registry.ts';
import { openClientServer } from './client-server.ts';
import type { DrachtioContext } from './context.ts';
import { DialogTable } from './dialog-table.ts';
import { FrameHandler } from './frame-handler.ts';
import { IncomingRequests } from './incoming-requests.ts';
import { DEFAULT_DRACHTIO_LIMITS, type DrachtioLimits } from './limits.ts';
import { OutgoingRequests } from './outgoing-requests.ts';
import { OutgoingResponses } from './outgoing-responses.ts';
import { PendingRequests } from './pending-requests.ts';
import { TargetResolver, type LookUp } from './target.ts';

export interface DrachtioOptions {
  /** Where SIP is listened to; see ListenOptions for port 0. */
  readonly sip: readonly ListenOptions[];
  /** For all listening points that name none of their own. */
  readonly advertisedAddress?: string | undefined;
  /** Where applications connect. */
  readonly client: { readonly address: string; readonly port: number };
  readonly secret: string;
  readonly logger: Logger;
  /** SIP from sources it refuses is dropped unread, except from peers of live dialogs and awaited responses. */
  readonly filter?: SourceFilter | undefined;
  readonly limits?: Partial<SipLimits & DrachtioLimits> | undefined;
  readonly timings?: Partial<SipTimings> | undefined;
  readonly clock?: Clock | undefined;
  readonly lookUp?: LookUp | undefined;
}

export interface DrachtioCounts {
  /** Connected applications, authenticated or not. */
  readonly clients: number;
  /** Dialogs, early ones included. */
  readonly dialogs: number;
  /** Requests from the network that an application still has to answer. */
  readonly pendingRequests: number;
  /** Requests of applications without a final response. */
  readonly sentRequests: number;
  readonly serverTransactions: number;
  readonly clientTransactions: number;
  readonly connections: number;
}

export interface DrachtioServer {
  readonly clientPort: number;
  readonly listeningPoints: readonly ListeningPoint[];
  counts(): DrachtioCounts;
  /** Closes all ports, ends all transactions. Idempotent. */
  stop(): Promise<void>;
}

/** The release whose wire protocol this is; clients compare it. */
const VERSION = 'v0.9.10';
/** The real server lists its ports in this order. */
const ORDER = ['wss', 'tls', 'ws', 'tcp', 'udp'];

/** @throws the operating system's error when a port cannot be bound; nothing stays open then */
export async function startDrachtio(options: DrachtioOptions): Promise<DrachtioServer> {
  const { clock = systemClock, logger, filter } = options;
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const limits: DrachtioLimits = { ...DEFAULT_DRACHTIO_LIMITS, ...options.limits };
  const dialogs = new DialogTable((dialog) => incoming.dialogEnded(dialog));
  const clients = new ClientRegistry<ClientConnection>();
  const pending = new PendingRequests();
  const below: { layer?: TransactionLayer; resolver?: TargetResolver } = {};
  const context: DrachtioContext = {
    get layer() {
      return bound(below.layer);
    },
    get resolver() {
      return bound(below.resolver);
    },
    dialogs,
    nextClient: (method) => clients.next(method),
    limits,
    timings,
    clock,
    logger,
  };
  const incoming = new IncomingRequests(context, pending);
  const outgoing = new OutgoingRequests(context);
  const frames = new FrameHandler(
    clients,
    outgoing,
    new OutgoingResponses(context, pending, incoming, outgoing),
    logger,
  );
  const layer = await startTransactionLayer({
    listen: options.sip.map((point) => ({
      ...point,
      advertisedAddress: point.advertisedAddress ?? options.advertisedAddress,
    })),
    user: incoming,
    filter: filter && ((source) => filter(source) || dialogs.knowsAddress(source.address)),
    limits: options.limits,
    timings,
    logger,
    clock,
  });
  below.layer = layer;
  below.resolver = new TargetResolver(layer.listeningPoints, clock, options.lookUp);
  const server = await openClientServer({
    ...options.client,
    secret: options.secret,
    limits,
    clock,
    logger,
    user: {
      welcome: () => welcome(layer.listeningPoints),
      onAuthenticated: (client) => clients.add(client),
      onFrame: (client, tokens, sip) => frames.handle(client, tokens, sip),
      onGone: (client) => {
        clients.remove(client);
        incoming.clientGone(client);
        outgoing.clientGone(client);
      },
    },
  }).catch(async (error: unknown) => {
    await layer.stop();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await server.stop();
    for (const dialog of [...dialogs.values()]) dialogs.remove(dialog);
    pending.clear();
    await layer.stop();
  };
  return {
    clientPort: server.port,
    listeningPoints: layer.listeningPoints,
    counts: () => ({
      clients: server.connections,
      dialogs: dialogs.size,
      pendingRequests: pending.size,
      sentRequests: outgoing.size,
      ...layer.counts(),
    }),
    stop: () => (stopped ??= stop()),
  };
}

function bound<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the SIP ports are not bound yet');
  return part;
}

/** `tcp/127.0.0.1:5060,udp/127.0.0.1:5060`, the version, and the same with the addresses really bound. */
function welcome(points: readonly ListeningPoint[]): string[] {
  const sorted = [...points].sort((one, other) => ORDER.indexOf(one.protocol) - ORDER.indexOf(other.protocol));
  const show = (address: (point: ListeningPoint) => string) =>
    sorted.map((point) => `${point.protocol}/${hostOf(address(point))}:${point.port}`).join(',');
  return [show((point) => point.advertisedAddress), VERSION, show((point) => point.address)];
}

function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
