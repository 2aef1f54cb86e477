/**
 * The `socket` application: hands the channel to the application listening there, and waits. When the application goes,
 * the dialplan goes on: at once, or, out of a conference, after five seconds.
 */
import type { Logger } from '../../../config/index.ts';
import type { Application } from '../channel/application-runner.ts';
import type { Session } from '../channel/session.ts';
import type { Clock, Timer } from '../clock.ts';
import { CONFERENCE } from '../conference/conference-application.ts';
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

/** Measured: so long a caller stays in a conference whose application has gone. */
const GRACE_MS = 5_000;

export function socketApplication(options: SocketApplicationOptions): Application {
  return async (context, argument) => {
    const { session, clock, logger } = options;
    const address = parseSocketAddress(argument.split(' ', 1)[0] ?? '');
    if (!address) return;
    context.channel.variables.set('socket_host', address.host);
    const absence = new Absence(session, clock);
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
    session.onEnd(() => {
      absence.end();
      socket.channelGone();
    });
    await parkUntil(context, (finish) => {
      absence.whenGone(() => finish(true));
      return undefined;
    });
  };
}

/** What happens to a call whose application has gone. */
class Absence {
  readonly #session: Session;
  readonly #clock: Clock;
  #gone = false;
  #finishPark: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(session: Session, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
  }

  whenGone(finishPark: () => void): void {
    this.#finishPark = finishPark;
    if (this.#gone) finishPark();
  }

  begin(): void {
    const { channel, runner } = this.#session;
    if (channel.gone.aborted) return;
    this.#gone = true;
    if (channel.variables.isTrue('socket_resume')) {
      // As measured: taken out of the conference at once, and hung up after the grace time.
      runner.end(CONFERENCE);
      this.#timer = this.#clock.startTimer('socket_resume', GRACE_MS, () => channel.hangup('NORMAL_CLEARING'));
      return;
    }
    this.#finishPark?.();
    if (!runner.applications.includes(CONFERENCE)) return;
    this.#timer = this.#clock.startTimer('application gone', GRACE_MS, () => runner.end(CONFERENCE));
  }

  end(): void {
    this.#timer?.cancel();
  }
}
