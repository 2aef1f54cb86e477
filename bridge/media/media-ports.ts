/**
 * The parts of drachtio-fsmrf 4.1.2 and drachtio-modesl 1.3.1 that we use, typed. Both write to the console on
 * reconnection and on socket errors; that noise is theirs and harmless.
 */
import Mrf from 'drachtio-fsmrf';
import MediaServerClass from 'drachtio-fsmrf/lib/mediaserver.js';
import esl from 'drachtio-modesl';
import type { Socket } from 'node:net';
import { srfForMrf, type CallerAnswer, type PendingChannels } from './caller-answer.ts';

export interface EslEvent {
  getHeader(name: string): string | null | undefined;
  getBody(): string | null | undefined;
}

/** A connection to FreeSWITCH's event socket; inbound (we connect) or outbound (it connects to us, for one channel). */
export interface EslConnection {
  socket: Socket | null;
  closing?: boolean;
  reconnectOpts: { maxAttempts?: number };
  reconnectVars: { attempts?: number; retryTimer?: NodeJS.Timeout | null };
  on(event: string, listener: (event: EslEvent) => void): unknown;
  removeListener(event: string, listener: (event: EslEvent) => void): unknown;
  removeAllListeners(event?: string): unknown;
  api(command: string, callback: (event: EslEvent) => void): void;
  subscribe(events: string[]): void;
  send(command: string, headers?: Record<string, unknown>): void;
  /** Sends a command whose answer is of no interest, but is counted. */
  sendRecv(command: string): void;
  disconnect(): void;
}

/** fsmrf's view of one FreeSWITCH. Private fields are named where we must put right what it leaves undone. */
export interface FsmrfMediaServer {
  readonly sip: { ipv4: { udp: { address?: string } } };
  readonly listenPort?: number;
  readonly _server?: {
    readonly connections: Record<string, EslConnection>;
    readonly server: { close(): unknown };
    on(event: 'connection::open', listener: (connection: EslConnection) => void): unknown;
  };
  readonly pendingConnections: PendingChannels;
  closing?: boolean;
  once(event: 'ready' | 'connect', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Without a remote SDP the media server offers. */
  createEndpoint(options: { remoteSdp?: string; headers?: Record<string, string> }): Promise<FsmrfEndpoint>;
  /** For a browser's offer; answers it with `response` (caller-answer.ts) before the channel is there. */
  connectCaller(
    request: { readonly body: string },
    response: CallerAnswer,
    options: { headers?: Record<string, string> },
  ): Promise<{ endpoint: FsmrfEndpoint }>;
  disconnect(): void;
}

export interface FsmrfDialog {
  readonly id: string;
  readonly connected: boolean;
  destroy(): Promise<unknown>;
  modify(sdp: string): Promise<string>;
}

/** One leg. Emits `destroy` once its channel is gone, then drops every listener. */
export interface FsmrfEndpoint {
  readonly uuid: string;
  readonly connected: boolean;
  readonly local: { sdp: string };
  readonly conn: EslConnection | null;
  readonly dialog: FsmrfDialog | null;
  on(event: 'dtmf', listener: (event: { dtmf: string; duration: string; source: string }) => void): unknown;
  on(event: 'destroy', listener: (event?: { reason?: string }) => void): unknown;
  on(event: 'playback-start', listener: () => void): unknown;
  execute(application: string, argument: string): Promise<EslEvent>;
  destroy(): Promise<unknown>;
}

export interface EslModule {
  readonly Connection: new (host: string, port: number, password: string, onReady: () => void) => EslConnection;
}

export function createMrf(srf: unknown): unknown {
  return new (Mrf as new (srf: unknown) => unknown)(srfForMrf(srf as Parameters<typeof srfForMrf>[0]));
}

/** modesl writes a command line by line, each of which would be a packet of its own and a wake-up for the other side. */
export function sendWhole(connection: EslConnection): void {
  const send = connection.send.bind(connection);
  connection.send = (command, headers) => {
    const { socket } = connection;
    socket?.cork();
    send(command, headers);
    socket?.uncork();
  };
}

export const EslConnectionClass = (esl as EslModule).Connection;

/**
 * fsmrf's own `mrf.connect` never settles on a wrong password, retries a refused port every millisecond for ever, and
 * throws out of the socket's data handler on a wrong profile. So we bring a connection that is proven already.
 */
export const FsmrfMediaServerClass = MediaServerClass as new (
  connection: EslConnection,
  mrf: unknown,
  listenAddress: string,
  listenPort: number,
  advertisedAddress: string | undefined,
  advertisedPort: number | undefined,
  profile: string,
) => FsmrfMediaServer;
