/** Why one did not get in, in plain words. Unknown, closed and full sound the same: a code is not to be guessed. */
import { ApiProblem } from '../../api/http.ts';
import { MICROPHONE_WORDS } from '../../media/microphone-words.ts';
import { MicrophoneUnavailable } from '../../media/microphone.ts';

export interface Refusal {
  readonly title: string;
  readonly help: string;
  readonly retryAfterSeconds?: number;
  /** The telephone is a way around it. */
  readonly telephoneHelps?: boolean;
}

const NO_ANSWER: Refusal = {
  title: 'The server cannot be reached',
  help: 'Look at your connection, and try again; or join by telephone.',
  telephoneHelps: true,
};

const WORDS: Readonly<Record<string, Refusal>> = {
  network: NO_ANSWER,
  'join/refused': {
    title: 'That does not let you in',
    help: 'The code may be mistyped, or the conference is not open.',
  },
  'request/rate-limited': { title: 'Too many tries', help: 'Access codes cannot be tried out.' },
  'request/invalid': { title: 'Something is not right', help: 'Look at the code and the name.' },
  'store/unavailable': { title: 'The server is busy', help: 'Try again in a moment.' },
  'room/full': { title: 'The conference is full', help: 'Somebody has to leave before you can join.' },
};

export function refusalOf(error: unknown): Refusal {
  if (error instanceof MicrophoneUnavailable) {
    const { title, help } = MICROPHONE_WORDS[error.trouble];
    return { title, help: `${help} Or choose “Listen only”, or join by telephone.`, telephoneHelps: true };
  }
  if (!(error instanceof ApiProblem))
    return { title: 'That did not work', help: 'Load the page again, and try once more.' };
  const words = WORDS[error.code] ?? { title: 'That did not work', help: error.message };
  return error.retryAfterSeconds === undefined ? words : { ...words, retryAfterSeconds: error.retryAfterSeconds };
}
