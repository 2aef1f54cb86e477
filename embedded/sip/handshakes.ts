/** What lies between a TCP connection and SIP messages: nothing, TLS, or the opening handshake of a WebSocket. */
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type ConnectionOptions,
  type Server as TlsServer,
  type TlsOptions as NodeTlsOptions,
} from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import type { Destination } from './transport.ts';
import type { TlsOptions, TransportProtocol } from './types.ts';

export type StreamProtocol = Exclude<TransportProtocol, 'udp'>;

/** What messages pass over. */
export type Link =
  | { readonly kind: 'stream'; readonly socket: Socket }
  | { readonly kind: 'websocket'; readonly socket: WebSocket; readonly stream?: Duplex };

export interface Handshakes {
  /** Does anything come before the first message? */
  readonly immediate: boolean;
  /** `ready` is called at most once; a peer that does not complete the handshake is cut off by its socket's owner. */
  accept(raw: Socket, ready: (link: Link) => void): void;
  /** @param localAddress to connect from, if it matters */
  connect(destination: Destination, localAddress: string | undefined): Link;
}

export interface HandshakeOptions {
  readonly protocol: StreamProtocol;
  readonly tls: TlsOptions | undefined;
  readonly maxMessageBytes: number;
  readonly deadlineMs: number;
}

/** RFC 7118 section 4.1. */
const SUBPROTOCOL = 'sip';

/** @throws when TLS is wanted and there is no certificate */
export function handshakesFor(options: HandshakeOptions): Handshakes {
  switch (options.protocol) {
    case 'tcp':
      return new TcpHandshakes();
    case 'tls':
      return new TlsHandshakes(options, required(options));
    case 'ws':
      return new WebSocketHandshakes(options, createHttpServer(), undefined);
    case 'wss': {
      const tls = required(options);
      return new WebSocketHandshakes(options, createHttpsServer(serverTls(tls, options)), tls);
    }
  }
}

function required({ protocol, tls }: HandshakeOptions): TlsOptions {
  if (!tls) throw new Error(`SIP over ${protocol} needs a certificate`);
  return tls;
}

function serverTls({ certificate, key }: TlsOptions, { deadlineMs }: HandshakeOptions): NodeTlsOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2', handshakeTimeout: deadlineMs };
}

function clientTls({ certificate, key, authorities, verifyServers = true }: TlsOptions): ConnectionOptions {
  const trusted = authorities === undefined ? {} : { ca: authorities };
  return { cert: certificate, key, minVersion: 'TLSv1.2', rejectUnauthorized: verifyServers, ...trusted };
}

/** An address is no name that could be asked for (RFC 6066 section 3). */
function nameOf({ host }: Destination): { servername?: string } {
  return host === undefined || isIP(host) !== 0 ? {} : { servername: host };
}

function target(destination: Destination, localAddress: string | undefined) {
  const local = localAddress === undefined ? {} : { localAddress };
  return { host: destination.address, port: destination.port, family: isIPv6(destination.address) ? 6 : 4, ...local };
}

class TcpHandshakes implements Handshakes {
  readonly immediate = true;

  accept(raw: Socket, ready: (link: Link) => void): void {
    ready({ kind: 'stream', socket: raw });
  }

  connect(destination: Destination, localAddress: string | undefined): Link {
    return { kind: 'stream', socket: connectTcp(target(destination, localAddress)) };
  }
}

/** Who waits for the end of which handshake; the layers above TCP show their peer, not the socket below. */
class Waiting {
  readonly #ready = new Map<string, (link: Link) => void>();

  add(raw: Socket, ready: (link: Link) => void): void {
    const key = keyOf(raw);
    this.#ready.set(key, ready);
    raw.once('close', () => this.#ready.delete(key));
  }

  tell(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }, link: Link): void {
    const key = keyOf(socket);
    const ready = this.#ready.get(key);
    this.#ready.delete(key);
    ready?.(link);
  }
}

function keyOf(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
}

class TlsHandshakes implements Handshakes {
  readonly immediate = false;
  readonly #tls: TlsOptions;
  readonly #server: TlsServer;
  readonly #waiting = new Waiting();

  constructor(options: HandshakeOptions, tls: TlsOptions) {
    this.#tls = tls;
    this.#server = createTlsServer(serverTls(tls, options));
    this.#server.on('secureConnection', (socket) => this.#waiting.tell(socket, { kind: 'stream', socket }));
  }

  accept(raw: Socket, ready: (link: Link) => void): void {
    this.#waiting.add(raw, ready);
    this.#server.emit('connection', raw);
  }

  connect(destination: Destination, localAddress: string | undefined): Link {
    const options = { ...target(destination, localAddress), ...clientTls(this.#tls), ...nameOf(destination) };
    const socket = connectTls(options);
    // Nothing may leave before the other end has proved who it is; what waits fails with the socket.
    socket.cork();
    socket.once('secureConnect', () => socket.uncork());
    return { kind: 'stream', socket };
  }
}

class WebSocketHandshakes implements Handshakes {
  readonly immediate = false;
  readonly #options: HandshakeOptions;
  readonly #tls: TlsOptions | undefined;
  readonly #http: HttpServer;
  readonly #upgrades: WebSocketServer;
  readonly #waiting = new Waiting();

  constructor(options: HandshakeOptions, http: HttpServer, tls: TlsOptions | undefined) {
    this.#options = options;
    this.#tls = tls;
    this.#http = http;
    const { maxMessageBytes: maxPayload } = options;
    const handleProtocols = () => SUBPROTOCOL;
    this.#upgrades = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false, handleProtocols });
    http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#upgrade(request, stream, head),
    );
    http.on('request', (_request, response) => void response.writeHead(426, { Upgrade: 'websocket' }).end());
  }

  accept(raw: Socket, ready: (link: Link) => void): void {
    this.#waiting.add(raw, ready);
    this.#http.emit('connection', raw);
  }

  connect(destination: Destination, localAddress: string | undefined): Link {
    const { maxMessageBytes: maxPayload, deadlineMs: handshakeTimeout } = this.#options;
    const { host, ...rest } = target(destination, localAddress);
    const authority = isIPv6(host) ? `[${host}]` : host;
    const url = `${this.#tls ? 'wss' : 'ws'}://${authority}:${destination.port}/`;
    const limits = { maxPayload, handshakeTimeout, perMessageDeflate: false, followRedirects: false };
    const tls = this.#tls ? { ...clientTls(this.#tls), ...nameOf(destination) } : {};
    return { kind: 'websocket', socket: new WebSocket(url, SUBPROTOCOL, { ...limits, ...rest, ...tls }) };
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(SUBPROTOCOL)) {
      stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#upgrades.handleUpgrade(request, stream, head, (socket) => {
      this.#waiting.tell(request.socket, { kind: 'websocket', socket, stream });
    });
  }
}
