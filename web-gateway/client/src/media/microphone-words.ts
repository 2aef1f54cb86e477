/** Why there is no microphone, in plain words, and what helps. */
import type { MicrophoneTrouble } from './microphone.ts';

export const MICROPHONE_WORDS: Readonly<Record<MicrophoneTrouble, { title: string; help: string }>> = {
  refused: {
    title: 'The microphone was not allowed',
    help: 'Click the icon at the left end of the address bar, allow the microphone for this page, and try again.',
  },
  none: {
    title: 'There is no microphone',
    help: 'Plug one in, or a headset, and try again.',
  },
  'in-use': {
    title: 'Another program has the microphone',
    help: 'Close the other call or recorder, and try again.',
  },
  insecure: {
    title: 'This page was opened without encryption',
    help: 'Browsers give microphones only to pages whose address begins with https, and to the machine itself (localhost).',
  },
  unknown: {
    title: 'The microphone cannot be used',
    help: 'Try again, or choose another one.',
  },
};
