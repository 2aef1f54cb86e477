import type { SessionEndReason } from '../../../config/contract/index.ts';
import type { RoomDocument } from '../../../store/index.ts';

/** What the room wrote down when it let somebody go, in the words of the page. */
const REASONS: Readonly<Record<string, SessionEndReason>> = {
  left: 'left',
  'left-without-ending': 'left',
  'removed-unspecified': 'removed',
  'removed-noise': 'removed',
  'removed-not-invited': 'removed',
  'removed-conduct': 'removed',
  'waited-too-long': 'not-admitted',
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
  // Other farewells are of one line only: the row went on without it.
  const farewell = document?.farewells.findLast(
    (each) => each.participantId === participantId && each.reason in REASONS,
  );
  if (farewell !== undefined) return REASONS[farewell.reason] ?? 'ended';
  if (!wasThere) return null;
  return document === null ? 'ended' : 'left';
}
