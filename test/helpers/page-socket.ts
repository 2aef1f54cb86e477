/** A browser's socket without a browser: the same library, with everything it was told in order. */
import { io, type Socket } from 'socket.io-client';
import {
  applyRoomChange,
  SOCKET_PATH,
  type BrowserEvents,
  type RoomCommandInput,
  type RoomSnapshot,
  type RoomView,
  type ServerEvents,
  type SocketReply,
} from '../../config/contract/index.ts';

export interface PageSocketOptions {
  readonly url: string;
  readonly token?: unknown;
  readonly origin?: string | null;
  readonly transports?: ('websocket' | 'polling')[];
  readonly headers?: Readonly<Record<string, string>>;
}

export class PageSocket {
  readonly socket: Socket<ServerEvents, BrowserEvents>;
  /** `view`, `change`, `end removed`, `connect`, `disconnect`, `refused auth/required` */
  readonly events: string[] = [];
  view: RoomView | null = null;
  participantId: string | null = null;
  readonly #waiting = new Set<() => void>();

  constructor({ url, token, origin = url, transports = ['websocket'], headers = {} }: PageSocketOptions) {
    this.socket = io(url, {
      path: SOCKET_PATH,
      auth: { token },
      transports,
      forceNew: true,
      reconnection: false,
      extraHeaders: { ...(origin === null ? {} : { origin }), ...headers },
    });
    this.socket.on('connect', () => this.#note('connect'));
    this.socket.on('disconnect', () => this.#note('disconnect'));
    this.socket.on('connect_error', (error) => this.#note(`refused ${error.message}`));
    this.socket.on('session:end', ({ reason }) => this.#note(`end ${reason}`));
    this.socket.on('room:view', (snapshot) => {
      this.view = snapshot.view;
      this.participantId = snapshot.participantId;
      this.#note('view');
    });
    this.socket.on('room:change', (change) => {
      this.view = this.view && applyRoomChange(this.view, change);
      this.#note('change');
    });
  }

  /** Resolves when it holds, at once or after something was told. */
  async until(holds: () => boolean, deadlineMs = 5_000): Promise<void> {
    const end = Date.now() + deadlineMs;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${this.events.join(', ')}`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        setTimeout(resolve, Math.max(1, end - Date.now())).unref();
      });
    }
  }

  seen(event: string): Promise<void> {
    return this.until(() => this.events.includes(event));
  }

  command(command: RoomCommandInput): Promise<SocketReply<null>> {
    return this.socket.timeout(6_000).emitWithAck('room:command', command);
  }

  read(): Promise<SocketReply<RoomSnapshot>> {
    return this.socket.timeout(6_000).emitWithAck('room:read');
  }

  /** As somebody who does not keep to the types. */
  emitAnything(event: string, ...values: unknown[]): void {
    (this.socket as unknown as { emit(event: string, ...values: unknown[]): void }).emit(event, ...values);
  }

  close(): void {
    this.socket.disconnect();
  }

  #note(event: string): void {
    this.events.push(event);
    for (const wake of [...this.#waiting]) wake();
    this.#waiting.clear();
  }
}
