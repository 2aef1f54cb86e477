/**
 * What a caller may be told, by meaning. How it is said, in which words and from which files, is each language's affair
 * (voice/<language>): bridge and dialogues never name a file. No sentence names a key that a tenant may lay elsewhere:
 * those are told by `keys` and `action`.
 */

/** Sentences without a variable part. */
export const plainMeanings = [
  // The first words of a call.
  'welcome',
  'enter-access-code',
  'code-not-recognised',
  'no-input',
  'try-again',
  'enter-host-pin',
  'enter-personal-code',
  'enter-personal-code-or-pound',
  'personal-code-not-recognised',
  'say-your-name',
  // A recorded name follows.
  'you-said',
  'keep-name-or-again',
  'name-not-heard',
  // The last words, by what happened.
  'goodbye',
  'too-many-wrong-codes',
  'nothing-entered',
  'try-again-in-a-moment',
  'system-trouble',
  'conference-full',
  'conference-locked',
  'conference-ended',
  'ended-by-host',
  'waited-too-long',
  'removed',
  'removed-noise',
  'removed-not-invited',
  'removed-conduct',
  'leave-without-ending-done',
  'call-time-over',
  'service-restarting',
  // In the waiting room.
  'waiting-for-host',
  'waiting-for-admission',
  'still-waiting',
  'you-are-next',
  'joining-now',
  // On the way into the room, and in it.
  'first-in-conference',
  'you-are-host',
  'conference-is-recorded',
  'mode-is-presentation',
  'mode-is-qa',
  'you-are-muted',
  'listen-only',
  'now-muted',
  'now-unmuted',
  'muted-by-host',
  'unmuted-by-host',
  'host-asks-to-unmute',
  'hand-raised',
  'hand-lowered',
  'you-are-called-on',
  'your-turn-is-over',
  'only-you-are-here',
  'louder',
  'quieter',
  'loudest',
  'quietest',
  'on-hold',
  'off-hold',
  'not-for-you',
  'not-possible-now',
  'not-understood',
  // Help, asked for and told to the hosts.
  'help-is-asked-for',
  'no-host-here',
  'somebody-needs-help',
  // After a name.
  'needs-help',
  // Who comes and goes, and waits.
  'somebody-waits',
  'nobody-waits',
  'nobody-has-hand-up',
  // After a name.
  'has-joined',
  'has-left',
  'somebody-joined',
  'somebody-left',
  // In the place of a name that nobody recorded.
  'a-caller',
  'announcements-tone',
  'announcements-name',
  'announcements-silent',
  // What the host has done to the room.
  'everybody-muted',
  'everybody-unmuted',
  'mode-conversation-now',
  'mode-qa-now',
  'mode-presentation-now',
  'locked-now',
  'unlocked-now',
  'recording-started',
  'recording-stopped',
  'recording-paused',
  'recording-resumed',
  'recording-not-allowed',
  'recording-failed',
  // When the host goes.
  'host-left-continues',
  'host-left-wait',
  'host-left-hand-over',
  'host-is-back',
  'new-host',
  'you-are-host-now',
  'you-are-guest-now',
  // The host's menus; what can be pressed there is told by `action`.
  'menu-of-the-host',
  'menu-of-people',
  'menu-nobody',
  // After a name or `person-number`.
  'menu-is-muted',
  'menu-is-on-hold',
  'menu-hand-up',
  'menu-is-waiting',
  'menu-back',
  'confirm-end',
  'confirm-remove',
  'say-name-of-person',
  'name-is-kept',
] as const;

export type PlainMeaning = (typeof plainMeanings)[number];

/** What keys can do: "To mute or unmute yourself, press …". */
export const actions = [
  'help',
  'toggle-mute',
  'unmute',
  'toggle-hand',
  'roll',
  'louder',
  'quieter',
  'ask-for-help',
  'toggle-recording',
  'admit-next',
  'admit-all',
  'next-mode',
  'toggle-lock',
  'menu',
  'menu-end',
  'menu-leave',
  'menu-roll',
  'menu-announcements',
  'menu-people',
  'menu-mute-all',
  'menu-unmute-all',
  'menu-call-on',
  'menu-pause-recording',
  'menu-repeat',
  'menu-back',
  'person-next',
  'person-previous',
  'person-mute',
  'person-hold',
  'person-remove',
  'person-make-host',
  'person-hand-over',
  'person-name',
  'person-call-on',
  'person-admit',
] as const;
export type Action = (typeof actions)[number];

/** Short sounds that are no speech, the same in every language. */
export const tones = ['join-tone', 'leave-tone', 'record-tone', 'hand-tone', 'wait-tone', 'error-tone'] as const;
export type Tone = (typeof tones)[number];

/** Music for somebody who waits, the same in every language: one round of a loop without a seam. */
export type Music = 'hold-music';

/** How many of something there are: whole numbers to 999,999. */
export const countedMeanings = [
  // From 1: nobody is told by `first-in-conference`.
  'others-in-conference',
  // With the caller, from 1, which is said as `only-you-are-here`.
  'people-in-conference',
  // From 0, which is said as `nobody-waits`.
  'people-waiting',
  'people-admitted',
  // From 1, which is said as `somebody-joined` and `somebody-left`.
  'people-joined',
  'people-left',
  // After recorded names, from 1.
  'others-without-name',
] as const;
export type CountedMeaning = (typeof countedMeanings)[number];

/** Sentences with a number in them. */
export type CountedPrompt =
  | { readonly meaning: CountedMeaning; readonly count: number }
  /** 1 to 999,999; the first in line is 1. */
  | { readonly meaning: 'place-in-queue' | 'hand-place'; readonly position: number }
  /** 1 to 999,999. */
  | { readonly meaning: 'ends-in-minutes'; readonly minutes: number }
  | { readonly meaning: 'ends-in-seconds'; readonly seconds: number }
  /** A whole number by itself, 0 to 999,999; and "Person three." */
  | { readonly meaning: 'number' | 'person-number'; readonly value: number };

/** Sentences that end with keys or digits, spoken one by one. */
export type SpelledPrompt =
  /** 1 to 8 of `0`–`9`, `*` and `#`: "star six". */
  | { readonly meaning: 'keys'; readonly keys: string }
  /** What can be done, and the keys that do it: "To mute or unmute yourself, press star six." */
  | { readonly meaning: 'action'; readonly action: Action; readonly keys: string }
  /** 1 to 8 digits: "the caller whose number ends in one two three". */
  | { readonly meaning: 'caller-ending'; readonly digits: string };

/** A WAV somebody else made, such as a name a caller has spoken: an absolute path on the media server, passed through. */
export interface RecordedPrompt {
  readonly meaning: 'recorded';
  readonly file: string;
}

export type Prompt = PlainMeaning | Tone | Music | CountedPrompt | SpelledPrompt | RecordedPrompt;
