/** Sentences on the way into a room and out of it. */
import type { TerminationReason } from '../../config/contract/index.ts';
import type { DialogueLeg } from '../leg.ts';
import type { Prompt } from '../prompts.ts';

/** Whether the caller can be heard: muted people are told what to press, or that nothing will help. */
export type MutedHow = 'no' | 'can-unmute' | 'listen-only';

export interface RoomWelcome {
  /** People in the conference besides this caller. */
  readonly others: number;
  readonly muted: MutedHow;
}

const mutedWords: Readonly<Record<MutedHow, readonly Prompt[]>> = {
  no: [],
  'can-unmute': ['you-are-muted', 'how-to-unmute'],
  'listen-only': ['listen-only'],
};

/** What a caller hears just before the room opens. */
export function roomWelcome({ others, muted }: RoomWelcome): readonly Prompt[] {
  const company: Prompt = others > 0 ? { meaning: 'others-in-conference', count: others } : 'first-in-conference';
  return [company, ...mutedWords[muted]];
}

/**
 * Tells a caller who is there and whether they can be heard. Keys pressed meanwhile stay in the queue: they are for the room.
 * @throws LegGone
 */
export async function welcomeIntoRoom(leg: DialogueLeg, welcome: RoomWelcome): Promise<void> {
  await leg.play(roomWelcome(welcome));
}

const lastWords = {
  'conference-full': ['conference-full', 'goodbye'],
  'conference-ended': ['conference-ended', 'goodbye'],
  'removed-by-host': ['removed', 'goodbye'],
  'max-duration': ['call-time-over', 'goodbye'],
  'store-unavailable': ['try-again-in-a-moment', 'goodbye'],
  'no-valid-code': ['too-many-wrong-codes', 'goodbye'],
  // The very words of no-valid-code: a caller must not learn that codes are limited just now.
  'too-many-tries': ['too-many-wrong-codes', 'goodbye'],
  'no-digits': ['nothing-entered', 'goodbye'],
  // No goodbye: a process that is told to stop has little time.
  shutdown: ['service-restarting'],
  'internal-error': ['system-trouble', 'goodbye'],
} as const satisfies Partial<Record<TerminationReason, readonly Prompt[]>>;

/** The ends of a call that a caller is told about. */
export type SpokenReason = keyof typeof lastWords;

export function isSpokenReason(reason: string): reason is SpokenReason {
  return Object.hasOwn(lastWords, reason);
}

/**
 * The last words of a call. On shutdown the leg's own signal must still be live, or nothing can be heard any more.
 * @param options.signal cuts the words short, such as when a drain has no more time
 * @throws LegGone
 */
export async function sayGoodbye(
  leg: DialogueLeg,
  reason: SpokenReason,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  await leg.play(lastWords[reason], options);
}

/** @throws LegGone */
export async function sayLine(leg: DialogueLeg, prompts: Prompt | readonly Prompt[]): Promise<void> {
  await leg.play(Array.isArray(prompts) ? (prompts as readonly Prompt[]) : [prompts as Prompt]);
}
