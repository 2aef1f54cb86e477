/** Who a caller is: asked by code on the phone, told by a ticket from a browser. Afterwards both go the same way. */
import { PartylineError, type TerminationReason } from '../../config/contract/index.ts';
import type { Logger, Settings } from '../../config/index.ts';
import { askAccessCode, type AccessCodeLookup, type DialogueLeg } from '../../ivr/index.ts';
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
  const result = await askAccessCode<ResolvedCode>(
    leg,
    { lookUp: (digits) => lookUp(deps, caller, digits), clock },
    {
      ...(settings.earlyGreeting ? { greeting: [] } : {}),
      tries: settings.codeTries,
      firstDigitTimeoutMs: settings.codeTimeoutSeconds * 1_000,
      interDigitTimeoutMs: settings.interDigitTimeoutSeconds * 1_000,
    },
  );
  caller.logger.debug({ outcome: result.outcome, tries: result.tries }, 'access code dialogue ended');
  if (result.outcome !== 'found') return { outcome: 'refused', reason: result.reason };
  return { outcome: 'identified', who: byCode(deps, caller, result.found) };
}

/** Trouble with the store is told to the caller, everything else is a fault of ours. */
async function lookUp(deps: IdentifyDeps, caller: Stranger, digits: string): Promise<AccessCodeLookup<ResolvedCode>> {
  const { callerNumber, sourceAddress } = caller.invite;
  try {
    const answer = await deps.codes.lookup({ tenantId: caller.tenantId, digits, callerNumber, sourceAddress });
    if (answer.outcome === 'found') return { outcome: 'found', found: answer.resolved };
    return { outcome: answer.outcome === 'limited' ? 'limited' : 'refused' };
  } catch (error) {
    if (error instanceof PartylineError && error.code === 'store/unavailable') return { outcome: 'unavailable' };
    throw error;
  }
}

function byCode(deps: IdentifyDeps, { invite }: Stranger, { conference, kind }: ResolvedCode): Identified {
  return {
    conference,
    participantId: deps.newId(),
    name: invite.callerName === '' ? maskNumber(invite.callerNumber) : invite.callerName,
    role: kind === 'personal' ? 'guest' : kind,
    via: 'phone',
  };
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
