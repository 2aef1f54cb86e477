/** Takes calls in, knows those that live, and sends them all home in the end. The only owner of Call objects. */
import type { Logger } from '../../config/index.ts';
import { ECHO_TARGET, PartylineError, type TerminationReason } from '../../config/contract/index.ts';
import type { InviteGate, Line } from '../sip/index.ts';
import { settled } from '../support/deadline.ts';
import { Call, type CallDeps, type CallSummary } from './call.ts';
import { echoCaller } from './echo-call.ts';
import { identifyByTicket, type Identified } from './identify.ts';
import type { CallerSide } from './ports.ts';

export interface CallDeskOptions {
  readonly calls: CallDeps;
  readonly gate: Pick<InviteGate, 'lineOf'>;
  readonly defaultTenantId: string;
  readonly maxCalls: number;
  readonly logger: Logger;
  /** Told of every call that has ended. */
  readonly onEnded: (summary: CallSummary) => void;
  /** Told of every browser whose ticket let nobody in. */
  readonly onRefused: (reason: TerminationReason) => void;
}

/** Browsers that hear themselves at a time. */
const MOST_ECHOES = 20;

export class CallDesk {
  readonly #options: CallDeskOptions;
  readonly #live = new Map<Call, Promise<void>>();
  /** Browsers whose tickets are being looked at. */
  readonly #admissions = new Set<Promise<void>>();
  readonly #echoes = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #closing = false;

  constructor(options: CallDeskOptions) {
    this.#options = options;
  }

  get liveCount(): number {
    return this.#live.size + this.#admissions.size + this.#echoes.size;
  }

  get hasRoom(): boolean {
    return !this.#closing && this.liveCount < this.#options.maxCalls;
  }

  take(caller: CallerSide): void {
    const { ticket } = caller.invite;
    if (ticket === undefined) this.#takePhone(caller);
    else if (caller.invite.dialledNumber === ECHO_TARGET) this.#takeEcho(caller, ticket);
    else this.#takeBrowser(caller, ticket);
  }

  /** Ends every call with `reason`; resolves when all are over, or with false after the deadline. No new ones after that. */
  async close(reason: TerminationReason, deadlineMs: number): Promise<boolean> {
    this.#closing = true;
    this.#stopping.abort();
    const over = Promise.all([...this.#live.values(), ...this.#admissions, ...this.#echoes]);
    for (const call of this.#live.keys()) call.end(reason);
    return settled(over, deadlineMs);
  }

  #takePhone(caller: CallerSide): void {
    const { gate, defaultTenantId, calls, logger } = this.#options;
    const line = gate.lineOf(caller.invite.dialledNumber, defaultTenantId);
    const call = new Call(calls, caller, line ?? { tenantId: defaultTenantId }, logger);
    if (line === null) this.#track(call, call.refuse('number-unknown'));
    else if (this.#closing) this.#track(call, call.refuse('shutdown'));
    else this.#track(call, call.run());
  }

  /** Whose call it is only the ticket says, so before that there is no call. */
  #takeBrowser(caller: CallerSide, ticket: string): void {
    let gone = false;
    const stopListening = caller.events.on('gone', () => (gone = true));
    const admission = this.#redeem(caller, ticket).then(async (who) => {
      stopListening();
      if (gone) return;
      if (typeof who === 'string') await this.#refuseBrowser(caller, who);
      else if (this.#closing) await this.#refuseBrowser(caller, 'shutdown');
      else this.#start(caller, who);
    });
    const tracked = admission
      .catch((error: unknown) => this.#options.logger.error({ err: error }, 'a browser could not be taken in'))
      .finally(() => this.#admissions.delete(tracked));
    this.#admissions.add(tracked);
  }

  #takeEcho(caller: CallerSide, ticket: string): void {
    const { calls, logger } = this.#options;
    const { media, clock, settings } = calls;
    const isFull = this.#echoes.size >= MOST_ECHOES;
    const echo = this.#mayEcho(ticket).then((refusal) => {
      const reason = refusal ?? (isFull ? 'overloaded' : null);
      if (reason !== null) return this.#refuseBrowser(caller, reason);
      return echoCaller({ media, clock, language: settings.language, logger }, caller, this.#stopping.signal);
    });
    const tracked = echo
      .catch((error: unknown) => logger.error({ err: error }, 'an echo went wrong'))
      .finally(() => this.#echoes.delete(tracked));
    this.#echoes.add(tracked);
  }

  async #mayEcho(ticket: string): Promise<TerminationReason | null> {
    try {
      return (await this.#options.calls.store.tokens.redeem('echo', ticket)) === null ? 'ticket-refused' : null;
    } catch {
      return 'store-unavailable';
    }
  }

  #start(caller: CallerSide, who: Identified): void {
    const { calls, logger } = this.#options;
    const { conference, language } = who;
    const line: Line = { tenantId: conference.tenantId, ...(language === undefined ? {} : { language }) };
    const call = new Call(calls, caller, line, logger, who);
    this.#track(call, call.run());
  }

  async #redeem(caller: CallerSide, ticket: string): Promise<Identified | TerminationReason> {
    const { calls, logger } = this.#options;
    try {
      return (await identifyByTicket(calls.store, ticket, caller.invite.dialledNumber)) ?? 'ticket-refused';
    } catch (error) {
      if (error instanceof PartylineError && error.code === 'store/unavailable') return 'store-unavailable';
      logger.error({ err: error }, 'a ticket could not be looked at');
      return 'internal-error';
    }
  }

  async #refuseBrowser(caller: CallerSide, reason: TerminationReason): Promise<void> {
    const { sourceAddress, sipCallId } = caller.invite;
    this.#options.logger.info({ source: sourceAddress, sipCallId, reason }, 'a browser was refused');
    this.#options.onRefused(reason);
    await caller.end(reason === 'ticket-refused' ? { status: 403 } : { status: 503, headers: { 'Retry-After': '5' } });
  }

  #track(call: Call, life: Promise<CallSummary>): void {
    const tracked = life.then(
      (summary) => {
        this.#live.delete(call);
        this.#options.onEnded(summary);
      },
      (error: unknown) => {
        this.#live.delete(call);
        this.#options.logger.error({ err: error, call: call.id }, 'a call fell out of its own life');
      },
    );
    this.#live.set(call, tracked);
  }
}
