/** What a screen reader is told when the room changes: sentences out of two views of it. Pure. */
import type { ParticipantView, RoomView } from '../../../../config/contract/index.ts';
import { MODE_EXPLAINED, ownMuteWords } from './words.ts';

/** More than these at once are counted, not named. */
const MOST_NAMES = 3;

/**
 * @param meId whose page it is
 * @returns nothing when nothing worth a sentence has changed; who talks is not
 */
export function announcements(before: RoomView, after: RoomView, meId: string): string[] {
  const old = new Map(before.participants.map((row) => [row.id, row]));
  const now = new Map(after.participants.map((row) => [row.id, row]));
  const me = now.get(meId);
  const isHost = me?.role === 'host';
  return [
    ...aboutMe(old.get(meId), me, after),
    ...aboutRoom(before, after),
    ...comingsAndGoings(old, now, meId),
    ...(isHost ? forHosts(old, now, meId) : []),
  ];
}

function aboutMe(before: ParticipantView | undefined, me: ParticipantView | undefined, room: RoomView): string[] {
  if (before === undefined || me === undefined) return [];
  const said: string[] = [];
  if (before.state === 'waiting' && me.state === 'present') said.push('You are in the conference now.');
  if (before.role !== me.role) said.push(me.role === 'host' ? 'You are a host now.' : 'You are not a host any more.');
  if (String(before.mutedBy) !== String(me.mutedBy) || before.canUnmute !== me.canUnmute)
    said.push(ownMuteWords(me, room.mode));
  if (before.handPosition !== me.handPosition) said.push(handWords(before, me));
  if (before.name !== me.name) said.push(`You are called ${me.name} now.`);
  return said;
}

function handWords(before: ParticipantView, { handPosition, mutedBy }: ParticipantView): string {
  const isCalledOn = before.mutedBy.includes('mode') && !mutedBy.includes('mode');
  if (handPosition === null) return isCalledOn ? 'It is your turn to speak.' : 'Your hand is down.';
  if (before.handPosition === null)
    return handPosition === 1 ? 'Your hand is up. You are next.' : `Your hand is up. You are number ${handPosition}.`;
  return handPosition === 1 ? 'You are next to speak.' : `You are number ${handPosition} to speak.`;
}

function aboutRoom(before: RoomView, after: RoomView): string[] {
  const said: string[] = [];
  if (before.mode !== after.mode) said.push(MODE_EXPLAINED[after.mode]);
  if (before.locked !== after.locked)
    said.push(after.locked ? 'The conference is locked.' : 'The conference is open again.');
  if (before.recording.state !== after.recording.state) {
    said.push(
      { on: 'This conference is being recorded.', paused: 'The recording is paused.', off: 'The recording has ended.' }[
        after.recording.state
      ],
    );
  }
  if (before.hostGone === null && after.hostGone !== null) said.push('All hosts have left.');
  if (before.hostGone !== null && after.hostGone === null) said.push('A host is back.');
  return said;
}

type Rows = ReadonlyMap<string, ParticipantView>;
const inside = (row: ParticipantView | undefined) => row !== undefined && row.state !== 'waiting';

function comingsAndGoings(old: Rows, now: Rows, meId: string): string[] {
  const came = [...now.values()].filter((row) => row.id !== meId && inside(row) && !inside(old.get(row.id)));
  const went = [...old.values()].filter((row) => row.id !== meId && inside(row) && !now.has(row.id));
  return [...sentence(came, 'has joined', 'have joined'), ...sentence(went, 'has left', 'have left')];
}

function forHosts(old: Rows, now: Rows, meId: string): string[] {
  const others = [...now.values()].filter(({ id }) => id !== meId);
  const isNew = (test: (row: ParticipantView) => boolean) =>
    others.filter((row) => {
      const before = old.get(row.id);
      return test(row) && !(before !== undefined && test(before));
    });
  return [
    ...sentence(
      isNew(({ state }) => state === 'waiting'),
      'is waiting to be let in',
      'are waiting to be let in',
    ),
    ...sentence(
      isNew(({ handPosition }) => handPosition !== null),
      'has raised a hand',
      'have raised a hand',
    ),
    ...sentence(
      isNew(({ asksForHelp }) => asksForHelp),
      'asks for help',
      'ask for help',
    ),
  ];
}

function sentence(rows: readonly ParticipantView[], one: string, many: string): string[] {
  if (rows.length === 0) return [];
  if (rows.length > MOST_NAMES) return [`${rows.length} people ${many}.`];
  const names = rows.map(({ name }) => name);
  const list = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return [`${list} ${rows.length === 1 ? one : many}.`];
}
