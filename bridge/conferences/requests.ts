/** What the web side asks of rooms: commands, and pages that come and go. */
import { PartylineError, type ErrorCode } from '../../config/contract/index.ts';
import type { RoomAnswer, RoomRequestEnvelope, Store } from '../../store/index.ts';
import type { Applied, RoomService } from './room-service.ts';
import type { RoomInput, Rejection } from './room/index.ts';

export interface RequestDeps {
  readonly store: Pick<Store, 'roomRequests' | 'conferences'>;
  readonly rooms: Pick<RoomService, 'apply'>;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** @returns how to stop */
export function serveRoomRequests(deps: RequestDeps): () => void {
  return deps.store.roomRequests.serve(async (envelope) => {
    const input = await inputOf(deps, envelope);
    return answerOf(await deps.rooms.apply(envelope, input));
  });
}

async function inputOf(deps: RequestDeps, envelope: RoomRequestEnvelope): Promise<RoomInput> {
  const { request, actor, tenantId, conferenceId } = envelope;
  const at = deps.wallClock();
  if (request.type === 'disconnect') return { ...request, at };
  if (request.type !== 'connect') return { type: 'command', at, actor, command: request };
  const conference = await deps.store.conferences.get(tenantId, conferenceId);
  if (!conference) throw new PartylineError('conference/not-found');
  const { title, policy } = conference;
  const { participantId, connectionId, name, role, identity, language } = request;
  const who = { id: participantId, name, role, language, number: '', line: '' };
  return {
    type: 'connect',
    at,
    plan: { title, policy },
    who: identity === undefined ? who : { ...who, identity },
    connectionId,
  };
}

const codes: Readonly<Record<Rejection, ErrorCode>> = {
  full: 'room/full',
  locked: 'room/locked',
  elsewhere: 'internal/unexpected',
  'already-in-room': 'room/not-possible',
  'too-many-pages': 'room/too-many-pages',
  'not-in-room': 'room/participant-not-found',
  'no-such-participant': 'room/participant-not-found',
  'not-live': 'room/not-live',
  'not-allowed': 'auth/forbidden',
  'not-possible': 'room/not-possible',
};

function answerOf(applied: Applied): RoomAnswer {
  if (applied.outcome === 'rejected') throw new PartylineError(codes[applied.why]);
  const { room, participantId } = applied;
  const version = room?.version ?? 0;
  return participantId === undefined ? { version } : { version, participantId };
}
