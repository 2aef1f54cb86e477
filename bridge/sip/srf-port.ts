/**
 * The part of drachtio-srf 5 that we use, typed. The library is CommonJS with weak types of its own; everything of it
 * stops in this room (and in bridge/media, because drachtio-fsmrf takes srf's objects).
 */
import SrfClass from 'drachtio-srf';

export interface SrfMessage {
  get(header: string): string | undefined;
  has(header: string): boolean;
}

export interface SrfSocket {
  readonly destroyed: boolean;
  destroy(): void;
  /** Ends after what was written has gone out. */
  destroySoon(): void;
}

/** What the agent keeps per connection; see `forgetInvite`. */
interface SrfAgentState {
  readonly pendingNetworkInvites: Map<string, unknown>;
}

interface SrfWireProtocol {
  closing?: boolean;
  socket?: SrfSocket;
  reconnectVars?: { retryTimer?: NodeJS.Timeout | null };
}

interface SrfAgent {
  readonly mapServer: Map<SrfSocket, SrfAgentState>;
  readonly wp: SrfWireProtocol;
}

export interface SrfRequest extends SrfMessage {
  readonly method: string;
  readonly uri: string;
  readonly body: string | undefined;
  /** 'application': made by drachtio-server itself, e.g. the BYE after a missing ACK. */
  readonly source: 'network' | 'application';
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  /** `address:port` of the listening point; absent for requests inside of dialogs. */
  readonly receivedOn?: string;
  readonly agent: SrfAgent;
  socket: SrfSocket;
  getParsedHeader(header: string): unknown;
  on(event: 'cancel', listener: () => void): unknown;
  on(event: 'response', listener: (response: SrfMessage & { status: number }) => void): unknown;
  /** Of a request of ours: sends CANCEL. */
  cancel(): void;
}

/** A response to a request of ours. */
export interface SrfAnswer extends SrfMessage {
  readonly status: number;
  readonly body: string;
  readonly source_address: string;
  readonly source_port: number;
}

export interface SendOptions {
  headers?: Record<string, string>;
  body?: string;
}

export interface SrfResponse {
  readonly finalResponseSent: boolean;
  send(status: number, options?: SendOptions, callback?: (error: unknown, sent?: SrfMessage) => void): void;
}

export interface SrfDialog {
  readonly id: string;
  readonly connected: boolean;
  readonly req: { socket: SrfSocket };
  readonly local: { sdp: string };
  readonly remote: { sdp: string };
  on(event: 'destroy', listener: (request: SrfRequest, reason?: string) => void): unknown;
  on(
    event: 'modify' | 'info' | 'refer' | 'message' | 'publish',
    listener: (request: SrfRequest, response: SrfResponse) => void,
  ): unknown;
  on(event: 'ack', listener: (request: Pick<SrfRequest, 'body'>) => void): unknown;
  destroy(options?: { headers?: Record<string, string> }): Promise<unknown>;
  modify(sdp: string): Promise<string>;
}

export type SrfHandler = (request: SrfRequest, response: SrfResponse) => void;

export interface Srf {
  readonly app: { readonly client?: SrfAgent };
  readonly _dialogs: Map<string, SrfDialog>;
  connect(options: {
    host: string;
    port: number;
    secret: string;
    enablePing?: boolean;
    pingInterval?: number;
    reconnect?: { retryMaxDelay: number };
  }): unknown;
  on(event: 'connect', listener: (error: Error | null, hostport?: string, version?: string) => void): unknown;
  on(event: 'error' | 'close' | 'reconnecting', listener: (detail: unknown) => void): unknown;
  use(method: string, handler: SrfHandler): unknown;
  createUAS(
    request: SrfRequest,
    response: SrfResponse,
    options: { localSdp: string; headers?: Record<string, string> },
    callback: (error: unknown, dialog?: SrfDialog) => void,
  ): unknown;
  /** Never with `auth`: drachtio-srf would answer a challenge of anybody. @throws its SipError */
  createUAC(
    uri: string,
    options: { localSdp: string; headers: Readonly<Record<string, string>>; proxy?: string },
    progress: {
      cbRequest: (error: unknown, request?: SrfRequest) => void;
      cbProvisional: (response: SrfAnswer) => void;
    },
  ): Promise<SrfDialog>;
  request(uri: string, options: { method: string; stackDialogId: string }): Promise<SrfRequest>;
}

/** @param tags drachtio-server may send requests of a lost process to another one with the same tag */
export function createSrf(tags: readonly string[]): Srf {
  const Constructor = SrfClass as unknown as new (tags: readonly string[]) => Srf;
  return new Constructor(tags);
}

/** The status of drachtio-srf's SipError: a request of ours was answered with it. */
export function sipStatusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}

export interface SipFailure {
  /** Absent when nothing could be sent. */
  readonly status?: number;
  readonly text: string;
  readonly response?: SrfAnswer;
}

/** Why a request of ours failed: drachtio-srf throws its SipError, an Error, or a text. */
export function sipFailureOf(error: unknown): SipFailure {
  const status = sipStatusOf(error);
  const text = error instanceof Error ? error.message : String(error);
  if (status === undefined) return { text };
  const { res } = error as { res?: SrfAnswer };
  return { status, text, ...(res && { response: res }) };
}

/**
 * The agent remembers an INVITE until its final response. One that is never answered would stay for ever, so whoever
 * floods us from an unknown address would fill our memory.
 */
export function forgetInvite(request: SrfRequest): void {
  const callId = request.get('Call-ID');
  if (callId !== undefined) request.agent.mapServer.get(request.socket)?.pendingNetworkInvites.delete(callId);
}

/** After a reconnection, requests inside the dialogs made before must travel over the new connection. */
export function moveDialogsToCurrentSocket(srf: Srf): void {
  const current = srf.app.client?.mapServer.keys().next().value;
  if (current === undefined) return;
  for (const dialog of srf._dialogs.values()) if (dialog.req.socket.destroyed) dialog.req.socket = current;
}

/**
 * Ends the connection for good. `srf.disconnect()` alone throws while there is no connection, and leaves a retry
 * running that would connect again.
 */
export function closeSrf(srf: Srf): void {
  const agent = srf.app.client;
  if (!agent) return;
  agent.wp.closing = true;
  if (agent.wp.reconnectVars?.retryTimer) clearTimeout(agent.wp.reconnectVars.retryTimer);
  agent.wp.socket?.destroy();
  for (const socket of agent.mapServer.keys()) socket.destroySoon();
}
