/** Sentences on the way into a room and out of it. */
import type { TerminationReason } from '../../config/contract/index.ts';
import type { DialogueLeg } from '../leg.ts';
import type { Prompt } from '../prompts.ts';

/** What somebody comes into. */
export interface RoomWelcome {
  readonly isHost: boolean;
  /** People in the conference besides this caller. */
  readonly others: number;
  readonly recorded: boolean;
  /** People who wait for this host to let them in. */
  readonly waiting: number;
  /** Why the caller is not heard and what helps; empty when they are heard. */
  readonly notHeard: readonly Prompt[];
}

/** What a caller hears just before the room opens. */
export function roomWelcome({ isHost, others, recorded, waiting, notHeard }: RoomWelcome): readonly Prompt[] {
  return [
    ...(isHost ? ['you-are-host' as const] : []),
    others > 0 ? { meaning: 'others-in-conference', count: others } : 'first-in-conference',
    ...(isHost && waiting > 0 ? [{ meaning: 'people-waiting', count: waiting } as const] : []),
    ...(recorded ? ['conference-is-recorded' as const] : []),
    ...notHeard,
  ];
}

/** Why somebody waits: no host is there, or they are to be let in, one after the other. */
export type WaitingFor = { readonly for: 'host' } | { readonly for: 'admission'; readonly position: number };

/** What a caller hears who has to wait. */
export function waitingWords(waiting: WaitingFor): readonly Prompt[] {
  if (waiting.for === 'host') return ['waiting-for-host'];
  return ['waiting-for-admission', placeWords(waiting.position)];
}

/** The place in the queue, when it has changed or it is time to say something again. */
export function placeWords(position: number): Prompt {
  return position === 1 ? 'you-are-next' : { meaning: 'place-in-queue', position };
}

/** What callers are told of more finely than it is counted. */
type FinerReason =
  'ended-by-host' | 'removed-noise' | 'removed-not-invited' | 'removed-conduct' | 'left-without-ending';

const lastWords = {
  'conference-full': ['conference-full', 'goodbye'],
  'conference-locked': ['conference-locked', 'goodbye'],
  'conference-ended': ['conference-ended', 'goodbye'],
  'ended-by-host': ['ended-by-host', 'goodbye'],
  'removed-by-host': ['removed', 'goodbye'],
  'removed-noise': ['removed-noise', 'goodbye'],
  'removed-not-invited': ['removed-not-invited', 'goodbye'],
  'removed-conduct': ['removed-conduct', 'goodbye'],
  'waited-too-long': ['waited-too-long', 'goodbye'],
  'left-conference': ['goodbye'],
  'left-without-ending': ['leave-without-ending-done', 'goodbye'],
  'max-duration': ['call-time-over', 'goodbye'],
  'store-unavailable': ['try-again-in-a-moment', 'goodbye'],
  'no-valid-code': ['too-many-wrong-codes', 'goodbye'],
  // The very words of no-valid-code: a caller must not learn that codes are limited just now.
  'too-many-tries': ['too-many-wrong-codes', 'goodbye'],
  'no-digits': ['nothing-entered', 'goodbye'],
  // No goodbye: a process that is told to stop has little time.
  shutdown: ['service-restarting'],
  'internal-error': ['system-trouble', 'goodbye'],
} as const satisfies Partial<Record<TerminationReason | FinerReason, readonly Prompt[]>>;

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
