/** Who a caller is: asked by code on the phone, told by a ticket from a browser. Afterwards both go the same way. */
import { PartylineError, type TerminationReason } from '../../config/contract/index.ts';
import type { Logger, Settings } from '../../config/index.ts';
import { askAccessCode, askPersonalCode, type CodeAnswer, type DialogueLeg } from '../../ivr/index.ts';
import type { Conference, Participant, ResolvedCode } from '../../store/index.ts';
import { maskNumber, type Invite } from '../sip/index.ts';
import type { Clock } from '../support/clock.ts';
import type { CallStore } from './ports.ts';

export interface Identified {
  readonly conference: Conference;
  /** The same each time for somebody whose identity is known: their phone and their browser are one participant. */
  readonly participantId: string;
  readonly name: string;
  readonly role: Participant['role'];
  /** The invitee they proved to be. */
  readonly identity?: string;
  /** BCP 47, when it is known whose language to speak. */
  readonly language?: string;
  readonly via: 'phone' | 'browser';
}

export type IdentifySettings = Pick<
  Settings,
  'codeTries' | 'codeTimeoutSeconds' | 'interDigitTimeoutSeconds' | 'earlyGreeting'
>;

export interface IdentifyDeps {
  readonly codes: CallStore['codes'];
  readonly settings: IdentifySettings;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What is known of a call before anybody has been asked. */
export interface Stranger {
  readonly tenantId: string;
  readonly invite: Invite;
  readonly logger: Logger;
}

export type Identification =
  | { readonly outcome: 'identified'; readonly who: Identified }
  /** The caller has heard goodbye. */
  | { readonly outcome: 'refused'; readonly reason: TerminationReason };

/** @throws LegGone on hang-up */
export async function identifyCaller(leg: DialogueLeg, deps: IdentifyDeps, caller: Stranger): Promise<Identification> {
  const { settings, clock } = deps;
  const times = timesOf(settings);
  const result = await askAccessCode<ResolvedCode>(
    leg,
    { lookUp: (digits) => lookUp(deps, caller, digits), clock },
    { ...(settings.earlyGreeting ? { greeting: [] } : {}), tries: settings.codeTries, ...times },
  );
  caller.logger.debug({ outcome: result.outcome, tries: result.tries }, 'access code dialogue ended');
  if (result.outcome !== 'found') return { outcome: 'refused', reason: result.reason };
  const { found } = result;
  // Whoever has a personal code keys it at once; the guest code leads to the question only where the host wants it.
  if (found.kind !== 'guest' || found.conference.policy.personalCodes === 'off') return known(deps, caller, found);
  return askWhoItIs(leg, deps, caller, found, settings.codeTries - result.tries + 1);
}

/** @param tries what the access code has left of those allowed in one call */
async function askWhoItIs(
  leg: DialogueLeg,
  deps: IdentifyDeps,
  caller: Stranger,
  guest: ResolvedCode,
  tries: number,
): Promise<Identification> {
  const { id, policy } = guest.conference;
  const result = await askPersonalCode<ResolvedCode>(
    leg,
    { lookUp: (digits) => lookUp(deps, caller, digits, id), clock: deps.clock },
    { required: policy.personalCodes === 'required', tries, ...timesOf(deps.settings) },
  );
  caller.logger.debug({ outcome: result.outcome, tries: result.tries }, 'personal code dialogue ended');
  if (result.outcome === 'skipped') return known(deps, caller, guest);
  if (result.outcome !== 'found') return { outcome: 'refused', reason: result.reason };
  return known(deps, caller, result.found);
}

function timesOf({ codeTimeoutSeconds, interDigitTimeoutSeconds }: IdentifySettings) {
  return { firstDigitTimeoutMs: codeTimeoutSeconds * 1_000, interDigitTimeoutMs: interDigitTimeoutSeconds * 1_000 };
}

/**
 * Trouble with the store is told to the caller, everything else is a fault of ours.
 * @param conferenceId only a personal code of this conference will do
 */
async function lookUp(
  deps: IdentifyDeps,
  { tenantId, invite }: Stranger,
  digits: string,
  conferenceId?: string,
): Promise<CodeAnswer<ResolvedCode>> {
  const { callerNumber, sourceAddress } = invite;
  const only = conferenceId === undefined ? {} : { conferenceId };
  try {
    const answer = await deps.codes.lookup({ tenantId, digits, via: 'phone', callerNumber, sourceAddress, ...only });
    if (answer.outcome === 'found') return { outcome: 'found', found: answer.resolved };
    return { outcome: answer.outcome === 'limited' ? 'limited' : 'refused' };
  } catch (error) {
    if (error instanceof PartylineError && error.code === 'store/unavailable') return { outcome: 'unavailable' };
    throw error;
  }
}

/** The invitee's name, else what the phone calls itself, else the end of its number. */
function known(deps: IdentifyDeps, { invite }: Stranger, code: ResolvedCode): Identification {
  const { conference } = code;
  if (code.kind === 'personal') {
    const { id, name, role, language } = code.invitee;
    const spoken = language === undefined ? {} : { language };
    const who: Identified = { conference, participantId: id, identity: id, name, role, ...spoken, via: 'phone' };
    return { outcome: 'identified', who };
  }
  const name = nameOf(invite);
  const who: Identified = { conference, participantId: deps.newId(), name, role: code.kind, via: 'phone' };
  return { outcome: 'identified', who };
}

/** A phone that knows no name often gives its number for one, which not everybody may see. */
function nameOf({ callerName, callerNumber }: Invite): string {
  if (/\p{L}/u.test(callerName)) return callerName;
  // `anonymous` and the like are no numbers: nothing of them is worth showing.
  return maskNumber(/\d{3}/.test(callerNumber) ? callerNumber : '');
}

/**
 * The ticket is used up by it, whatever comes of it.
 * @returns null when it was used, is over or false, or leads into another conference than the one that was called
 * @throws PartylineError store/unavailable
 */
export async function identifyByTicket(
  store: Pick<CallStore, 'passes' | 'conferences'>,
  ticket: string,
  dialled: string,
): Promise<Identified | null> {
  const pass = await store.passes.redeemTicket(ticket);
  if (pass === null || pass.conferenceId !== dialled) return null;
  // Whoever has a pass may come back into a conference that lets nobody new in: closing it takes the others away.
  const conference = await store.conferences.get(pass.tenantId, pass.conferenceId);
  if (conference === null) return null;
  const { participantId, name, role, identity, language } = pass;
  return {
    ...{ conference, participantId, name, role, via: 'browser' },
    ...(identity === undefined ? {} : { identity }),
    ...(language === undefined ? {} : { language }),
  };
}
