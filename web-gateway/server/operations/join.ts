/** How a browser comes in: by a code, as on a phone and under the same limits, or by the link of an invitation. */
import { randomUUID } from 'node:crypto';
import {
  ECHO_TARGET,
  echoResponse,
  joinRequest,
  joinResponse,
  PartylineError,
  ticketResponse,
  type JoinRequest,
  type JoinResponse,
  type TicketResponse,
} from '../../../config/contract/index.ts';
import type { Conference, Invitee, Pass, ResolvedCode, Store } from '../../../store/index.ts';
import { limitKeyOf } from '../client-address.ts';
import { refuseInStep } from '../even-time.ts';
import { iceServersFor } from '../ice-servers.ts';
import { operation, type Operation } from '../operation.ts';
import type { GatewayParts } from '../parts.ts';

const TICKET_LIFE_MS = 60_000;
/** As long as the longest call. The pass ends before, when its conference does. */
const PASS_LIFE_MS = 24 * 60 * 60 * 1_000;
/** Nobody looks it up: the INVITE goes where its WebSocket ends. Its user part is the conference (RFC 2606, section 2). */
const SIP_HOST = 'partyline.invalid';

type JoinParts = Pick<GatewayParts, 'store' | 'settings' | 'dial'>;

/** Somebody who may come in, and into what. */
interface Entrance {
  readonly conference: Conference;
  readonly who: Pick<Pass, 'participantId' | 'name' | 'role' | 'identity' | 'language'>;
}

export function joinOperations(parts: JoinParts): Operation[] {
  const { store, settings } = parts;
  const join = operation({
    method: 'post',
    path: '/join',
    summary: 'Come into a conference by a code or an invitation, as a browser',
    access: 'public',
    body: joinRequest,
    answers: {
      status: 200,
      schema: joinResponse,
      description: 'Who one is there, a token, and a ticket for one INVITE.',
    },
    handle: async ({ body, address }) => {
      return refuseInStep('join/refused', async () => {
        const entrance = await findEntrance(parts, body, address);
        await limit(store, 'join', limitKeyOf(address));
        return letIn(parts, entrance);
      });
    },
  });

  const ticket = operation({
    method: 'post',
    path: '/join/ticket',
    summary: 'Another ticket, such as after a change of network',
    access: 'participant',
    answers: { status: 200, schema: ticketResponse, description: 'A ticket for one INVITE.' },
    handle: async ({ pass, token }) => {
      if (pass === null) throw new PartylineError('auth/required');
      await limit(store, 'ticket', `${pass.tenantId} ${pass.participantId}`);
      return makeTicket(parts, pass, token);
    },
  });

  const echo = operation({
    method: 'post',
    path: '/echo',
    summary: 'A ticket to hear oneself by way of the media server, before joining',
    access: 'public',
    answers: { status: 200, schema: echoResponse, description: 'A ticket for one INVITE.' },
    handle: async ({ address }) => {
      await limit(store, 'ticket', `echo ${limitKeyOf(address)}`);
      const ticketExpiresAt = Date.now() + TICKET_LIFE_MS;
      const token = await store.tokens.issue('echo', ECHO_TARGET, TICKET_LIFE_MS);
      const iceServers = iceServersFor(settings, ECHO_TARGET);
      return { ticket: token, ticketExpiresAt, sipUri: `sip:${ECHO_TARGET}@${SIP_HOST}`, iceServers };
    },
  });

  return [join, ticket, echo];
}

/** @throws PartylineError request/rate-limited */
async function limit(store: Store, rule: 'join' | 'ticket', key: string): Promise<void> {
  const retryAfterMs = await store.limits.consume(rule, key);
  if (retryAfterMs > 0) throw new PartylineError('request/rate-limited', { retryAfterMs });
}

/**
 * Unknown, closed and full are told with the same words.
 * @throws PartylineError join/refused, join/personal-code-needed, request/rate-limited
 */
async function findEntrance(parts: JoinParts, body: JoinRequest, address: string): Promise<Entrance> {
  const entrance = 'invitation' in body ? await byInvitation(parts.store, body) : await byCode(parts, body, address);
  await refuseWhenFull(parts.store, entrance);
  return entrance;
}

type CodeRequest = Extract<JoinRequest, { code: string }>;
type InvitationRequest = Extract<JoinRequest, { invitation: string }>;

async function byInvitation(store: Store, { invitation, name }: InvitationRequest): Promise<Entrance> {
  const found = await store.invitees.byInvitation(invitation);
  if (found?.conference.state !== 'open') throw new PartylineError('join/refused');
  return { conference: found.conference, who: asInvitee(found.invitee, name) };
}

async function byCode(parts: JoinParts, { code, name, personalCode }: CodeRequest, address: string): Promise<Entrance> {
  const first = await lookUp(parts, address, code);
  const { conference } = first;
  if (first.kind === 'personal') return { conference, who: asInvitee(first.invitee, name) };
  if (personalCode === undefined) {
    const needed = first.kind === 'guest' && conference.policy.personalCodes === 'required';
    if (needed) throw new PartylineError('join/personal-code-needed');
    return { conference, who: { participantId: randomUUID(), name, role: first.kind } };
  }
  const second = await lookUp(parts, address, personalCode, conference.id);
  if (second.kind !== 'personal') throw new PartylineError('join/refused');
  const who = asInvitee(second.invitee, name);
  return { conference, who: first.kind === 'host' ? { ...who, role: 'host' } : who };
}

/** The name may be another each time; the participant is the same, on the phone as well. */
function asInvitee({ id, name, role, language }: Invitee, chosen: string | undefined): Entrance['who'] {
  const spoken = language === undefined ? {} : { language };
  return { participantId: id, identity: id, name: chosen ?? name, role, ...spoken };
}

/** @param conferenceId only a personal code of this conference will do */
async function lookUp(
  { store, settings }: JoinParts,
  sourceAddress: string,
  digits: string,
  conferenceId?: string,
): Promise<ResolvedCode> {
  const only = conferenceId === undefined ? {} : { conferenceId };
  const { webTenant: tenantId } = settings;
  const lookup = await store.codes.lookup({ tenantId, digits, via: 'web', callerNumber: '', sourceAddress, ...only });
  if (lookup.outcome === 'limited') {
    throw new PartylineError('request/rate-limited', { retryAfterMs: lookup.retryAfterMs });
  }
  if (lookup.outcome !== 'found') throw new PartylineError('join/refused');
  return lookup.resolved;
}

/**
 * As the room itself decides it: whoever is in already may come again, after a change of browser, or by phone and browser;
 * and a host where none is present, or nobody could let anybody go.
 */
async function refuseWhenFull(store: Store, { conference, who }: Entrance): Promise<void> {
  const rows = (await store.rooms.read(conference.tenantId, conference.id))?.participants ?? [];
  const isKnown = rows.some(({ id, identity }) => id === who.participantId || (identity && identity === who.identity));
  const isFirstHost = who.role === 'host' && !rows.some(({ role, state }) => role === 'host' && state === 'present');
  if (isKnown || isFirstHost) return;
  if (rows.length >= conference.policy.maxParticipants) throw new PartylineError('join/refused');
}

async function letIn(parts: JoinParts, { conference, who }: Entrance): Promise<JoinResponse> {
  const { id: conferenceId, tenantId, title } = conference;
  const { pass, token } = await issuePass(parts.store, { tenantId, conferenceId, ...who });
  const { participantId, name, role, expiresAt } = pass;
  return {
    ...(await makeTicket(parts, pass, token)),
    ...{ conferenceId, title, participantId, name, role, token, expiresAt },
    dialIn: dialIn(parts, tenantId),
  };
}

async function issuePass(store: Store, who: Parameters<Store['passes']['issue']>[0]) {
  try {
    return await store.passes.issue(who, PASS_LIFE_MS);
  } catch (error) {
    const closed = error instanceof PartylineError && ['conference/not-open', 'room/full'].includes(error.code);
    throw closed ? new PartylineError('join/refused', { cause: error }) : error;
  }
}

async function makeTicket({ store, settings }: JoinParts, pass: Pass, token: string): Promise<TicketResponse> {
  const ticketExpiresAt = Date.now() + TICKET_LIFE_MS;
  const ticket = await store.passes.issueTicket(token, TICKET_LIFE_MS);
  if (ticket === null) throw new PartylineError('auth/required');
  const iceServers = iceServersFor(settings, pass.participantId);
  return { ticket, ticketExpiresAt, sipUri: `sip:${pass.conferenceId}@${SIP_HOST}`, iceServers };
}

/** The tenant's numbers; where any number will do, the address that does. */
export function dialIn(
  { settings, dial }: Pick<JoinParts, 'settings' | 'dial'>,
  tenantId: string,
): JoinResponse['dialIn'] {
  const numbers = settings.dids.filter(({ tenant }) => tenant === tenantId).map(({ number }) => ({ number }));
  return numbers.length === 0 && settings.dids.length === 0 && dial !== undefined ? [{ number: dial }] : numbers;
}
