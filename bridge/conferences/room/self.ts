/** What people do about themselves: being heard, how loud they hear, who is there. */
import type { Participant } from '../../../store/index.ts';
import { maySpeak, whyMuted } from './audio.ts';
import type { Draft } from './draft.ts';
import type { Words } from './inputs.ts';
import { presentPeople } from './people.ts';

const LOUDEST = 4;
const QUIETEST = -4;
/** A roll call of more names is no help to anybody. */
const MOST_NAMES = 20;

export function muteSelf(draft: Draft, me: Participant): void {
  const now = draft.bits(me, { set: ['self'] });
  if (now !== me) draft.event('muted', { participantId: me.id, by: 'self', bits: now.bits });
  draft.answer('now-muted');
}

/** Takes away what is theirs to take away; what is left is explained. */
export function unmuteSelf(draft: Draft, me: Participant): void {
  const now = draft.bits(me, { clear: me.role === 'host' ? ['self', 'host'] : ['self'] });
  if (now !== me) draft.event('unmuted', { participantId: me.id, by: 'self', bits: now.bits });
  if (maySpeak(now)) draft.answer('now-unmuted');
  else draft.answer(...whyMuted(now, draft.room.mode));
}

export function changeVolume(draft: Draft, me: Participant, direction: 'louder' | 'quieter'): void {
  const step = direction === 'louder' ? 1 : -1;
  const volume = Math.min(LOUDEST, Math.max(QUIETEST, me.volume + step));
  if (volume !== me.volume) draft.update(me, { volume });
  if (volume === LOUDEST) draft.answer('loudest');
  else if (volume === QUIETEST) draft.answer('quietest');
  else draft.answer(direction);
}

/** How many, then the names that were said. */
export function speakRoll(draft: Draft, me: Participant): void {
  const present = presentPeople(draft.room);
  if (present.length === 1) {
    draft.tell(me, 'only-you-are-here');
    return;
  }
  const named = present.flatMap(({ nameSound }) => nameSound ?? []).slice(0, MOST_NAMES);
  const others = present.length - named.length;
  const names: Words[] = named.map((file) => ({ meaning: 'recorded', file }));
  if (named.length > 0 && others > 0) names.push({ meaning: 'others-without-name', count: others });
  draft.tell(me, { meaning: 'people-in-conference', count: present.length }, ...names);
}
