/**
 * The `socket` application: hands the channel to the application listening there, and waits. When the application goes,
 * the dialplan goes on as soon as what runs just then has ended: a parked call at once, a caller in a conference when the
 * conference lets go of it (measured with FreeSWITCH 1.11.2). With `socket_resume` nothing is waited for.
 */
import type { Logger } from '../../../config/index.ts';
import type { Application } from '../channel/application-runner.ts';
import type { Session } from '../channel/session.ts';
import type { Clock } from '../clock.ts';
import { parseSocketAddress } from '../dialplan.ts';
import type { CommandServices } from '../event-socket/commands.ts';
import { OutboundSocket } from '../event-socket/outbound-socket.ts';
import { controlOf } from '../event-socket/control.ts';
import { parkUntil } from './call-control.ts';

export interface SocketApplicationOptions {
  readonly session: Session;
  readonly services: CommandServices;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly opened: (socket: OutboundSocket) => void;
  readonly closed: (socket: OutboundSocket) => void;
}

export function socketApplication(options: SocketApplicationOptions): Application {
  return async (context, argument) => {
    const { session, clock, logger } = options;
    const address = parseSocketAddress(argument.split(' ', 1)[0] ?? '');
    if (!address) return;
    context.channel.variables.set('socket_host', address.host);
    const absence = new Absence(session);
    const socket = await OutboundSocket.open(address.host, address.port, {
      channel: context.channel,
      control: controlOf(session),
      services: options.services,
      clock,
      logger,
      lost: () => {
        options.closed(socket!);
        absence.begin();
      },
    }).catch((error: unknown) => {
      logger.warn({ err: error, channel: session.uuid }, 'the application of a call cannot be reached');
      return undefined;
    });
    if (!socket) return;
    options.opened(socket);
    session.onEnd(() => socket.channelGone());
    await parkUntil(context, (finish) => {
      absence.whenGone(() => finish(true));
      return undefined;
    });
  };
}

/** What happens to a call whose application has gone. */
class Absence {
  readonly #session: Session;
  #gone = false;
  #finishPark: (() => void) | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  whenGone(finishPark: () => void): void {
    this.#finishPark = finishPark;
    if (this.#gone) finishPark();
  }

  /** Whatever runs inside the park goes on to its own end: a caller in a conference stays there. */
  begin(): void {
    const { channel, runner } = this.#session;
    if (channel.gone.aborted) return;
    this.#gone = true;
    this.#finishPark?.();
    if (channel.variables.isTrue('socket_resume')) runner.endAll();
  }
}
