/** Keys of the room: what a key means follows from the room as it is when it is pressed. */
import type { RoomCommand } from '../../../config/contract/index.ts';
import type { Participant, RoomDocument } from '../../../store/index.ts';
import { maySpeak } from './audio.ts';
import { obey } from './commands.ts';
import type { Draft } from './draft.ts';
import type { InputOf, Rejection, RoomKey } from './inputs.ts';
import { NEXT_MODE } from './lead.ts';

/** Two hosts who press the same at once want it once. */
const TOGETHER_MS = 2_000;
/** The same key again, by the same host: all. */
const AGAIN_MS = 5_000;

const SHARED: ReadonlySet<RoomKey> = new Set(['toggle-recording', 'next-mode', 'toggle-lock', 'admit-next']);

export function press(draft: Draft, { participantId, action }: InputOf<'key'>): Rejection | null {
  const me = draft.find(participantId);
  if (!me) return 'not-in-room';
  const { lastToggle } = draft.room;
  const recent = lastToggle?.action === action ? lastToggle : null;
  const mine = recent?.participantId === me.id;
  if (recent && !mine && SHARED.has(action) && draft.at - recent.at < TOGETHER_MS) return null;
  const again = mine && draft.at - recent.at < AGAIN_MS;
  const why = obey(draft, { kind: 'participant', participantId }, commandOf(action, draft.room, me, again));
  if (why === null && SHARED.has(action)) draft.set({ lastToggle: { action, participantId, at: draft.at } });
  return why;
}

function commandOf(action: RoomKey, room: RoomDocument, me: Participant, again: boolean): RoomCommand {
  switch (action) {
    case 'help':
      return { type: 'speak-help' };
    case 'toggle-mute':
      // Pressed by somebody who is not heard, it means that they want to be.
      return { type: maySpeak(me) ? 'mute-self' : 'unmute-self' };
    case 'toggle-hand':
      return { type: me.hand === undefined && !me.calledOn ? 'raise-hand' : 'lower-hand' };
    case 'roll':
      return { type: 'speak-roll' };
    case 'louder':
    case 'quieter':
      return { type: 'change-volume', direction: action };
    case 'ask-for-help':
      return { type: 'ask-for-help' };
    case 'toggle-recording':
      return { type: room.recording.state === 'off' ? 'start-recording' : 'stop-recording' };
    case 'admit-next':
      return { type: again ? 'admit-all' : 'admit-next' };
    case 'next-mode':
      return { type: 'set-mode', mode: NEXT_MODE[room.mode] };
    case 'toggle-lock':
      return { type: room.locked ? 'unlock' : 'lock' };
  }
}
