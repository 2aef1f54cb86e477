/**
 * At start: what dead processes of this node left behind is ended, so that no ghost stays in a room. (Taking their calls
 * over instead is a later step; the records hold what it needs.)
 */
import type { Logger } from '../../config/index.ts';
import type { CallRecord, RoomDocument, Store } from '../../store/index.ts';
import type { RoomService } from '../conferences/index.ts';

/** A call's record is written at its beginning; a participant without one for so long has none. */
const UNRECORDED_MS = 60_000;

export interface AdoptionDeps {
  readonly calls: Pick<Store['calls'], 'live' | 'end' | 'get'>;
  readonly rooms: Pick<Store['rooms'], 'list'>;
  readonly roomService: Pick<RoomService, 'apply'>;
  readonly isDead: (node: string) => boolean;
  /** Hangs the channel up on a real media server; false when it is not there. */
  readonly killChannel: (mediaServer: string, uuid: string) => Promise<boolean>;
  /** BYE to the caller inside the dead process's dialog. */
  readonly endDialog: (dialogId: string) => Promise<boolean>;
  readonly logger: Logger;
  readonly wallClock: () => number;
}

export interface Cleared {
  readonly calls: number;
  readonly participants: number;
}

/** @throws PartylineError store/unavailable */
export async function endLostCalls(deps: AdoptionDeps, tenantIds: readonly string[]): Promise<Cleared> {
  let calls = 0;
  let participants = 0;
  for (const tenantId of tenantIds) {
    const lost = (await deps.calls.live(tenantId)).filter(({ node }) => deps.isDead(node));
    for (const record of lost) await endOne(deps, record);
    calls += lost.length;
    for (const room of await deps.rooms.list(tenantId)) participants += await clearRoom(deps, room);
  }
  if (calls + participants > 0) deps.logger.warn({ calls, participants }, 'cleared what a dead process left behind');
  return { calls, participants };
}

async function endOne(deps: AdoptionDeps, record: CallRecord): Promise<void> {
  const { channelUuid, mediaServer, callerDialogId, tenantId, id } = record;
  try {
    if (callerDialogId) await deps.endDialog(callerDialogId);
    if (channelUuid !== undefined && mediaServer !== undefined) await deps.killChannel(mediaServer, channelUuid);
  } catch (error) {
    deps.logger.warn({ err: error, call: id }, 'a lost call could not be hung up');
  }
  await deps.calls.end(tenantId, id, { class: 'us', reason: 'node-lost' }, deps.wallClock());
}

/** Takes every leg out of the room whose call has ended (or was never recorded). @returns how many */
async function clearRoom(deps: AdoptionDeps, room: RoomDocument): Promise<number> {
  let removed = 0;
  for (const { leg, joinedAt } of room.participants) {
    // Web pages are looked after by the rooms themselves.
    if (!leg) continue;
    const record = await deps.calls.get(room.tenantId, leg.callId);
    const present = record
      ? record.termination === undefined && !deps.isDead(record.node)
      : // Another process may be about to write the record.
        deps.wallClock() - joinedAt < UNRECORDED_MS;
    if (present) continue;
    await deps.roomService.apply(room, { type: 'leg-gone', at: deps.wallClock(), callId: leg.callId, how: 'lost' });
    removed += 1;
  }
  return removed;
}
