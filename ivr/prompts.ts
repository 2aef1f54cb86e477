/**
 * What a caller may be told, by meaning. How it is said, in which words and from which files, is each language's affair
 * (voice/<language>): bridge and dialogues never name a file.
 */

/** Sentences without a variable part. */
export const plainMeanings = [
  // The first words of a call.
  'welcome',
  'enter-access-code',
  'code-not-recognised',
  'no-input',
  'try-again',
  // The last words, by what happened.
  'goodbye',
  'too-many-wrong-codes',
  'nothing-entered',
  'try-again-in-a-moment',
  'system-trouble',
  'conference-full',
  'conference-ended',
  'removed',
  'call-time-over',
  'service-restarting',
  // On the way into the room, and in it.
  'first-in-conference',
  'you-are-muted',
  'how-to-unmute',
  'listen-only',
  'now-muted',
  'now-unmuted',
] as const;

export type PlainMeaning = (typeof plainMeanings)[number];

/** Short sounds that are no speech, the same in every language. */
export const tones = ['join-tone', 'leave-tone'] as const;
export type Tone = (typeof tones)[number];

/** Sentences with a number in them. */
export type CountedPrompt =
  /** How many others are in the conference: 1 to 999,999. */
  | { readonly meaning: 'others-in-conference'; readonly count: number }
  /** A whole number by itself, 0 to 999,999. */
  | { readonly meaning: 'number'; readonly value: number };

export type Prompt = PlainMeaning | Tone | CountedPrompt;
