/** Which step failed, in plain words. Pure. */
import type { Failure } from './machine.ts';

export function failureWords({ step, status }: Failure): { title: string; help: string } {
  switch (step) {
    case 'ticket':
      return { title: 'No sound: the server cannot be reached', help: 'Look at your connection, and try again.' };
    case 'socket':
      return {
        title: 'No sound: your network does not let the call out',
        help: 'It blocks WebSocket connections to this server. Another network may let it pass, a mobile phone’s for instance.',
      };
    case 'media':
      return {
        title: 'No sound: your network blocks the sound',
        help: 'The call was answered, but no sound gets through. A firewall or a VPN may be in the way.',
      };
    case 'call':
      if (status === undefined)
        return { title: 'No sound: the server did not answer the call', help: 'Try again in a moment.' };
      return status === 503 || status === 486
        ? { title: 'No sound: all lines are in use', help: 'Try again in a moment.' }
        : { title: 'No sound: the server refused the call', help: `It answered ${status}. Try again, or join anew.` };
  }
}
