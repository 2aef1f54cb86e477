/** Unmodified drachtio-fsmrf, with the types that tests need. */
import { createRequire } from 'node:module';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Srf, SrfDialog, SrfRequest, SrfResponse } from './srf-client.ts';

export interface EslEvent {
  getHeader(name: string): string | null;
  getBody(): string;
  readonly headers: readonly { readonly name: string; readonly value: unknown }[];
}

export interface EslConnection extends EventEmitter {
  readonly socket: Socket | null;
  api(command: string, callback: (response: EslEvent) => void): void;
  bgapi(command: string, argument: string, callback: (event: EslEvent) => void): void;
  subscribe(events: string[], callback?: () => void): void;
  sendRecv(command: string, callback: (reply: EslEvent) => void): void;
  filter(header: string, value: string, callback: (reply: EslEvent) => void): void;
  getInfo(): EslEvent;
  disconnect(): void;
}

export interface Endpoint extends EventEmitter {
  readonly uuid: string;
  readonly conn: EslConnection;
  readonly dialog: SrfDialog;
  readonly connected: boolean;
  readonly local: { readonly sdp: string; readonly mediaIp: string; readonly mediaPort: string };
  readonly remote: { readonly sdp: string; readonly mediaIp: string; readonly mediaPort: string };
  readonly dtmfType: string;
  readonly conf: { readonly memberId?: number; readonly name?: string };
  play(file: string | string[] | { file: string; timeoutSecs?: number }): Promise<Record<string, string>>;
  playCollect(options: object): Promise<Record<string, string | null>>;
  execute(application: string, argument?: string): Promise<EslEvent>;
  api(command: string, argument?: string | string[]): Promise<EslEvent>;
  set(name: string | Record<string, string>, value?: string): Promise<void>;
  join(conference: string, options?: object): Promise<{ memberId: number; confUuid: string }>;
  modify(sdp: string): Promise<unknown>;
  getChannelVariables(includeMedia: boolean): Promise<Record<string, unknown>>;
  unjoin(): Promise<string>;
  confMute(): Promise<string>;
  confPlay(file: string): Promise<EslEvent>;
  recordSession(file: string): Promise<EslEvent>;
  mute(): Promise<EslEvent>;
  destroy(): Promise<void>;
}

export interface MediaServer extends EventEmitter {
  readonly conn: EslConnection;
  readonly sip: { readonly ipv4: { readonly udp: { readonly address: string } } };
  readonly maxSessions: number;
  readonly currentSessions: number;
  api(command: string): Promise<string>;
  createEndpoint(options?: object): Promise<Endpoint>;
  connectCaller(
    request: SrfRequest,
    response: SrfResponse,
    options?: object,
  ): Promise<{ endpoint: Endpoint; dialog: SrfDialog }>;
  disconnect(): void;
  readonly _server: { readonly server: { close(): void }; readonly connections: Record<string, EslConnection> };
}

interface MrfConstructor {
  new (srf: Srf): { connect(options: object): Promise<MediaServer> };
}

const require = createRequire(import.meta.url);
const Mrf = require('drachtio-fsmrf') as MrfConstructor;

/** The library tells of its connections on the console; tests have no use for it. */
function quietly<T>(run: () => T): T {
  const { info, error, log } = console;
  Object.assign(console, { info: () => undefined });
  try {
    return run();
  } finally {
    Object.assign(console, { info, error, log });
  }
}

export interface EventSocketAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

export async function connectMrf(srf: Srf, { host, port, secret }: EventSocketAddress): Promise<MediaServer> {
  const connecting = quietly(() => new Mrf(srf).connect({ address: host, port, secret, listenAddress: '127.0.0.1' }));
  const server = await connecting;
  server.conn.socket?.setNoDelay(true);
  return server;
}

/** As SIGKILL would: every socket of the application is cut. */
export function killMrf(server: MediaServer): void {
  server.conn.removeAllListeners();
  for (const connection of Object.values(server._server.connections)) {
    connection.removeAllListeners();
    connection.socket?.destroy();
  }
  server._server.server.close();
  server.conn.disconnect();
}

function eachSecure(sdp: string, change: (section: string) => string): string {
  const [session = '', ...media] = sdp.split(/(?=^m=)/m);
  return session + media.map((section) => (section.includes('RTP/SAVP') ? change(section) : section)).join('');
}

/** The real server offers encrypted audio first, on an m= line of its own. */
export function plainAudioOnly(sdp: string): string {
  return eachSecure(sdp, () => '');
}

interface Offered {
  readonly sdp: string;
  readonly ack: (sdp: string) => Promise<unknown>;
}

/**
 * As unmodified drachtio-srf, but the encrypted stream of a media server's offer is refused in its ACK. drachtio-fsmrf
 * accepts it, and a real server without `rtp_secure_media=forbidden` then sends telephones noise.
 */
export function refusingEncryption(srf: Srf): Srf {
  const createUAC = async (uri: string, options: { localSdp?: string }) => {
    if (options.localSdp !== undefined) return srf.createUAC(uri, options);
    const { sdp, ack } = (await srf.createUAC(uri, { ...options, noAck: true })) as unknown as Offered;
    return ack(eachSecure(sdp, (section) => `${section.split('\r\n', 1)[0]!.replace(/ \d+ /, ' 0 ')}\r\n`));
  };
  return { createUAC } as unknown as Srf;
}
