/** The room in words: who is muted and why, what a host may do to whom. Pure, and the same for eyes and for screen readers. */
import type { ParticipantView, PolicyAnnounce, PolicyMode, RoomView } from '../../../../config/contract/index.ts';

export const MODE_WORDS: Readonly<Record<PolicyMode, string>> = {
  conversation: 'Conversation',
  qa: 'Questions',
  presentation: 'Presentation',
};

export const MODE_EXPLAINED: Readonly<Record<PolicyMode, string>> = {
  conversation: 'Everybody can speak.',
  qa: 'Whoever is called on can speak.',
  presentation: 'Only hosts can speak.',
};

export const ANNOUNCE_WORDS: Readonly<Record<PolicyAnnounce, string>> = {
  tone: 'By a tone',
  name: 'By name',
  silent: 'Not at all',
};

/** Why somebody is not heard; the strongest reason first. Null: they are heard, or have no sound at all. */
export function mutedWords({ mutedBy, audio, handPosition }: ParticipantView, mode: PolicyMode): string | null {
  if (mutedBy.includes('waiting')) return 'Waiting to be let in';
  if (mutedBy.includes('hold')) return 'On hold';
  if (audio === null) return null;
  if (mutedBy.includes('host')) return 'Muted by a host';
  if (mutedBy.includes('mode')) {
    if (mode === 'qa') return handPosition === null ? 'Listening' : 'Waiting to be called on';
    return 'Listening';
  }
  return mutedBy.includes('self') ? 'Muted' : null;
}

/** What the one who looks is told about their own microphone. */
export function ownMuteWords(me: ParticipantView, mode: PolicyMode): string {
  if (!me.muted) return 'Everybody can hear you.';
  const { mutedBy } = me;
  if (mutedBy.includes('waiting')) return 'You will be heard once you are let in.';
  if (mutedBy.includes('hold')) return 'A host has put you on hold. You hear music, and nobody hears you.';
  if (mutedBy.includes('mode')) {
    return mode === 'qa'
      ? 'Raise your hand to ask something. You can speak when you are called on.'
      : 'Only hosts can speak just now. Raise your hand if you want to say something.';
  }
  if (mutedBy.includes('host')) {
    return me.canUnmute
      ? 'A host has muted you. You may unmute yourself.'
      : 'A host has muted you. Raise your hand to be heard.';
  }
  return 'You are muted.';
}

/** How their sound comes, as the small line below the name. */
export function audioWords({ name, audio, number, web, state }: ParticipantView): string {
  if (state === 'away') return 'Connection lost';
  // A caller who told no name is called by the number already.
  const phone = number === '' || number === name ? 'Phone' : `Phone ${number}`;
  if (audio === 'phone') return web ? `${phone} and browser` : phone;
  return audio === 'browser' ? 'Browser' : 'Browser, without sound';
}

export interface Groups {
  readonly waiting: readonly ParticipantView[];
  readonly hands: readonly ParticipantView[];
  readonly present: readonly ParticipantView[];
}

/** Whoever waits in the order of their turn, hands in theirs; hosts before the others, else as they came. */
export function groupsOf({ participants }: RoomView): Groups {
  const by = (key: 'waitingPosition' | 'handPosition') => (one: ParticipantView, other: ParticipantView) =>
    (one[key] ?? Infinity) - (other[key] ?? Infinity);
  const waiting = participants.filter(({ state }) => state === 'waiting').sort(by('waitingPosition'));
  const inside = participants.filter(({ state }) => state !== 'waiting');
  return {
    waiting,
    hands: inside.filter(({ handPosition }) => handPosition !== null).sort(by('handPosition')),
    present: [...inside.filter(({ role }) => role === 'host'), ...inside.filter(({ role }) => role === 'guest')],
  };
}

/** `Ada Lovelace` → `AL`; a number → nothing. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const first = words[0] ?? '';
  const last = words.length > 1 ? (words.at(-1) ?? '') : '';
  return [first, last]
    .map((word) => (word.charAt(0) === '' ? '' : String.fromCodePoint(word.codePointAt(0) ?? 0)))
    .join('')
    .toLocaleUpperCase();
}

/** One of `count` colours, always the same for the same person. */
export function hueOf(id: string, count: number): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % count;
}

/** `1:02:03`, `4:05` */
export function durationWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Where the sound is that this page had before. */
export function elsewhereWords(audio: ParticipantView['audio']): { title: string; help: string } {
  switch (audio) {
    case 'phone':
      return {
        title: 'Your sound is on your telephone now',
        help: 'You can use this page beside it. Taking the sound back ends the telephone call.',
      };
    case 'browser':
      return {
        title: 'Your sound is on another page of yours now',
        help: 'You can use this page beside it. Taking the sound back ends it there.',
      };
    case null:
      return { title: 'You have no sound now', help: 'It was on another line of yours, which has hung up.' };
  }
}
