/** An application that speaks the drachtio protocol by hand, so that tests see every token. */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { event, SDP } from './sip-phone.ts';

export interface Frame {
  readonly tokens: readonly string[];
  readonly head: readonly string[];
}

export const invite = (uri: string, extra = '') =>
  `INVITE ${uri} SIP/2.0\r\n${extra}Content-Length: ${SDP.length}\r\n\r\n${SDP}`;
export const empty = (method: string, uri: string) => `${method} ${uri} SIP/2.0\r\nContent-Length: 0\r\n\r\n`;

/** Id of the dialog that one of these frames names. */
export const dialogOf = (frames: readonly Frame[]) =>
  frames.flatMap(({ tokens }) => tokens).find((token) => token.includes(';from-tag='))!;
/** Id of the transaction that this frame names. */
export const transactionOf = ({ tokens }: Frame) => (tokens[1] === 'sip' ? tokens[8]! : tokens[10]!);

/** An application that speaks frames by hand. Emits `frame`. */
export class RawClient extends EventEmitter {
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  /** One character per byte: lengths of frames are in bytes. */
  #text = '';

  constructor(port: number) {
    super();
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (bytes) => this.#onData(bytes.toString('latin1')));
    this.#socket.on('close', () => this.emit('close'));
    this.#socket.on('error', () => {});
  }

  /** @returns id of the frame */
  send(tokens: string, sip?: string): string {
    const id = randomUUID();
    const payload = `${id}|${tokens}${sip === undefined ? '' : `\r\n${sip}`}`;
    this.#socket.write(`${Buffer.byteLength(payload)}#${payload}`);
    return id;
  }

  /** The next frame that has not been taken. */
  async next(): Promise<Frame> {
    while (this.frames.length === 0) await event(this, 'frame');
    return this.frames.shift()!;
  }

  write(bytes: string): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.destroy();
  }

  #onData(text: string): void {
    this.#text += text;
    for (;;) {
      const hash = this.#text.indexOf('#');
      const length = Number(this.#text.slice(0, hash));
      if (hash < 0 || this.#text.length < hash + 1 + length) return;
      const payload = Buffer.from(this.#text.slice(hash + 1, hash + 1 + length), 'latin1').toString();
      this.#text = this.#text.slice(hash + 1 + length);
      const [leader = '', ...rest] = payload.split('\r\n');
      const end = rest.indexOf('');
      this.frames.push({ tokens: leader.split('|'), head: end < 0 ? rest : rest.slice(0, end) });
      this.emit('frame');
    }
  }
}
