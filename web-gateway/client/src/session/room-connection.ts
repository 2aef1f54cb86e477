/** The room as the gateway tells it: the whole once, then changes in order; after a gap the whole again. */
import { io, type Socket } from 'socket.io-client';
import { SOCKET_PATH, applyRoomChange } from '../../../../config/contract/browser.ts';
import type {
  BrowserEvents,
  RoomChange,
  RoomCommandInput,
  RoomSnapshot,
  RoomView,
  ServerEvents,
  SessionEndReason,
  SocketReply,
} from '../../../../config/contract/index.ts';
import { Observable } from './observable.ts';

export interface RoomState {
  /** Null until the first one came. */
  readonly view: RoomView | null;
  /** Which row is ours. */
  readonly participantId: string;
  /** lost: there was one, and we are trying to come back; what is shown may be old. */
  readonly link: 'connecting' | 'live' | 'lost';
  readonly transport: 'websocket' | 'polling' | null;
  /** It is over, and why: we do not come back. */
  readonly end: SessionEndReason | null;
}

export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const ANSWER_MS = 8_000;
const REFUSED_RETRY_MS = 3_000;

export class RoomConnection extends Observable<RoomState> {
  readonly #socket: Socket<ServerEvents, BrowserEvents>;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  /** The last one to leave ends the conference; to them it is still that they have left. */
  #leaving = false;

  constructor({ token, participantId }: { token: string; participantId: string }) {
    super({ view: null, participantId, link: 'connecting', transport: null, end: null });
    this.#socket = io({
      path: SOCKET_PATH,
      auth: { token },
      transports: ['websocket', 'polling'],
      // A network without WebSockets still has HTTP.
      tryAllTransports: true,
      withCredentials: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      timeout: 8_000,
    });
    this.#listen();
  }

  /** @throws CommandRefused */
  async command(command: RoomCommandInput): Promise<void> {
    this.#leaving = command.type === 'leave' || command.type === 'leave-without-ending';
    try {
      await this.#ask<null>((answer) => this.#socket.timeout(ANSWER_MS).emit('room:command', command, answer));
    } catch (error) {
      this.#leaving = false;
      throw error;
    }
  }

  /** The network came back, or the machine woke up: waiting for the next try would be a waste. */
  hurry(): void {
    if (this.state.end !== null || this.state.link === 'live') return;
    this.#socket.disconnect().connect();
  }

  close(reason: SessionEndReason | null = null): void {
    clearTimeout(this.#retry);
    this.#socket.disconnect();
    if (reason === null || this.state.end !== null) return;
    this.set({ ...this.state, end: this.#leaving ? 'left' : reason });
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('connect', () => this.#setLive());
    socket.on('disconnect', (why) => {
      if (this.state.end !== null) return;
      this.set({ ...this.state, link: 'lost' });
      // Cut by the gateway without a reason for us: it is being restarted. The library only retries by itself otherwise.
      if (why === 'io server disconnect') this.#connectLater();
    });
    socket.on('connect_error', (error) => {
      if (error.message === 'auth/required') this.close('expired');
      else if (!socket.active) this.#connectLater();
    });
    socket.on('room:view', (snapshot) => this.set({ ...this.state, ...snapshot }));
    socket.on('room:change', (change) => this.#apply(change));
    socket.on('session:end', ({ reason }) => this.close(reason));
    socket.io.engine.on('upgrade', () => this.#setLive());
  }

  #setLive(): void {
    if (!this.#socket.connected) return;
    const name = this.#socket.io.engine.transport.name;
    this.set({ ...this.state, link: 'live', transport: name === 'polling' ? 'polling' : 'websocket' });
  }

  #connectLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#socket.connect(), REFUSED_RETRY_MS);
  }

  #apply(change: RoomChange): void {
    const { view } = this.state;
    const next = view === null ? null : applyRoomChange(view, change);
    if (next !== null) this.set({ ...this.state, view: next });
    // An older change than ours crossed the whole on its way.
    else if (view === null || change.version > view.version) void this.#read();
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const snapshot = await this.#ask<RoomSnapshot>((answer) =>
        this.#socket.timeout(ANSWER_MS).emit('room:read', answer),
      );
      this.set({ ...this.state, ...snapshot });
    } catch {
      // Without a connection the whole comes with the next one.
    } finally {
      this.#reading = false;
    }
  }

  #ask<T>(emit: (answer: (error: Error | null, reply: SocketReply<T>) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#socket.connected) {
        reject(new CommandRefused('network', 'There is no connection just now.'));
        return;
      }
      emit((error, reply) => {
        // The library's promise: with an error there is no reply.
        if (error !== null) reject(new CommandRefused('network', 'There was no answer.'));
        else if (reply.ok) resolve(reply.value);
        else reject(new CommandRefused(reply.code, reply.message));
      });
    });
  }
}
