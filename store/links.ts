/** One connection to Redis, single or Cluster, cut down to what the store needs. The only file that knows the redis package. */
import { createClient, createCluster } from 'redis';
import { StoreUnavailable } from './errors.ts';

/** A connection that can be thrown away and made anew. */
export interface Link {
  /** Resolves when it can be used. Single: tries until it works or `destroy`; Cluster: rejects when no node answers. */
  connect(): Promise<void>;
  /** @param key decides the node of a Cluster */
  send(key: string, args: readonly string[]): Promise<unknown>;
  /** Every node that commands may go to answers. */
  ping(): Promise<void>;
  /** At once; what is pending is rejected. */
  destroy(): void;
}

/** A connection of its own for channels: in RESP 2 it can do nothing else. */
export interface SubscriberLink {
  /** As {@link Link.connect}. */
  connect(): Promise<void>;
  /** Resolves when messages come. Kept over reconnections. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  /** At once. */
  destroy(): void;
}

export interface LinkEvents {
  /** Something changed: worth a look whether Redis answers. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

export interface LinkOptions {
  readonly url: string;
  readonly cluster: boolean;
  /** Milliseconds. */
  readonly connectTimeoutMs: number;
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;
const JITTER_MS = 100;
/** More commands than that in flight, and new ones are refused at once rather than remembered. */
const MOST_COMMANDS = 20_000;
/** The outer deadline is the connection's; this one only keeps the package from waiting longer. */
const COMMAND_TIMEOUT_MS = 5_000;

/** Doubles from 50 ms to 2 s, with jitter so that many processes do not come back at the same instant. */
export function reconnectDelay(retries: number, random: () => number = Math.random): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(retries, 16), LONGEST_DELAY_MS) + Math.floor(random() * JITTER_MS);
}

export function createLink(options: LinkOptions, events: LinkEvents): Link {
  return options.cluster ? clusterLink(options, events) : singleLink(options, events);
}

/** A server that says nothing for so long, though it is asked, is taken for dead. */
const SUBSCRIBER_PING_MS = 2_000;
const SUBSCRIBER_SILENCE_MS = 7_000;

/** @param events.onChange messages may have been missed: whoever depends on them looks for itself */
export function createSubscriberLink(options: LinkOptions, events: LinkEvents): SubscriberLink {
  return options.cluster ? clusterSubscriber(options, events) : singleSubscriber(options, events);
}

const shared = {
  RESP: 2,
  // Without it, commands would wait in memory for a Redis that may never come back.
  disableOfflineQueue: true,
  commandsQueueMaxLength: MOST_COMMANDS,
  commandOptions: { timeout: COMMAND_TIMEOUT_MS },
  maintNotifications: 'disabled',
} as const;

const reconnect = (retries: number): number => reconnectDelay(retries);

function makeClient(options: LinkOptions, settings: { socketTimeout?: number; pingInterval?: number } = {}) {
  const { socketTimeout, pingInterval } = settings;
  const socket = {
    connectTimeout: options.connectTimeoutMs,
    reconnectStrategy: reconnect,
    ...(socketTimeout === undefined ? {} : { socketTimeout }),
  };
  const more = pingInterval === undefined ? shared : { ...shared, pingInterval };
  return options.url.startsWith('unix:')
    ? createClient({ ...more, ...unixTarget(options.url, socket) })
    : createClient({ ...more, url: options.url, socket });
}

/**
 * At once, but for an attempt to connect that has no socket yet: the package would let it go on behind our back, and a
 * subscriber would then say PING for ever.
 */
function destroyer(client: ReturnType<typeof makeClient>): () => void {
  let attempting = true;
  let destroyed = false;
  const settle = () => {
    attempting = false;
    if (destroyed && client.isOpen) client.destroy();
  };
  client.on('connect', settle).on('error', settle);
  client.on('reconnecting', () => (attempting = true));
  return () => {
    destroyed = true;
    if (client.isOpen && !attempting) client.destroy();
  };
}

function singleSubscriber(options: LinkOptions, events: LinkEvents): SubscriberLink {
  const client = makeClient(options, { pingInterval: SUBSCRIBER_PING_MS, socketTimeout: SUBSCRIBER_SILENCE_MS });
  client.on('ready', events.onChange).on('error', events.onError);
  return {
    connect: async () => {
      await client.connect();
    },
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    unsubscribe: (channel) => client.unsubscribe(channel),
    destroy: destroyer(client),
  };
}

/** Messages reach every node of a Cluster: the package picks one, and another when that one goes. */
function clusterSubscriber(options: LinkOptions, events: LinkEvents): SubscriberLink {
  const cluster = makeCluster(options, { pingInterval: SUBSCRIBER_PING_MS });
  cluster.on('error', events.onError);
  for (const name of ['node-ready', 'node-disconnect']) cluster.on(name, events.onChange);
  return {
    connect: async () => {
      await cluster.connect();
    },
    subscribe: (channel, listener) => cluster.subscribe(channel, listener),
    unsubscribe: (channel) => cluster.unsubscribe(channel),
    destroy: () => {
      if (cluster.isOpen) cluster.destroy();
    },
  };
}

function singleLink(options: LinkOptions, events: LinkEvents): Link {
  const client = makeClient(options);
  client.on('ready', events.onChange).on('end', events.onChange).on('error', events.onError);
  return {
    connect: async () => {
      await client.connect();
    },
    send: (_key, args) => client.sendCommand([...args]),
    ping: async () => {
      await client.sendCommand(['PING']);
    },
    destroy: destroyer(client),
  };
}

/** `unix:///path/to/socket`; the path is percent-decoded, a password may stand where the URL has one. */
function unixTarget(
  url: string,
  socket: { connectTimeout: number; reconnectStrategy: (retries: number) => number; socketTimeout?: number },
): { socket: { path: string; tls: false; connectTimeout: number }; password?: string } {
  const parsed = new URL(url);
  return {
    socket: { ...socket, path: decodeURIComponent(parsed.pathname), tls: false },
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
  };
}

function makeCluster(options: LinkOptions, settings: { pingInterval?: number } = {}) {
  const parsed = new URL(options.url);
  if (parsed.protocol === 'unix:') throw new TypeError('A Redis Cluster is reached by host and port, not by a socket.');
  return createCluster({
    RESP: shared.RESP,
    commandOptions: shared.commandOptions,
    rootNodes: [{ url: options.url }],
    // What the nodes found later need as well: the package does not hand down what the URL says.
    defaults: {
      disableOfflineQueue: shared.disableOfflineQueue,
      commandsQueueMaxLength: MOST_COMMANDS,
      maintNotifications: shared.maintNotifications,
      ...settings,
      ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
      ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
      socket: {
        connectTimeout: options.connectTimeoutMs,
        reconnectStrategy: reconnect,
        ...(parsed.protocol === 'rediss:' ? { tls: true as const } : {}),
      },
    },
  });
}

function clusterLink(options: LinkOptions, events: LinkEvents): Link {
  const cluster = makeCluster(options);
  cluster.on('error', events.onError);
  for (const name of ['node-ready', 'node-disconnect', 'node-reconnecting']) cluster.on(name, events.onChange);
  return {
    connect: async () => {
      await cluster.connect();
    },
    send: (key, args) => cluster.sendCommand(key, false, [...args]),
    ping: async () => {
      if (cluster.masters.length === 0) throw new StoreUnavailable({ detail: 'The cluster has no nodes.' });
      // A node answers PING also while it refuses everything else, because the cluster is not complete.
      const states = await Promise.all(
        cluster.masters.map(async (node) => (await cluster.nodeClient(node)).sendCommand<string>(['CLUSTER', 'INFO'])),
      );
      if (!states.every((state) => state.includes('cluster_state:ok'))) {
        throw new StoreUnavailable({ detail: 'The cluster is not complete.' });
      }
    },
    destroy: () => {
      if (cluster.isOpen) cluster.destroy();
    },
  };
}
