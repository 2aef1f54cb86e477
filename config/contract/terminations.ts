/** Every way a call ends: exactly one reason per call. docs/errors.md lists them. */
import type { FaultClass } from './errors.ts';

const reasons = {
  'caller-hung-up': { fault: 'none', text: 'The caller hung up.' },
  'caller-cancelled': { fault: 'none', text: 'The caller hung up before the call was answered.' },
  'no-valid-code': { fault: 'caller', text: 'No valid access code in the tries allowed.' },
  'no-digits': { fault: 'caller', text: 'Nothing was keyed in the tries allowed.' },
  'too-many-tries': { fault: 'caller', text: 'Wrong codes are limited for this caller just now.' },
  'conference-full': { fault: 'caller', text: 'The conference has no room left.' },
  'conference-locked': { fault: 'none', text: 'The conference was locked.' },
  'waited-too-long': { fault: 'none', text: 'Nobody let the caller in within the time of the conference.' },
  'left-conference': { fault: 'none', text: 'The participant left by a key or on the web.' },
  'moved-elsewhere': { fault: 'none', text: 'The participant came in again on another line, which took over.' },
  'conference-ended': { fault: 'none', text: 'The conference was ended.' },
  'removed-by-host': { fault: 'none', text: 'The host removed the participant.' },
  'no-common-codec': { fault: 'caller', text: 'No codec in common (488).' },
  'number-unknown': { fault: 'caller', text: 'The number is not one of ours (404).' },
  'ticket-refused': { fault: 'caller', text: 'The ticket of a browser was used already, too old or false (403).' },
  'bad-request': { fault: 'caller', text: 'The INVITE cannot be understood (400).' },
  'rate-limited': { fault: 'caller', text: 'Too many calls a second from this source (503).' },
  overloaded: { fault: 'us', text: 'As many calls as allowed (503).' },
  'ack-timeout': { fault: 'caller', text: 'The caller never acknowledged the answer.' },
  'media-timeout': { fault: 'caller', text: 'No sound came from the phone any more.' },
  'max-duration': { fault: 'caller', text: 'The call reached its longest duration.' },
  'media-server-unavailable': { fault: 'upstream', text: 'No media server took the call.' },
  'media-server-lost': { fault: 'upstream', text: 'The media server ended the leg.' },
  'signalling-lost': { fault: 'upstream', text: 'The SIP server went away.' },
  'store-unavailable': { fault: 'upstream', text: 'Redis could not be reached when the code was to be looked up.' },
  shutdown: { fault: 'us', text: 'The service was stopped.' },
  'node-lost': { fault: 'us', text: 'The process that had the call died.' },
  'internal-error': { fault: 'us', text: 'A fault of ours.' },
} as const satisfies Record<string, { fault: FaultClass; text: string }>;

export type TerminationReason = keyof typeof reasons;
export const terminationReasons: Readonly<Record<TerminationReason, { fault: FaultClass; text: string }>> = reasons;
