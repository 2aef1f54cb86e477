/**
 * What is said in English. The voice is American, so it is "pound key", as callers in North America know it; elsewhere
 * `#` is "hash": that belongs in an `en-GB` folder of its own.
 */
import type { PlainMeaning } from '../../prompts.ts';
import type { Phrase } from '../language.ts';
import { numberPhrases, smallNumberInWords } from './numbers.ts';

/** Up to here, the whole sentence is one sound. */
export const MOST_OTHERS_IN_ONE_SENTENCE = 12;

const sentences = {
  welcome: { text: 'Welcome to the conference service.' },
  'enter-access-code': { text: 'Please enter your access code, followed by the pound key.' },
  'code-not-recognised': { text: 'Sorry, that code was not recognized.' },
  'no-input': { text: 'Sorry, we did not get your code.' },
  'try-again': { text: 'Please try again.' },

  goodbye: { text: 'Goodbye.' },
  'too-many-wrong-codes': { text: 'Sorry, that code was not recognized. Please check your code, and call again.' },
  'nothing-entered': { text: 'Sorry, we did not get your code. Please call again when you have it with you.' },
  'try-again-in-a-moment': { text: 'Sorry, we cannot check your code at the moment. Please call again in a minute.' },
  'system-trouble': { text: 'Sorry, something went wrong on our side. Please call again later.' },
  'conference-full': { text: 'Sorry, this conference is full.' },
  'conference-ended': { text: 'This conference is over.' },
  removed: { text: 'The host has removed you from this conference.' },
  'call-time-over': { text: 'Sorry, this call has reached its time limit.' },
  'service-restarting': { text: 'The service is restarting. Please call again in a minute.' },

  'first-in-conference': { text: 'You are the first person in the conference.' },
  'you-are-muted': { text: 'You are muted.' },
  'how-to-unmute': { text: 'To be heard, press star six.' },
  'listen-only': { text: 'You can listen, but you cannot speak yet.' },
  'now-muted': { text: 'You are muted now.' },
  'now-unmuted': { text: 'You are no longer muted.' },
} as const satisfies Record<PlainMeaning, Phrase>;

/** Above twelve, the number comes last, where its falling voice belongs. */
const countedOthers = {
  'others-1': { text: 'There is one other person in the conference.' },
  ...Object.fromEntries(
    Array.from({ length: MOST_OTHERS_IN_ONE_SENTENCE - 1 }, (_, index) => [
      `others-${index + 2}`,
      { text: `There are ${smallNumberInWords(index + 2)} more people in the conference.` },
    ]),
  ),
  'others-many': { text: 'The number of other people in the conference is', joins: true },
} as const satisfies Record<string, Phrase>;

export const phrases: Readonly<Record<string, Phrase>> = { ...sentences, ...countedOthers, ...numberPhrases };
