/** Everything this process writes to event sockets and to drachtio-server, whoever writes it: what leaves is the proof. */
import { Socket } from 'node:net';
import { Writable } from 'node:stream';

export interface SocketTap {
  /** One text for each connection to an event socket: our side's commands only. */
  eventSockets(): string[];
  /** The messages sent to drachtio-server, without their bodies. */
  drachtio(): string[];
  stop(): void;
}

type Write = (this: Socket, ...args: never[]) => boolean;

/** How an application begins: by telling a password, or by taking over a channel that called it. */
const EVENT_SOCKET = /^(?:auth|connect\n)/;
const DRACHTIO = /^\d+#[\w-]+\|authenticate\|/;

export function tapSockets(): SocketTap {
  const written = new Map<Socket, string[]>();
  // A socket has none of its own: it is a stream's.
  const original = Writable.prototype.write as Write;
  Object.defineProperty(Socket.prototype, 'write', {
    configurable: true,
    writable: true, // a socket that has ended is given another
    value(this: Socket, ...args: never[]) {
      const [chunk] = args as unknown[];
      const texts = written.get(this) ?? [];
      written.set(this, texts);
      texts.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8'));
      return original.apply(this, args);
    },
  });
  const texts = (kind: RegExp) =>
    [...written.values()].map((parts) => parts.join('')).filter((text) => kind.test(text));
  return {
    eventSockets: () => texts(EVENT_SOCKET),
    drachtio: () => texts(DRACHTIO).flatMap(headsOf),
    stop: () => void Reflect.deleteProperty(Socket.prototype, 'write'),
  };
}

/** Frames are `<bytes>#<payload>`; what comes after an empty line is a body. */
function headsOf(text: string): string[] {
  const heads: string[] = [];
  for (let rest = Buffer.from(text); rest.length > 0;) {
    const mark = rest.indexOf('#');
    const end = mark + 1 + Number(rest.toString('latin1', 0, mark));
    heads.push(rest.toString('utf8', mark + 1, end).split('\r\n\r\n', 1)[0] ?? '');
    rest = rest.subarray(end);
  }
  return heads;
}
