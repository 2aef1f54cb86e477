/** How a browser comes in: by a code, as on a phone and under the same limits, or by the link of an invitation. */
import { randomUUID } from 'node:crypto';
import {
  joinRequest,
  joinResponse,
  PartylineError,
  ticketResponse,
  type JoinRequest,
  type JoinResponse,
  type TicketResponse,
} from '../../../config/contract/index.ts';
import type { Conference, Pass, Store } from '../../../store/index.ts';
import { limitKeyOf } from '../client-address.ts';
import { refuseInStep } from '../even-time.ts';
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
  const { store } = parts;
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
      return makeTicket(store, pass, token);
    },
  });

  return [join, ticket];
}

/** @throws PartylineError request/rate-limited */
async function limit(store: Store, rule: 'join' | 'ticket', key: string): Promise<void> {
  const retryAfterMs = await store.limits.consume(rule, key);
  if (retryAfterMs > 0) throw new PartylineError('request/rate-limited', { retryAfterMs });
}

/**
 * Unknown, closed and full are told with the same words.
 * @throws PartylineError join/refused, request/rate-limited
 */
async function findEntrance({ store, settings }: JoinParts, body: JoinRequest, address: string): Promise<Entrance> {
  if ('invitation' in body) throw new PartylineError('join/refused');
  const lookup = await store.codes.lookup({
    tenantId: settings.webTenant,
    digits: body.code,
    via: 'web',
    callerNumber: '',
    sourceAddress: address,
  });
  if (lookup.outcome === 'limited') {
    throw new PartylineError('request/rate-limited', { retryAfterMs: lookup.retryAfterMs });
  }
  if (lookup.outcome !== 'found') throw new PartylineError('join/refused');
  const { conference, kind } = lookup.resolved;
  await refuseWhenFull(store, conference);
  return { conference, who: { participantId: randomUUID(), name: body.name, role: kind === 'personal' ? 'guest' : kind } };
}

async function refuseWhenFull(store: Store, conference: Conference): Promise<void> {
  const room = await store.rooms.read(conference.tenantId, conference.id);
  if ((room?.participants.length ?? 0) >= conference.policy.maxParticipants) throw new PartylineError('join/refused');
}

/** @throws PartylineError join/refused when the conference was closed just now */
async function letIn(parts: JoinParts, { conference, who }: Entrance): Promise<JoinResponse> {
  const { id: conferenceId, tenantId, title } = conference;
  const { pass, token } = await issuePass(parts.store, { tenantId, conferenceId, ...who });
  const { participantId, name, role, expiresAt } = pass;
  return {
    ...(await makeTicket(parts.store, pass, token)),
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

async function makeTicket(store: Store, pass: Pass, token: string): Promise<TicketResponse> {
  const ticketExpiresAt = Date.now() + TICKET_LIFE_MS;
  const ticket = await store.passes.issueTicket(token, TICKET_LIFE_MS);
  if (ticket === null) throw new PartylineError('auth/required');
  return { ticket, ticketExpiresAt, sipUri: `sip:${pass.conferenceId}@${SIP_HOST}`, iceServers: [] };
}

/** The tenant's numbers; where any number will do, the address that does. */
function dialIn({ settings, dial }: JoinParts, tenantId: string): JoinResponse['dialIn'] {
  const numbers = settings.dids.filter(({ tenant }) => tenant === tenantId).map(({ number }) => ({ number }));
  return numbers.length === 0 && settings.dids.length === 0 && dial !== undefined ? [{ number: dial }] : numbers;
}
