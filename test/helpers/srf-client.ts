/** Unmodified drachtio-srf, with the types that tests need. */
import { createRequire } from 'node:module';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

export interface SrfMessage {
  readonly method: string;
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  readonly stackTxnId: string;
  readonly stackDialogId: string;
  readonly source: string;
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly receivedOn: string;
  readonly callingNumber: string;
  get(name: string): string | undefined;
  has(name: string): boolean;
}

export interface SrfRequest extends SrfMessage, EventEmitter {
  cancel(): void;
}

export interface SrfResponse extends SrfMessage {
  send(
    status: number,
    options?: { body?: string; headers?: Record<string, string> },
    callback?: (error: unknown, sent?: SrfMessage) => void,
    onPrack?: (prack: SrfRequest) => void,
  ): void;
}

export interface SrfDialog extends EventEmitter {
  readonly id: string;
  readonly sip: { callId: string; localTag: string; remoteTag: string };
  readonly local: { sdp: string; uri: string };
  readonly remote: { sdp: string; uri: string };
  destroy(options?: object): Promise<unknown>;
  modify(sdp: string): Promise<string>;
  request(options: { method: string; body?: string; headers?: Record<string, string> }): Promise<SrfMessage>;
}

export interface Srf extends EventEmitter {
  connect(options: { host: string; port: number; secret: string }): unknown;
  disconnect(): void;
  use(handler: (request: SrfRequest, response: SrfResponse, next: () => void) => void): void;
  invite(handler: (request: SrfRequest, response: SrfResponse) => void): void;
  options(handler: (request: SrfRequest, response: SrfResponse) => void): void;
  createUAS(
    request: SrfRequest,
    response: SrfResponse,
    options: { localSdp: string; headers?: object },
  ): Promise<SrfDialog>;
  createUAC(
    uri: string,
    options: object,
    progress?: {
      cbRequest?: (error: unknown, request: SrfRequest) => void;
      cbProvisional?: (response: SrfMessage) => void;
    },
  ): Promise<SrfDialog>;
  request(uri: string, options: object): Promise<SrfRequest>;
  request(uri: string, options: object, callback: (error: unknown, request?: SrfRequest) => void): void;
  proxyRequest(request: SrfRequest, destination: string | readonly string[], options?: object): Promise<ProxyOutcome>;
}

/** What an application learns of a request it had passed on. */
export interface ProxyOutcome {
  readonly connected: boolean;
  readonly finalStatus?: number;
  readonly responses: readonly {
    readonly address: string;
    readonly port: number;
    readonly msgs: readonly { readonly status: number }[];
  }[];
}

const SrfClass = createRequire(import.meta.url)('drachtio-srf') as new () => Srf;

/** What of its insides a test needs to end it. */
interface Insides {
  readonly _app: { readonly client: { readonly mapServer: Map<Socket, unknown>; readonly wp: { closing: boolean } } };
}

/**
 * Connected and authenticated.
 * @throws what the library reports when the secret is wrong
 */
export async function connectSrf(port: number, secret: string, prepare: (srf: Srf) => void = () => {}): Promise<Srf> {
  const srf = new SrfClass();
  prepare(srf);
  const connected = new Promise<void>((resolve, reject) => {
    srf.on('connect', (error: Error | null) => (error ? reject(error) : resolve()));
    srf.on('error', reject);
  });
  srf.connect({ host: '127.0.0.1', port, secret });
  await connected;
  return srf;
}

/** Cuts the connection without a word, like a killed process; the library is kept from connecting again. */
export function killSrf(srf: Srf): void {
  const { client } = (srf as unknown as Insides)._app;
  client.wp.closing = true;
  for (const socket of client.mapServer.keys()) socket.destroy();
}
