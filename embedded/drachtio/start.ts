/** Builds the server from its parts: SIP below, applications above. */
import type { Logger } from '../../config/index.ts';
import {
  DEFAULT_TIMINGS,
  startTransactionLayer,
  systemClock,
  type Clock,
  type ListeningPoint,
  type ListenOptions,
  type OpenDatagramSocket,
  type SipLimits,
  type SipTimings,
  type SourceFilter,
  type TlsOptions,
  type TransactionLayer,
} from '../sip/index.ts';
import { CallRecords } from './call-records.ts';
import type { ClientConnection, ClientConnectionUser } from './client-connection.ts';
import { ClientRegistry } from './client-registry.ts';
import { openClientServer, type ClientServer } from './client-server.ts';
import type { DrachtioContext } from './context.ts';
import { DialogTable } from './dialog-table.ts';
import { FrameHandler } from './frame-handler.ts';
import { IncomingRequests } from './incoming-requests.ts';
import { DEFAULT_DRACHTIO_LIMITS, type DrachtioLimits } from './limits.ts';
import { LargeRequests } from './large-requests.ts';
import { RememberedNames, systemNames, type NameService } from './names.ts';
import { OutgoingRequests } from './outgoing-requests.ts';
import { OutgoingResponses } from './outgoing-responses.ts';
import { PendingRequests } from './pending-requests.ts';
import { OwnRoutes } from './proxy/own-routes.ts';
import { ProxiedRequests } from './proxy/proxied-requests.ts';
import { RecordRouted } from './proxy/record-routed.ts';
import { watchOrphan } from './sender.ts';
import { TargetResolver } from './target.ts';

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
  /** Instead of the operating system's. */
  readonly names?: NameService | undefined;
  readonly openDatagramSocket?: OpenDatagramSocket | undefined;
  /** Needed to listen for TLS and secure WebSocket. */
  readonly tls?: TlsOptions | undefined;
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
  /** Requests that are being passed on. */
  readonly proxiedRequests: number;
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
  const server = new Drachtio(options);
  try {
    await server.open();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class Drachtio implements DrachtioServer {
  readonly #options: DrachtioOptions;
  readonly #context: DrachtioContext;
  readonly #dialogs = new DialogTable((dialog) => this.#incoming.dialogEnded(dialog));
  readonly #clients = new ClientRegistry<ClientConnection>();
  readonly #pending = new PendingRequests();
  readonly #incoming: IncomingRequests;
  readonly #outgoing: OutgoingRequests;
  readonly #proxied: ProxiedRequests;
  readonly #frames: FrameHandler;
  #layer: TransactionLayer | undefined;
  #resolver: TargetResolver | undefined;
  #largeRequests: LargeRequests | undefined;
  #ownRoutes: OwnRoutes | undefined;
  #server: ClientServer | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: DrachtioOptions) {
    this.#options = options;
    this.#context = this.#makeContext(options);
    const ownRoutes = () => bound(this.#ownRoutes);
    const recordRouted = new RecordRouted(this.#context, ownRoutes);
    this.#incoming = new IncomingRequests(this.#context, this.#pending, recordRouted);
    this.#outgoing = new OutgoingRequests(this.#context);
    const responses = new OutgoingResponses(this.#context, this.#pending, this.#incoming, this.#outgoing);
    this.#proxied = new ProxiedRequests(this.#context, this.#pending, ownRoutes);
    this.#frames = new FrameHandler(this.#clients, this.#outgoing, responses, this.#proxied, options.logger);
  }

  async open(): Promise<void> {
    await this.#openSip();
    const { clock, logger, limits } = this.#context;
    const { client, secret } = this.#options;
    this.#server = await openClientServer({ ...client, secret, limits, clock, logger, user: this.#clientUser() });
  }

  get clientPort(): number {
    return bound(this.#server).port;
  }

  get listeningPoints(): readonly ListeningPoint[] {
    return bound(this.#layer).listeningPoints;
  }

  counts(): DrachtioCounts {
    return {
      clients: bound(this.#server).connections,
      dialogs: this.#dialogs.size,
      pendingRequests: this.#pending.size,
      sentRequests: this.#outgoing.size,
      proxiedRequests: this.#proxied.size,
      ...bound(this.#layer).counts(),
    };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#server?.stop();
    for (const dialog of [...this.#dialogs.values()]) this.#dialogs.remove(dialog);
    this.#pending.clear();
    this.#proxied.stop();
    await this.#layer?.stop();
  }

  #makeContext(options: DrachtioOptions): DrachtioContext {
    const layer = () => bound(this.#layer);
    const resolver = () => bound(this.#resolver);
    const largeRequests = () => bound(this.#largeRequests);
    return {
      get layer() {
        return layer();
      },
      get resolver() {
        return resolver();
      },
      get largeRequests() {
        return largeRequests();
      },
      dialogs: this.#dialogs,
      nextClient: (method) => this.#clients.next(method),
      records: new CallRecords((verb) => this.#clients.next(verb)),
      limits: { ...DEFAULT_DRACHTIO_LIMITS, ...options.limits },
      timings: { ...DEFAULT_TIMINGS, ...options.timings },
      clock: options.clock ?? systemClock,
      logger: options.logger,
    };
  }

  async #openSip(): Promise<void> {
    const { sip, advertisedAddress, filter, limits, names, openDatagramSocket, tls } = this.#options;
    const { clock, logger, timings } = this.#context;
    this.#layer = await startTransactionLayer({
      listen: sip.map((point) => ({ ...point, advertisedAddress: point.advertisedAddress ?? advertisedAddress })),
      user: this.#incoming,
      keepsOpen: (peer) => this.#dialogs.isWith(peer),
      filter: filter && ((source) => filter(source) || this.#dialogs.knowsAddress(source.address)),
      limits,
      timings,
      logger,
      clock,
      openDatagramSocket,
      tls,
    });
    const remembered = new RememberedNames(names ?? systemNames(), clock);
    this.#resolver = new TargetResolver(this.#layer.listeningPoints, remembered);
    this.#largeRequests = new LargeRequests(this.#layer, clock);
    this.#ownRoutes = new OwnRoutes(this.#layer.listeningPoints);
  }

  #clientUser(): ClientConnectionUser {
    return {
      welcome: () => welcome(this.listeningPoints),
      onAuthenticated: (client) => this.#clients.add(client),
      onFrame: (client, tokens, sip) => this.#frames.handle(client, tokens, sip),
      onGone: (client) => {
        this.#clients.remove(client);
        this.#incoming.clientGone(client);
        this.#outgoing.clientGone(client);
        for (const dialog of this.#dialogs.values()) if (dialog.owner === client) watchOrphan(dialog, this.#context);
      },
    };
  }
}

function bound<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the ports are not bound yet');
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
