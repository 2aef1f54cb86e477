/** One page's socket: into the room, what it asks, and out again. */
import {
  PartylineError,
  roomCommand,
  roomCommandAccess,
  type CommandAccess,
  type RoomSnapshot,
  type SessionEndReason,
  type SocketReply,
} from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import type { Store } from '../../../store/index.ts';
import { toPartylineError } from '../problems.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { Page, RoomHub } from './room-hub.ts';
import { channelOf, type Rooms } from './rooms.ts';
import type { PageSocket, SocketServerLimits } from './socket-server.ts';

export interface SessionOptions {
  readonly socket: PageSocket;
  readonly store: Store;
  readonly rooms: Rooms;
  readonly logger: Logger;
  readonly limits: SocketServerLimits;
}

/** Codes after which there is no coming back with this token. */
const ENDS: Readonly<Record<string, SessionEndReason>> = {
  'room/ended': 'ended',
  'room/locked': 'not-admitted',
  'room/full': 'not-admitted',
  'conference/not-found': 'ended',
  'conference/not-open': 'ended',
};

export class Session implements Page {
  readonly #options: SessionOptions;
  readonly #socket: PageSocket;
  readonly #bucket: TokenBucket;
  readonly #connectionId: string;
  #strikes = 0;
  #hub: RoomHub | undefined;
  #leaveHub: (() => void) | undefined;
  #over = false;
  /** The room is being told that this page is there. */
  #coming: Promise<string> | undefined;
  #going: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    const { socket, limits, store } = options;
    this.#options = options;
    this.#socket = socket;
    this.#bucket = new TokenBucket(limits.burstMessages, limits.messagesPerSecond);
    this.#connectionId = store.roomRequests.newConnectionId();
    this.#listen();
  }

  get participantId(): string {
    return this.#socket.data.participantId ?? this.#socket.data.pass.participantId;
  }

  /** Tells the room that this page is there, and shows it the room. */
  async start(): Promise<void> {
    try {
      this.#socket.data.participantId = await (this.#coming = this.#connect());
      const hub = await this.#options.rooms.hubOf(this.#socket.data.pass);
      if (this.#over) return void this.#options.rooms.forget(this.#socket.data.pass);
      this.#hub = hub;
      this.#leaveHub = hub.add(this);
    } catch (error) {
      this.#failed(error);
    }
  }

  enterAudience(key: string, epoch: string): boolean {
    const socket = this.#socket;
    const channel = this.#channel(key);
    const hasAll = socket.recovered && socket.data.epoch === epoch && socket.rooms.has(channel);
    // A recovered socket is still where it was, and may have lost the right to be there.
    for (const other of socket.rooms) if (other !== socket.id && other !== channel) void socket.leave(other);
    void socket.join(channel);
    socket.data.epoch = epoch;
    return hasAll;
  }

  leaveAudience(key: string): void {
    void this.#socket.leave(this.#channel(key));
  }

  sendView(view: RoomSnapshot['view']): void {
    this.#socket.emit('room:view', { view, participantId: this.participantId });
  }

  end(reason: SessionEndReason): void {
    this.#socket.emit('session:end', { reason });
    this.#socket.disconnect(true);
  }

  /** A token that was taken back ends its sockets. */
  async recheck(): Promise<void> {
    try {
      const pass = await this.#options.store.passes.check(this.#socket.data.token);
      if (pass === null) this.end('expired');
    } catch {
      // Redis is away. Whoever is in stays in.
    }
  }

  /** The service is stopping: the room is told that the page has gone. */
  goodbye(): Promise<void> {
    return this.#disconnect();
  }

  get #channel(): (audience: string) => string {
    const { tenantId, conferenceId } = this.#socket.data.pass;
    return channelOf(tenantId, conferenceId);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.use(([event], next) => {
      if (this.#bucket.take() && (event === 'room:read' || event === 'room:command')) next();
      else this.#strike();
    });
    socket.on('room:read', (answer: unknown) => void this.#answer(answer, () => this.#read()));
    socket.on('room:command', (command: unknown, answer: unknown) => {
      void this.#answer(answer, () => this.#command(command));
    });
    socket.once('disconnect', () => void this.#disconnect());
  }

  #strike(): void {
    this.#strikes += 1;
    if (this.#strikes < this.#options.limits.strikes) return;
    this.#options.logger.warn(
      { participantId: this.participantId },
      'a socket was cut: too many or unreadable messages',
    );
    this.#socket.disconnect(true);
  }

  /** Whatever came as the last argument; a page that wants no answer gets none. */
  async #answer<T>(answer: unknown, work: () => Promise<T>): Promise<void> {
    const reply = await this.#replyOf(work);
    if (!reply.ok) this.#strike();
    if (typeof answer === 'function') (answer as (reply: SocketReply<T>) => void)(reply);
  }

  async #replyOf<T>(work: () => Promise<T>): Promise<SocketReply<T>> {
    try {
      return { ok: true, value: await work() };
    } catch (thrown) {
      const error = toPartylineError(thrown);
      if (error.entry.fault === 'us') this.#options.logger.error({ err: thrown }, 'a socket’s request failed');
      const { code, entry, retryAfterMs } = error;
      return { ok: false, code, message: entry.text, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
  }

  async #read(): Promise<RoomSnapshot> {
    const view = this.#hub?.viewOf(this.participantId);
    if (view === undefined || view === null) throw new PartylineError('room/participant-not-found');
    return { view, participantId: this.participantId };
  }

  async #command(input: unknown): Promise<null> {
    const parsed = roomCommand.safeParse(input);
    if (!parsed.success) throw new PartylineError('request/invalid');
    const { store } = this.#options;
    const { pass, token } = this.#socket.data;
    if ((await store.passes.check(token)) === null) {
      this.end('expired');
      throw new PartylineError('auth/required');
    }
    this.#authorise(roomCommandAccess[parsed.data.type]);
    await store.roomRequests.submit({
      tenantId: pass.tenantId,
      conferenceId: pass.conferenceId,
      actor: { kind: 'participant', participantId: this.participantId },
      request: parsed.data,
    });
    return null;
  }

  /** The bridge decides; this keeps what cannot be allowed from going there at all. */
  #authorise(access: CommandAccess): void {
    const row = this.#hub?.rowOf(this.participantId);
    if (row === undefined) throw new PartylineError('room/participant-not-found');
    const allowed = access === 'anyone' || (row.state !== 'waiting' && (access === 'admitted' || row.role === 'host'));
    if (!allowed) throw new PartylineError('auth/forbidden');
  }

  async #connect(): Promise<string> {
    const { tenantId, conferenceId, participantId, name, role, identity, language } = this.#socket.data.pass;
    const answer = await this.#options.store.roomRequests.submit({
      tenantId,
      conferenceId,
      actor: { kind: 'participant', participantId },
      request: {
        type: 'connect',
        participantId,
        connectionId: this.#connectionId,
        name,
        role,
        language: language ?? 'en',
        ...(identity === undefined ? {} : { identity }),
      },
    });
    return answer.participantId ?? participantId;
  }

  #disconnect(): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      // What the room cannot be told now, or is told too late, it finds out by this.
      this.#options.store.roomRequests.closeConnection(this.#connectionId);
      this.#leaveHub?.();
      void this.#options.rooms.forget(this.#socket.data.pass);
      this.#going = this.#tellThatGone();
    }
    return this.#going ?? Promise.resolve();
  }

  /** After what the room was told of its coming: a going that comes first would be forgotten. */
  async #tellThatGone(): Promise<void> {
    await this.#coming?.catch(() => undefined);
    const { tenantId, conferenceId } = this.#socket.data.pass;
    try {
      await this.#options.store.roomRequests.submit({
        tenantId,
        conferenceId,
        actor: { kind: 'participant', participantId: this.participantId },
        request: { type: 'disconnect', participantId: this.participantId, connectionId: this.#connectionId },
      });
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'a room was not told that a page has gone');
    }
  }

  #failed(error: unknown): void {
    const { code, entry } = toPartylineError(error);
    const reason = ENDS[code];
    if (reason !== undefined) {
      this.end(reason);
      return;
    }
    if (entry.fault === 'us') this.#options.logger.error({ err: error }, 'a page could not be shown its room');
    // It tries again by itself, a little later.
    this.#socket.disconnect(true);
  }
}
