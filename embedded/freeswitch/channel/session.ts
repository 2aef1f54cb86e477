/**
 * The life of one call: its dialplan, and what is due when it ends. The SIP side is a `Leg`; the application that
 * controls the call comes in through the runner.
 */
import type { Logger } from '../../../config/index.ts';
import type { PortStatistics } from '../../media/index.ts';
import { microseconds, type Clock } from '../clock.ts';
import type { EventOrigin } from '../core/event.ts';
import { ApplicationRunner, type Application, type ExecuteMessage } from './application-runner.ts';
import { channelData } from './channel-data.ts';
import type { Channel } from './channel.ts';
import { q850, type HangupCause } from './hangup-causes.ts';
import { callTimeVariables, mediaStatisticsVariables } from './report-variables.ts';

export interface Leg {
  /** Sends the answer; resolves once the caller has acknowledged it, or the call is over. */
  answer(): Promise<void>;
  /** BYE, or the response that refuses the call; nothing when the caller has ended it. */
  end(cause: HangupCause): void;
  /** `send_bye` or `recv_bye`. */
  readonly disposition: string;
}

export type DialplanAction = Pick<ExecuteMessage, 'application' | 'argument'>;

export interface SessionOptions {
  readonly channel: Channel;
  readonly leg: Leg;
  readonly actions: readonly DialplanAction[];
  readonly find: (session: Session, application: string) => Application | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Everything is over and told. */
  readonly ended: (session: Session) => void;
}

const CREATE: EventOrigin = ['switch_core_state_machine.c', 'switch_core_session_run', 626];
const HANGUP_COMPLETE: EventOrigin = ['switch_core_state_machine.c', 'switch_core_session_reporting_state', 943];
const DESTROY: EventOrigin = ['switch_core_session.c', 'switch_core_session_perform_destroy', 1588];
const STATISTICS_DEADLINE_MS = 500;

export class Session {
  readonly channel: Channel;
  readonly leg: Leg;
  readonly runner: ApplicationRunner;
  readonly #options: SessionOptions;
  #actions: DialplanAction[];
  /** What the channel's owner wants done when all is over: closing the event socket, for one. */
  readonly #farewells: (() => void)[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
    this.channel = options.channel;
    this.leg = options.leg;
    this.#actions = [...options.actions];
    this.runner = new ApplicationRunner({
      channel: options.channel,
      find: (application) => options.find(this, application),
      logger: options.logger,
    });
  }

  get uuid(): string {
    return this.channel.uuid;
  }

  /** Announces the call and runs its dialplan to the end. Never rejects. */
  async run(): Promise<void> {
    try {
      this.#announce();
      for (let action = this.#actions.shift(); action; action = this.#actions.shift()) {
        if (this.channel.gone.aborted) break;
        await this.runner.execute(action);
      }
    } catch (error) {
      this.#options.logger.error({ err: error, channel: this.uuid }, 'a call failed');
    }
    this.channel.hangup('NORMAL_CLEARING');
    await this.#finish();
  }

  /** The dialplan goes on with these, now. */
  transfer(actions: readonly DialplanAction[]): void {
    this.#actions = [...actions];
    this.runner.transfer();
  }

  /** Everything the event sockets were told comes before. */
  onEnd(farewell: () => void): void {
    this.#farewells.push(farewell);
  }

  #announce(): void {
    const { channel } = this;
    channel.enterState('CS_NEW');
    channel.enterState('CS_INIT');
    channel.prepareState('CS_ROUTING');
    channel.fire('CHANNEL_CREATE', CREATE, () => channelData(channel));
    if (!channel.answered) channel.setCallState('RINGING');
    channel.enterState('CS_ROUTING');
    channel.enterState('CS_EXECUTE');
  }

  async #finish(): Promise<void> {
    const { channel, leg } = this;
    const cause = channel.hangupCause ?? 'NORMAL_CLEARING';
    channel.times.hangup = microseconds(this.#options.clock);
    channel.variables.setAll([
      ['hangup_cause', cause],
      ['hangup_cause_q850', String(q850(cause))],
    ]);
    channel.enterState('CS_HANGUP');
    leg.end(cause);
    channel.setCallState('HANGUP');
    await this.#setReportVariables();
    channel.enterState('CS_REPORTING');
    const report = channelData(channel);
    channel.fire('CHANNEL_HANGUP_COMPLETE', HANGUP_COMPLETE, () => [['Hangup-Cause', cause], ...report]);
    channel.prepareState('CS_DESTROY');
    channel.fire('CHANNEL_DESTROY', DESTROY, () => channelData(channel));
    channel.enterState('CS_DESTROY');
    for (const farewell of this.#farewells) farewell();
    await channel.port?.close().catch(() => undefined);
    this.#options.ended(this);
  }

  async #setReportVariables(): Promise<void> {
    const { channel, leg } = this;
    channel.variables.setAll(callTimeVariables(channel));
    channel.variables.set('sip_hangup_disposition', leg.disposition);
    await this.setMediaStatistics();
  }

  /** RTP counters as channel variables; what cannot be had in time is left out. */
  async setMediaStatistics(): Promise<void> {
    const { channel } = this;
    if (!channel.port) return;
    const { port } = channel;
    const statistics = await new Promise<PortStatistics | undefined>((resolve) => {
      const late = (): void => resolve(undefined);
      const timer = this.#options.clock.startTimer('media statistics', STATISTICS_DEADLINE_MS, late);
      port
        .statistics()
        .then(resolve, late)
        .finally(() => timer.cancel());
    });
    if (statistics) channel.variables.setAll(mediaStatisticsVariables(statistics));
  }
}
