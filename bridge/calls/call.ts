/** One telephone call, from INVITE to its one termination record. */
import {
  PartylineError,
  REPLACED_TEXT,
  terminationReasons,
  type TerminationReason,
} from '../../config/contract/index.ts';
import type { Logger, Settings } from '../../config/index.ts';
import { askName, isSpokenReason, LegGone, type SpokenReason } from '../../ivr/index.ts';
import type { Termination } from '../../store/index.ts';
import {
  NotAdmitted,
  Participation,
  type Attendance,
  type Newcomer,
  type ParticipationDeps,
} from '../conferences/index.ts';
import { maskNumber, type Line } from '../sip/index.ts';
import type { Clock } from '../support/clock.ts';
import { DeadlineError, settled, withDeadline } from '../support/deadline.ts';
import type { RetryingWriter } from '../support/retrying-writer.ts';
import { CallMachine } from './call-machine.ts';
import { CallMedia } from './call-media.ts';
import { CallRecorder } from './call-record.ts';
import { farewellOf, howLeft } from './farewells.ts';
import { identifyCaller, type Identified, type IdentifySettings } from './identify.ts';
import type { CallerSide, CallLeg, CallStore, LegMaker } from './ports.ts';
import { measure, type CallIntervals } from './summary.ts';

/** Long enough for every sentence there is; on shutdown everybody has to go soon. */
const FAREWELL_MS = 12_000;
const SHUTDOWN_FAREWELL_MS = 4_200;
const CLOSE_DEADLINE_MS = 6_000;
/** To find out why the leg is out of the mix. */
const WHY_DEADLINE_MS = 2_000;
const NAME_LONGEST_MS = 5_000;
const NAME_CONFIRM_MS = 5_000;
/** A name is still said of somebody who has just left. */
const NAME_KEPT_MS = 90_000;
/** What a refused caller is told, where it is not 503. */
const STATUS_OF: Partial<Record<TerminationReason, number>> = {
  'no-common-codec': 488,
  'number-unknown': 404,
  'caller-cancelled': 487,
  'internal-error': 500,
};

/** A browser would call again by itself. RFC 3326 section 3.1 has the same words for forked calls. */
const BYE_REASON: Partial<Record<TerminationReason, string>> = {
  'moved-elsewhere': `SIP;cause=200;text="${REPLACED_TEXT}"`,
};

export type CallSettings = IdentifySettings & Pick<Settings, 'maxCallMinutes' | 'language'>;

export interface CallDeps {
  readonly store: CallStore;
  readonly media: LegMaker;
  readonly attendance: Pick<Attendance, 'add' | 'remove'>;
  readonly participation: ParticipationDeps;
  readonly writer: Pick<RetryingWriter, 'enqueue'>;
  readonly settings: CallSettings;
  readonly node: string;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly newId: () => string;
}

export interface CallSummary {
  readonly termination: Termination & { readonly reason: TerminationReason };
  readonly intervals: CallIntervals;
}

export class Call {
  readonly id: string;
  readonly tenantId: string;
  readonly #deps: CallDeps;
  readonly #caller: CallerSide;
  readonly #line: Line;
  readonly #ticketHolder: Identified | undefined;
  readonly #logger: Logger;
  readonly #machine: CallMachine;
  readonly #record: CallRecorder;
  readonly #media: CallMedia;
  readonly #over = new AbortController();
  readonly #closed = new AbortController();
  #reason: TerminationReason | undefined;
  /** Other last words than those of the reason; null: none. */
  #words: SpokenReason | null | undefined;
  #nameFile: string | undefined;
  #stay: Participation | undefined;
  #saidGoodbye = false;
  #codeAt: number | undefined;
  #joinedAt: number | undefined;

  /** @param ticketHolder who it is, when a ticket has told */
  constructor(deps: CallDeps, caller: CallerSide, line: Line, logger: Logger, ticketHolder?: Identified) {
    this.id = deps.newId();
    this.tenantId = line.tenantId;
    this.#deps = deps;
    this.#caller = caller;
    this.#line = line;
    this.#ticketHolder = ticketHolder;
    this.#logger = logger.child({ call: this.id });
    this.#machine = new CallMachine(this.#logger, () => deps.clock.now());
    this.#record = new CallRecorder({ ...deps, calls: deps.store.calls }, this);
    this.#media = new CallMedia({
      maker: deps.media,
      caller,
      signal: this.signal,
      logger: this.#logger,
      onEnd: (reason) => this.end(reason),
      onOutOfRoom: () => void this.#outOfRoom(),
      onLeg: (leg) => this.#onLeg(leg),
      onAnswered: () => this.#onAnswered(),
    });
    // At once: a CANCEL may be in the very next message.
    caller.events.on('gone', (reason) => {
      this.end(reason);
      this.#media.silence();
    });
    caller.events.on('digit', (digit) => this.#media.pushDigit(digit));
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Ends the call; the first reason counts. */
  end(reason: TerminationReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#over.abort(new LegGone(reason));
  }

  /** The whole life of the call. Never rejects. */
  async run(): Promise<CallSummary> {
    this.#record.open(this.#caller.invite);
    try {
      this.#limitDuration();
      const leg = await this.#openLeg();
      await this.#greetEarly(leg);
      await this.#media.answer();
      const who = await this.#identify(leg);
      if (who) await this.#attend(leg, who);
    } catch (error) {
      this.#end(error);
    }
    return this.#close();
  }

  /** Refused before anything was built up. Never rejects. */
  async refuse(reason: TerminationReason): Promise<CallSummary> {
    this.#record.open(this.#caller.invite);
    this.end(reason);
    return this.#close();
  }

  #limitDuration(): void {
    const longest = this.#deps.settings.maxCallMinutes * 60_000;
    void this.#deps.clock.sleep(longest, this.#closed.signal).then(() => {
      if (!this.#closed.signal.aborted) this.end('max-duration');
    });
  }

  async #openLeg(): Promise<CallLeg> {
    this.#machine.to('admitted');
    return this.#media.open(await this.#language(), await this.#serverOfRoom());
  }

  /** Whoever has a ticket is taken to where the room is at once: a browser cannot be moved there afterwards. */
  async #serverOfRoom(): Promise<string | undefined> {
    const conference = this.#ticketHolder?.conference;
    if (!conference) return undefined;
    const identity = { tenantId: conference.tenantId, conferenceId: conference.id };
    try {
      return (await this.#deps.participation.rooms.read(identity))?.mediaServer ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** What another process would need to take the call over. */
  #onLeg(leg: CallLeg): void {
    this.#record.update({
      channelUuid: leg.uuid,
      mediaServer: leg.mediaServer,
      endpointDialogId: leg.dialogId ?? '',
    });
  }

  /** Of the number dialled, else the tenant's; a store that is away must not keep anybody from being greeted. */
  async #language(): Promise<string> {
    if (this.#line.language !== undefined) return this.#line.language;
    try {
      return (await this.#deps.store.tenants.get(this.tenantId))?.language ?? this.#deps.settings.language;
    } catch {
      return this.#deps.settings.language;
    }
  }

  /** Before the answer, so that whoever hangs up during the greeting pays nothing. */
  async #greetEarly(leg: CallLeg): Promise<void> {
    const { offer } = this.#caller.invite;
    if (!this.#deps.settings.earlyGreeting || offer === '' || this.#ticketHolder || this.#media.answered) return;
    this.#machine.to('early');
    this.#caller.progress(leg.localSdp);
    await leg.play(['welcome']);
  }

  #onAnswered(): void {
    this.#machine.to('answered');
    this.#record.update({ answeredAt: this.#deps.wallClock(), callerDialogId: this.#caller.dialogId ?? '' });
  }

  /** @returns null when the caller was let go, with words */
  async #identify(leg: CallLeg): Promise<Identified | null> {
    this.#machine.to('in-dialogue');
    const result = this.#ticketHolder
      ? ({ outcome: 'identified', who: this.#ticketHolder } as const)
      : await identifyCaller(
          leg,
          { ...this.#deps, codes: this.#deps.store.codes },
          {
            tenantId: this.tenantId,
            invite: this.#caller.invite,
            logger: this.#logger,
          },
        );
    if (result.outcome === 'identified') {
      if (result.who.language !== undefined) leg.speak(result.who.language);
      this.#codeAt = this.#deps.clock.now();
      return result.who;
    }
    this.#saidGoodbye = true;
    this.end(result.reason);
    return null;
  }

  async #attend(leg: CallLeg, who: Identified): Promise<void> {
    const { conference, via } = who;
    const asksName = via === 'phone' && conference.policy.recordNames;
    const newcomer = this.#newcomer(leg, who, asksName ? await this.#askName(leg) : undefined);
    this.#record.update({ conferenceId: conference.id, participantId: newcomer.id });
    const stay = await this.#enter(leg, who, newcomer);
    this.#stay = stay;
    if (stay.participantId !== newcomer.id) this.#record.update({ participantId: stay.participantId });
    // Before the leg is in the mix: the first word in it is told at once.
    this.#deps.attendance.add(stay);
    await stay.begin();
    this.#joinedAt = this.#deps.clock.now();
    this.#machine.to('in-conference');
    await stay.readKeys();
  }

  #newcomer(leg: CallLeg, who: Identified, nameSound: string | undefined): Newcomer {
    const { callerNumber, sourceAddress } = this.#caller.invite;
    const { participantId: id, name, role, identity } = who;
    return {
      ...{ id, name, role, number: callerNumber, language: leg.language },
      // A number alone could be anybody's: it counts together with where the call comes from.
      line: callerNumber === '' ? '' : `${sourceAddress} ${callerNumber}`,
      ...(identity === undefined ? {} : { identity }),
      ...(nameSound === undefined ? {} : { nameSound }),
    };
  }

  /** @returns the file below the folder of recordings; undefined when the caller said none, or it cannot be kept */
  async #askName(leg: CallLeg): Promise<string | undefined> {
    const { recordings } = this.#deps.participation;
    const file = recordings.nameFile(this.id);
    try {
      await recordings.prepare(file);
      this.#nameFile = file;
      const named = await askName(leg, {
        prompts: ['say-your-name'],
        file: recordings.absolute(file),
        holdsVoice: () => recordings.holdsVoice(file),
        longestMs: NAME_LONGEST_MS,
        confirmTimeoutMs: NAME_CONFIRM_MS,
      });
      return named ? file : undefined;
    } catch (error) {
      if (error instanceof LegGone) throw error;
      this.#logger.warn({ err: error }, 'a name could not be recorded');
      return undefined;
    }
  }

  /** A room is never split between media servers: whoever comes in on another one is moved first. */
  async #enter(leg: CallLeg, { conference, via }: Identified, who: Newcomer): Promise<Participation> {
    const request = {
      conference,
      who,
      callId: this.id,
      kind: via,
      onLetGo: (why: string) => this.#letGo(why),
    };
    const { participation } = this.#deps;
    try {
      return await Participation.enter(participation, leg, request, this.#logger);
    } catch (error) {
      if (!(error instanceof NotAdmitted) || error.why !== 'elsewhere' || !error.room?.mediaServer) throw error;
      const { mediaServer } = error.room;
      this.#logger.info({ from: leg.mediaServer, to: mediaServer }, 'moving to the media server of the room');
      const moved = await this.#media.moveTo(mediaServer);
      return Participation.enter(participation, moved, request, this.#logger);
    }
  }

  #letGo(why: string): void {
    if (this.#reason !== undefined) return;
    const { reason, words } = farewellOf(why);
    this.#words = words;
    this.end(reason);
  }

  /** The media server has put the leg out of the mix: the room knows why, and may not have told us yet. */
  async #outOfRoom(): Promise<void> {
    let why = 'lost';
    try {
      if (this.#stay) why = await withDeadline(this.#stay.whyLetGo(), WHY_DEADLINE_MS, 'asking the room');
    } catch (error) {
      this.#logger.warn({ err: error }, 'why the leg is out of the room could not be found out');
    }
    this.#letGo(why);
  }

  /** Whatever the flow stumbled over becomes the one reason. */
  #end(error: unknown): void {
    if (this.signal.aborted) return;
    const reason = reasonOf(error);
    if (reason === 'internal-error') this.#logger.error({ err: error }, 'call failed');
    else this.#logger.info({ err: error, reason }, 'call cannot go on');
    this.end(reason);
  }

  async #close(): Promise<CallSummary> {
    const reason = this.#reason ?? 'internal-error';
    this.end(reason);
    const answered = this.#machine.enteredAt('answered') !== undefined;
    const words = this.#words === undefined ? wordsFor(reason) : this.#words;
    if (answered && !this.#saidGoodbye && words !== null) {
      await this.#media.sayGoodbye(words, reason === 'shutdown' ? SHUTDOWN_FAREWELL_MS : FAREWELL_MS);
    }
    if (this.#stay) this.#deps.attendance.remove(this.#stay);
    this.#stay?.leave(howLeft(reason));
    this.#forgetName();
    const status = STATUS_OF[reason] ?? 503;
    const refusal = status === 503 ? { status, headers: { 'Retry-After': '5' } } : { status };
    const bye = this.#caller.end(refusal, BYE_REASON[reason]);
    await settled(Promise.all([bye, this.#media.release()]), CLOSE_DEADLINE_MS);
    this.#closed.abort();
    this.#machine.to('ended');
    return this.#closeRecord(reason, answered ? undefined : status);
  }

  #forgetName(): void {
    const file = this.#nameFile;
    if (file === undefined) return;
    const timer = setTimeout(() => void this.#deps.participation.recordings.remove(file), NAME_KEPT_MS);
    timer.unref();
  }

  #closeRecord(reason: TerminationReason, sipStatus: number | undefined): CallSummary {
    const termination = {
      class: terminationReasons[reason].fault,
      reason,
      ...(sipStatus === undefined ? {} : { sipStatus }),
    };
    this.#record.close(termination);
    const intervals = measure(this.#machine, { codeAt: this.#codeAt, joinedAt: this.#joinedAt });
    const { callerNumber, dialledNumber, sourceAddress } = this.#caller.invite;
    const line = {
      from: maskNumber(callerNumber),
      to: dialledNumber,
      source: sourceAddress,
      trunk: this.#caller.trunk,
      sipCallId: this.#caller.invite.sipCallId,
      conferenceId: this.#stay?.identity.conferenceId,
      termination,
      ...intervals,
    };
    this.#logger[reason === 'shutdown' ? 'info' : LEVEL_OF[termination.class]](line, 'call ended');
    return { termination, intervals };
  }
}

const LEVEL_OF = { none: 'info', caller: 'info', us: 'error', upstream: 'warn', unknown: 'error' } as const;

/** Trouble behind us has no words of its own; callers hear that it is not their fault. */
function wordsFor(reason: TerminationReason): SpokenReason | null {
  if (isSpokenReason(reason)) return reason;
  return terminationReasons[reason].fault === 'upstream' ? 'internal-error' : null;
}

const NOT_ADMITTED: Partial<Record<NotAdmitted['why'], TerminationReason>> = {
  full: 'conference-full',
  locked: 'conference-locked',
};

function reasonOf(error: unknown): TerminationReason {
  if (error instanceof NotAdmitted) return NOT_ADMITTED[error.why] ?? 'internal-error';
  if (error instanceof LegGone) return 'media-server-lost';
  if (error instanceof DeadlineError) return 'media-server-unavailable';
  if (!(error instanceof PartylineError)) return 'internal-error';
  switch (error.code) {
    case 'sip/no-common-codec':
      return 'no-common-codec';
    case 'sip/overloaded':
      return 'overloaded';
    case 'media/unavailable':
      return 'media-server-unavailable';
    case 'media/not-secured':
      return 'media-timeout';
    case 'media/leg-gone':
      return 'media-server-lost';
    case 'signalling/lost':
      return 'signalling-lost';
    case 'call/gone':
      return 'caller-hung-up';
    case 'store/unavailable':
      return 'store-unavailable';
    default:
      return 'internal-error';
  }
}
