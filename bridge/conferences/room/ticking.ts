/** What time does to a room: graces that end, waiters and rows that were kept long enough, news, recordings without an answer. */
import type { RoomDocument } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import { hostStaysAway } from './hosts.ts';
import { AWAY_MS, forgetAway, sendHome } from './leaving.ts';
import { tellNews } from './news.ts';
import { presentHosts, queue } from './people.ts';
import { CONFIRM_MS, recordingOverdue } from './recording.ts';

export function tick(draft: Draft): void {
  const { hostGone } = draft.room;
  if (hostGone && hostGone.until <= draft.at) hostStaysAway(draft);
  letWaitersGo(draft);
  forgetAway(draft);
  tellNews(draft);
  recordingOverdue(draft);
}

/** Idle waiters cost money and patience: they are let go, with kind words. */
function letWaitersGo(draft: Draft): void {
  for (const row of queue(draft.room)) {
    if (row.since + waitingMs(draft.room) <= draft.at) sendHome(draft, row, 'waited-too-long');
  }
}

const waitingMs = ({ policy }: RoomDocument): number => policy.waitingMinutes * 60_000;

/** When something is due next; null for never. Milliseconds since 1970. */
export function nextDue(room: RoomDocument): number | null {
  const times = [
    // A host who is just coming in ends the grace, or goes and begins it anew.
    ...(room.hostGone && presentHosts(room).length === 0 ? [room.hostGone.until] : []),
    ...(room.news.dueAt === null ? [] : [room.news.dueAt]),
    ...(room.recording.state === 'starting' || room.recording.state === 'stopping'
      ? [(room.recording.since ?? 0) + CONFIRM_MS]
      : []),
    ...room.participants.flatMap(({ state, since }) => {
      if (state === 'waiting') return [since + waitingMs(room)];
      return state === 'away' ? [since + AWAY_MS] : [];
    }),
  ];
  return times.length === 0 ? null : Math.min(...times);
}
