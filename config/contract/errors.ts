/**
 * The error catalogue. Each error has a stable code (never reused for something else), a fault class, a sentence for
 * people, and a SIP and an HTTP status where one exists. docs/errors.md is generated from here and a test compares both.
 */

/** caller: they did it; us: our fault; upstream: media server, trunk or Redis; unknown: nobody knows. */
export type FaultClass = 'none' | 'caller' | 'us' | 'upstream' | 'unknown';

export interface ErrorEntry {
  readonly fault: FaultClass;
  readonly http?: number;
  readonly sip?: number;
  readonly text: string;
}

const catalogue = {
  'request/invalid': { fault: 'caller', http: 400, text: 'The request does not fit the schema.' },
  'request/too-large': { fault: 'caller', http: 413, text: 'The request is larger than allowed.' },
  'request/unsupported-type': { fault: 'caller', http: 415, text: 'The body must be JSON in UTF-8.' },
  'request/method-not-allowed': { fault: 'caller', http: 405, text: 'This address does not know that method.' },
  'request/not-found': { fault: 'caller', http: 404, text: 'There is nothing at this address.' },
  'request/address-refused': { fault: 'caller', http: 403, text: 'This is not shown to your address.' },
  'request/rate-limited': { fault: 'caller', http: 429, text: 'Too many requests. Try again later.' },
  'auth/required': { fault: 'caller', http: 401, text: 'A valid token is needed.' },
  'auth/wrong-credentials': { fault: 'caller', http: 401, text: 'The e-mail address or the password is wrong.' },
  'auth/forbidden': { fault: 'caller', http: 403, text: 'This role may not do that.' },
  'auth/link-used': { fault: 'caller', http: 410, text: 'This link was used already or is too old.' },
  'person/email-taken': { fault: 'caller', http: 409, text: 'Somebody has this e-mail address already.' },
  'conference/not-found': { fault: 'caller', http: 404, text: 'There is no such conference.' },
  'conference/live': { fault: 'caller', http: 409, text: 'Somebody is in this conference. End it first.' },
  'invitee/not-found': { fault: 'caller', http: 404, text: 'There is no such invitee.' },
  'invitee/too-many': { fault: 'caller', http: 409, text: 'The conference has as many invitees as it may.' },
  'decoy/not-found': { fault: 'caller', http: 404, text: 'There is no such decoy.' },
  'decoy/too-many': { fault: 'caller', http: 409, text: 'There are as many decoys as there may be.' },
  'conference/not-open': { fault: 'caller', http: 409, text: 'The conference is closed.' },
  'join/refused': {
    fault: 'caller',
    http: 403,
    text: 'This does not let you in. It may be mistyped, or the conference is closed or full.',
  },
  'join/personal-code-needed': {
    fault: 'caller',
    http: 403,
    text: 'This conference asks for a personal code as well.',
  },
  'keypad/conflict': {
    fault: 'caller',
    http: 400,
    text: 'The keys of one action must not begin with those of another.',
  },
  'room/not-live': { fault: 'caller', http: 404, text: 'Nobody is in this conference now.' },
  'store/unavailable': {
    fault: 'upstream',
    http: 503,
    sip: 503,
    text: 'The data store cannot be reached. Try again in a moment.',
  },
  'store/corrupt': { fault: 'us', http: 500, text: 'A stored value is damaged.' },
  'internal/unexpected': { fault: 'us', http: 500, sip: 500, text: 'Something went wrong on our side.' },
  'sip/no-common-codec': { fault: 'caller', sip: 488, text: 'The phone offers no codec that the bridge speaks.' },
  'sip/number-unknown': { fault: 'caller', sip: 404, text: 'Nobody has this number here.' },
  'sip/bad-request': { fault: 'caller', sip: 400, text: 'The INVITE cannot be understood.' },
  'sip/overloaded': { fault: 'us', sip: 503, text: 'All lines are in use. Try again in a moment.' },
  'sip/rate-limited': { fault: 'caller', sip: 503, text: 'Too many calls a second from this address.' },
  'call/gone': { fault: 'caller', text: 'The caller has hung up already.' },
  'signalling/lost': { fault: 'upstream', sip: 503, text: 'The SIP server cannot be reached.' },
  'media/unavailable': { fault: 'upstream', sip: 503, text: 'No media server can be reached.' },
  'media/not-secured': { fault: 'caller', text: 'No encrypted sound could be agreed on with the browser in time.' },
  'media/command-refused': { fault: 'us', text: 'A command for the media server held characters it must not hold.' },
  'media/command-failed': { fault: 'upstream', text: 'The media server refused a command.' },
  'media/leg-gone': { fault: 'upstream', text: 'The media server has ended this leg.' },
  'room/full': { fault: 'caller', http: 409, text: 'The conference has no room left.' },
  'room/too-many-pages': { fault: 'caller', http: 409, text: 'Too many pages of this participant are open.' },
  'room/locked': { fault: 'caller', http: 409, text: 'The conference is locked.' },
  'room/ended': { fault: 'caller', http: 409, text: 'The conference is just ending.' },
  'room/participant-not-found': { fault: 'caller', http: 404, text: 'There is no such participant in the room.' },
  'room/not-possible': { fault: 'caller', http: 409, text: 'That is not possible in the room as it is now.' },
  'room/no-answer': {
    fault: 'upstream',
    http: 503,
    text: 'No bridge answered in time. It may have been done all the same.',
  },
  'room/contention': { fault: 'us', http: 409, text: 'The room changed too often at once. Try again.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof catalogue;
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = catalogue;

/** An error somebody may meet: it knows its code, and through the catalogue its fault class and statuses. */
export class PartylineError extends Error {
  override readonly name = 'PartylineError';
  readonly code: ErrorCode;
  /** What the catalogue cannot know: which field, which limit. Never holds secrets. */
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: { detail?: string; retryAfterMs?: number; cause?: unknown } = {}) {
    const text = catalogue[code].text;
    super(options.detail === undefined ? text : `${text} ${options.detail}`, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
  }

  get entry(): ErrorEntry {
    return catalogue[this.code];
  }
}
