/** Legs and web pages that go: by themselves, lost, or let go. */
import type { Participant } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import { withoutTurn } from './hands.ts';
import { hostLeft } from './hosts.ts';
import type { InputOf } from './inputs.ts';
import { announceDeparture } from './news.ts';
import { presentHosts } from './people.ts';

/** So long a row is kept whose line or page was lost, or whose host has hung up: lines drop, and call again. */
export const AWAY_MS = 60_000;
/** Longer than any process takes to find out why its caller was let go. */
const FAREWELL_MS = 60_000;

export function legGone(draft: Draft, { callId, how }: InputOf<'leg-gone'>): void {
  const row = draft.byCall(callId);
  if (!row) return;
  const wasHeard = row.leg?.memberId !== undefined && row.state === 'present';
  draft.event('participant-left', { participantId: row.id, name: row.name, how });
  const now = draft.update(row, { talking: false }, ['leg']);
  if (now.connections.length > 0) return;
  if (wasHeard) announceDeparture(draft, now);
  // A host who hangs up may have been cut off: nobody can tell, and the conference waits for a host as it is told to.
  if (how === 'lost' || row.role === 'host') goAway(draft, now);
  else draft.remove(now);
  departed(draft, row);
}

export function disconnect(draft: Draft, { participantId, connectionId }: InputOf<'disconnect'>): void {
  const row = draft.find(participantId);
  if (!row?.connections.includes(connectionId)) return;
  const now = draft.update(row, { connections: row.connections.filter((id) => id !== connectionId) });
  draft.event('participant-disconnected', { participantId: row.id, name: row.name });
  if (now.leg || now.connections.length > 0) return;
  // A page that is loaded anew comes back within seconds.
  goAway(draft, now);
  departed(draft, row, true);
}

/**
 * Out of the room for good, with words for the call.
 * @param after what becomes of the room when it was the last host
 */
export function sendHome(draft: Draft, row: Participant, reason: string, after: typeof departed = departed): void {
  const wasHeard = row.leg?.memberId !== undefined && row.state === 'present';
  if (row.leg) letGo(draft, row, reason);
  // A page that shows the room without sound is told why, too.
  else if (row.connections.length > 0) sayFarewell(draft, row, '', reason);
  draft.remove(row);
  draft.event('participant-left', { participantId: row.id, name: row.name, how: reason });
  if (wasHeard) announceDeparture(draft, row);
  after(draft, row);
}

/** The call of the row's leg ends; the process that has it reads why. */
export function letGo(draft: Draft, row: Participant, reason: string): void {
  const { leg } = row;
  if (!leg) return;
  sayFarewell(draft, row, leg.callId, reason);
  if (leg.memberId !== undefined) draft.effects.push({ type: 'kick', memberId: leg.memberId });
}

function sayFarewell(draft: Draft, { id }: Participant, callId: string, reason: string): void {
  const recent = draft.room.farewells.filter(({ at }) => at > draft.at - FAREWELL_MS);
  draft.set({ farewells: [...recent, { participantId: id, callId, reason, at: draft.at }] });
}

/** Rows that were kept long enough. */
export function forgetAway(draft: Draft): void {
  for (const row of draft.people) {
    if (row.state !== 'away' || row.since + AWAY_MS > draft.at) continue;
    draft.remove(row);
    draft.event('participant-forgotten', { participantId: row.id, name: row.name });
  }
}

function goAway(draft: Draft, row: Participant): void {
  const now = draft.bits(withoutTurn(draft, row), { clear: ['waiting'] });
  draft.update(now, { state: 'away', since: draft.at, asksForHelp: false, talking: false }, ['hand']);
}

/** A row is gone or away; was it the last host's? */
function departed(draft: Draft, row: Participant, byWeb = false): void {
  if (row.role === 'host' && draft.room.led && presentHosts(draft.room).length === 0) hostLeft(draft, byWeb);
}
