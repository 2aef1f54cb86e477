/** Opens the listening points and leads bytes from them to the transaction table. */
import type { Logger } from '../../config/index.ts';
import { MalformedSipMessage, MAX_MESSAGE_BYTES, parseSipMessage, SipParseError } from '../wire/sip-message.ts';
import { systemClock, type Clock } from './clock.ts';
import { ConnectionBudget } from './connection-budget.ts';
import type { OpenDatagramSocket } from './datagram-socket.ts';
import { markSource } from './matching.ts';
import { openStreamTransport } from './stream-transport.ts';
import { DEFAULT_TIMINGS, type SipTimings } from './timings.ts';
import { TransactionTable } from './transaction-layer.ts';
import type { SipTransport, TransportUser } from './transport.ts';
import type {
  ListeningPoint,
  SipHop,
  SipLimits,
  SourceFilter,
  TlsOptions,
  TransactionLayer,
  TransactionLayerUser,
  TransportProtocol,
} from './types.ts';
import { openUdpTransport } from './udp-transport.ts';

export interface ListenOptions {
  readonly protocol: TransportProtocol;
  readonly address: string;
  /** 0: the operating system chooses, the same port for UDP and TCP of one address. */
  readonly port: number;
  readonly advertisedAddress?: string | undefined;
}

export interface TransactionLayerOptions {
  readonly listen: readonly ListenOptions[];
  readonly user: TransactionLayerUser;
  /** Responses are let in from wherever one is awaited. */
  readonly filter?: SourceFilter | undefined;
  /** Is a connection to this peer still wanted although nothing has passed over it for long? */
  readonly keepsOpen?: ((peer: SipHop) => boolean) | undefined;
  readonly limits?: Partial<SipLimits> | undefined;
  readonly timings?: Partial<SipTimings> | undefined;
  readonly logger: Logger;
  readonly clock?: Clock | undefined;
  readonly openDatagramSocket?: OpenDatagramSocket | undefined;
  /** Needed to listen for TLS and secure WebSocket. */
  readonly tls?: TlsOptions | undefined;
}

export const DEFAULT_LIMITS: SipLimits = {
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxConnections: 1_000,
  maxConnectionsPerAddress: 100,
  maxServerTransactions: 10_000,
  maxHalfOpenPerSource: 2_000,
  maxNewRequestsPerSecond: 1_000,
  streamMessageDeadlineMs: 10_000,
};

const PORT_TRIES = 20;

/** @throws the operating system's error when a port cannot be bound; nothing stays open then */
export async function startTransactionLayer(options: TransactionLayerOptions): Promise<TransactionLayer> {
  const limits: SipLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const budget = new ConnectionBudget(limits.maxConnections, limits.maxConnectionsPerAddress);
  const { user, logger, clock = systemClock } = options;
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const table = new TransactionTable({ user, limits, timings, clock, logger, budget });
  const transportUser = readMessages(table, options, logger);
  const opener = new TransportOpener({ ...options, limits, budget, clock, user: transportUser });
  try {
    for (const transport of await opener.openAll(options.listen)) table.addTransport(transport);
  } catch (error) {
    await table.stop();
    throw error;
  }
  return table;
}

function readMessages(
  table: TransactionTable,
  { filter, keepsOpen }: Pick<TransactionLayerOptions, 'filter' | 'keepsOpen'>,
  logger: Logger,
): TransportUser {
  return {
    isNeeded: (peer) => table.expectsResponseFrom(peer.address) || keepsOpen?.(peer) === true,
    accepts: (source) => !filter || filter(source) || table.expectsResponseFrom(source.address),
    onMessage(bytes, source, receivedOn) {
      try {
        const message = parseSipMessage(bytes);
        if (message.kind === 'response') table.onResponse(message, source);
        else if (!filter || filter(source)) {
          markSource(message.headers, source);
          table.onRequest(message, source, receivedOn);
        }
      } catch (error) {
        if (!(error instanceof SipParseError)) throw error;
        logger.debug({ problem: error.problem, source }, 'malformed SIP message');
        if (!filter || filter(source)) refuseMalformed(table, error, source, receivedOn);
      }
    },
  };
}

/** 400 or 505 where the headers were good enough to find the way back; otherwise silence. */
function refuseMalformed(table: TransactionTable, error: SipParseError, source: SipHop, on: ListeningPoint): void {
  if (!(error instanceof MalformedSipMessage) || error.partial.kind !== 'request') return;
  const { partial, status } = error;
  try {
    markSource(partial.headers, source);
    table.refuse(partial, source, on, status, status === 505 ? 'Version Not Supported' : 'Bad Request');
  } catch (second) {
    if (!(second instanceof SipParseError)) throw second;
  }
}

interface OpenerOptions {
  readonly limits: SipLimits;
  readonly budget: ConnectionBudget;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly user: TransportUser;
  readonly openDatagramSocket?: OpenDatagramSocket | undefined;
  readonly tls?: TlsOptions | undefined;
}

class TransportOpener {
  readonly #options: OpenerOptions;

  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  async openAll(listen: readonly ListenOptions[]): Promise<SipTransport[]> {
    for (let tries = 1; ; tries++) {
      const opened: SipTransport[] = [];
      try {
        for (const point of listen) opened.push(await this.#open({ ...point, port: choosePort(point, opened) }));
        return opened;
      } catch (error) {
        await Promise.all(opened.map((transport) => transport.stop()));
        // The port that was free for one protocol may be taken for the next: choose another.
        if (!listen.some(({ port }) => port === 0) || !isAddressInUse(error) || tries >= PORT_TRIES) throw error;
      }
    }
  }

  #open(point: ListenOptions): Promise<SipTransport> {
    const { limits, openDatagramSocket, ...rest } = this.#options;
    switch (point.protocol) {
      case 'udp':
        return openUdpTransport({ ...rest, ...point, maxMessageBytes: limits.maxMessageBytes, openDatagramSocket });
      case 'tcp':
      case 'tls':
      case 'ws':
      case 'wss':
        return openStreamTransport({ ...rest, ...point, ...limits, protocol: point.protocol });
    }
  }
}

function choosePort(point: ListenOptions, opened: readonly SipTransport[]): number {
  if (point.port !== 0) return point.port;
  const shared: TransportProtocol = point.protocol === 'udp' ? 'tcp' : 'udp';
  const mayShare = point.protocol === 'udp' || point.protocol === 'tcp';
  const sibling = opened.find(({ listeningPoint }) => {
    return mayShare && listeningPoint.address === point.address && listeningPoint.protocol === shared;
  });
  return sibling?.listeningPoint.port ?? 0;
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
