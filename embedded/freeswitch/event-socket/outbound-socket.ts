/** The event socket FreeSWITCH opens to the application that controls one channel. */
import { connect, type Socket } from 'node:net';
import type { Logger } from '../../../config/index.ts';
import { serializeEventPlain } from '../../wire/esl-event.ts';
import { ESL_LIMITS, serializeEslFrame, type EslCommand } from '../../wire/esl-frame.ts';
import { callerProfileHeaders, channelData } from '../channel/channel-data.ts';
import type { Channel } from '../channel/channel.ts';
import type { Clock, Timer } from '../clock.ts';
import type { EventOrigin } from '../core/event.ts';
import { handleCommand, type CommandServices, type ControlledChannel } from './commands.ts';
import { EventSocketSession } from './session.ts';

export interface OutboundSocketOptions {
  readonly channel: Channel;
  readonly control: ControlledChannel;
  readonly services: CommandServices;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The application has gone, or was never there. Told once. */
  readonly lost: () => void;
}

const CONNECT: EventOrigin = ['mod_event_socket.c', 'parse_command', 2029];
/** fsmrf gives up after four seconds; waiting longer helps nobody. */
const CONNECT_TIMEOUT_MS = 4_000;
const FIRST_COMMAND_DEADLINE_MS = 25_000;

export class OutboundSocket {
  readonly #options: OutboundSocketOptions;
  readonly #session: EventSocketSession;
  readonly #unsubscribe: () => void;
  #connected: (() => void) | undefined;
  #lingers: { seconds?: number } | undefined;
  #lingerTimer: Timer | undefined;
  #closed = false;
  /** Resolves when the application has said `connect`, or is gone. */
  readonly ready: Promise<void>;

  private constructor(socket: Socket, options: OutboundSocketOptions) {
    this.#options = options;
    const { clock, logger, services } = options;
    this.ready = new Promise((resolve) => (this.#connected = resolve));
    const deadline = clock.startTimer('outbound socket connect', FIRST_COMMAND_DEADLINE_MS, () => this.destroy());
    void this.ready.then(() => deadline.cancel());
    this.#session = new EventSocketSession({
      socket,
      clock,
      logger,
      limits: ESL_LIMITS,
      handle: (command) => this.#handle(command),
      closed: () => this.#onClosed(),
    });
    this.#unsubscribe = this.#session.listenTo(services.bus);
  }

  /** @throws when nobody listens there */
  static async open(host: string, port: number, options: OutboundSocketOptions): Promise<OutboundSocket> {
    const socket = await openSocket(host, port, options.clock);
    return new OutboundSocket(socket, options);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The channel is gone: the farewell, or the notice that the socket stays open as the application asked. */
  channelGone(): void {
    if (!this.#lingers) {
      this.#session.disconnect(this.#options.channel.uuid);
      return;
    }
    const { seconds } = this.#lingers;
    const { clock, channel } = this.#options;
    const notice: [string, string][] = [
      ['Content-Type', 'text/disconnect-notice'],
      ['Controlled-Session-UUID', channel.uuid],
      ['Content-Disposition', 'linger'],
      ['Channel-Name', channel.name],
      ['Linger-Time', String(seconds ?? -1)],
    ];
    this.#session.send(serializeEslFrame(notice, ''));
    if (seconds === undefined) return;
    this.#lingerTimer = clock.startTimer('outbound socket linger', seconds * 1_000, () => this.disconnect());
  }

  disconnect(): void {
    this.#session.disconnect(this.#options.channel.uuid);
  }

  destroy(): void {
    this.#session.destroy();
  }

  async #handle(command: EslCommand): Promise<void> {
    if (/^connect\b/i.test(command.line)) {
      this.#answerConnect();
      return;
    }
    const { services, control } = this.#options;
    await handleCommand(
      {
        services,
        session: this.#session,
        own: control,
        linger: (on, seconds) => (this.#lingers = on ? { ...(seconds !== undefined && { seconds }) } : undefined),
      },
      command,
    );
  }

  #answerConnect(): void {
    const { channel, services } = this.#options;
    const event = services.bus.create({
      name: 'CHANNEL_DATA',
      origin: CONNECT,
      headers: () => [
        ...callerProfileHeaders(channel, 'Channel'),
        ...channelData(channel),
        ['Content-Type', 'command/reply'],
        ['Reply-Text', '+OK\n'],
        ['Socket-Mode', 'async'],
        ['Control', 'full'],
      ],
    });
    this.#session.send(serializeEventPlain({ headers: event.headers }));
    this.#connected?.();
  }

  #onClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lingerTimer?.cancel();
    this.#unsubscribe();
    this.#connected?.();
    this.#options.lost();
  }
}

function openSocket(host: string, port: number, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer = clock.startTimer('outbound socket', CONNECT_TIMEOUT_MS, () => {
      socket.destroy(new Error('the application does not take the connection'));
    });
    socket.once('error', (error) => {
      timer.cancel();
      reject(error);
    });
    socket.once('connect', () => {
      timer.cancel();
      socket.removeAllListeners('error');
      socket.setKeepAlive(true, 30_000);
      resolve(socket);
    });
  });
}
