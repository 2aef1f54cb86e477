/** A plain event socket client: what it sends and what it gets, without a library in between. */
import { connect, type Socket } from 'node:net';
import { EventEmitter, once } from 'node:events';
import { EslFrameReader, type EslFrame } from '../../embedded/freeswitch/index.ts';

export class EslClient {
  readonly socket: Socket;
  readonly frames: EslFrame[] = [];
  readonly #arrived = new EventEmitter();
  readonly #reader = new EslFrameReader();
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.#reader.append(bytes);
      for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) this.frames.push(frame);
      this.#arrived.emit('change');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.#arrived.emit('change');
    });
  }

  static async open(port: number, host = '127.0.0.1'): Promise<EslClient> {
    const socket = connect({ port, host });
    await once(socket, 'connect');
    return new EslClient(socket);
  }

  /** The server's end of a connection: one that FreeSWITCH opened to an application. */
  static over(socket: Socket): EslClient {
    return new EslClient(socket);
  }

  /** Connected and let in. */
  static async authenticated(port: number, password: string): Promise<EslClient> {
    const client = await EslClient.open(port);
    await client.next('auth/request');
    await client.ask(`auth ${password}`);
    return client;
  }

  /** Takes the next frame of this content type. */
  async next(contentType: string, accept: (frame: EslFrame) => boolean = () => true): Promise<EslFrame> {
    const end = performance.now() + 5_000;
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.headers.get('Content-Type') === contentType && accept(frame));
      if (at >= 0) return this.frames.splice(at, 1)[0]!;
      if (this.closed) throw new Error(`the connection was closed before a frame ${contentType}`);
      await this.#change(end, `no frame ${contentType}`);
    }
  }

  async untilClosed(): Promise<void> {
    const end = performance.now() + 5_000;
    while (!this.closed) await this.#change(end, 'the connection is still open');
  }

  /** Sends a command and takes its reply. */
  async ask(command: string): Promise<string> {
    this.socket.write(`${command}\n\n`);
    return (await this.next('command/reply')).headers.get('Reply-Text') ?? '';
  }

  async api(command: string): Promise<string> {
    this.socket.write(`api ${command}\n\n`);
    return (await this.next('api/response')).body;
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.untilClosed();
  }

  async #change(end: number, complaint: string): Promise<void> {
    const signal = AbortSignal.timeout(Math.max(1, Math.ceil(end - performance.now())));
    await once(this.#arrived, 'change', { signal }).catch(() => {
      throw new Error(`${complaint} within 5 s`);
    });
  }
}
