import type { SessionEndReason } from '../../../config/contract/index.ts';
import type { RoomDocument } from '../../../store/index.ts';

/** What the room wrote down when it let somebody go, in the words of the page. */
const REASONS: Readonly<Record<string, SessionEndReason>> = {
  left: 'left',
  removed: 'removed',
  ended: 'ended',
  'not-admitted': 'not-admitted',
};

/**
 * Why somebody's row is not in the room.
 * @param wasThere whether this page has seen its row before
 * @returns null while the row may still come
 */
export function endReasonOf(
  document: RoomDocument | null | undefined,
  participantId: string,
  wasThere: boolean,
): SessionEndReason | null {
  if (document === undefined) return null;
  const farewell = document?.farewells.findLast((each) => each.participantId === participantId);
  if (farewell !== undefined) return REASONS[farewell.reason] ?? 'ended';
  if (!wasThere) return null;
  return document === null || document.ending !== null ? 'ended' : 'left';
}
