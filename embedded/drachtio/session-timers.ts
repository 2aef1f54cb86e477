/** Session timers (RFC 4028), as far as the server runs them for its clients. */
import type { SipHeaders, SipRequest } from '../wire/sip-message.ts';
import type { Dialog } from './dialog.ts';

export const LEAST_SESSION_SECONDS = 90;
const MOST_SESSION_SECONDS = 86_400;
/** The network cannot hold a session open for less, whatever it asks for. */
const SESSION_EXPIRES = /^\s*([0-9]{1,9})\s*(?:;|$)/;
const REFRESHER = /;\s*refresher\s*=\s*(uac|uas)\b/i;

export interface SessionExpires {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas' | undefined;
}

export function readSessionExpires(headers: SipHeaders): SessionExpires | undefined {
  const value = headers.get('Session-Expires');
  const seconds = value === undefined ? undefined : SESSION_EXPIRES.exec(value)?.[1];
  if (value === undefined || seconds === undefined) return undefined;
  const refresher = REFRESHER.exec(value)?.[1]?.toLowerCase() as 'uac' | 'uas' | undefined;
  return { seconds: Math.min(Number(seconds), MOST_SESSION_SECONDS), refresher };
}

/** A request offers an interval too short to be accepted (section 6). */
export function isTooShort(request: SipRequest): boolean {
  const offered = readSessionExpires(request.headers);
  return offered !== undefined && offered.seconds < LEAST_SESSION_SECONDS;
}

/**
 * What a 2xx says when the application says nothing: the caller's own wish, if it named a refresher. An offer without one
 * is left alone, so no timer runs.
 */
export function echoSessionExpires(request: SipRequest, response: SipHeaders): void {
  if (response.has('Session-Expires')) return;
  const offered = readSessionExpires(request.headers);
  if (!offered?.refresher) return;
  const seconds = Math.max(LEAST_SESSION_SECONDS, offered.seconds);
  response.append('Session-Expires', `${seconds};refresher=${offered.refresher}`);
}

export interface SessionTimerUser {
  /** Half the interval is over and it is ours to refresh. */
  refresh(dialog: Dialog): void;
  /** The interval is over and nobody refreshed. */
  expired(dialog: Dialog): void;
}

/** Starts the timer anew, or stops it when the answer to a refresh has no Session-Expires any more. */
export function armSessionTimer(
  dialog: Dialog,
  agreed: SessionExpires | undefined,
  weAre: 'uac' | 'uas',
  user: SessionTimerUser,
): void {
  dialog.timers.stop('session');
  if (!agreed) return;
  const milliseconds = agreed.seconds * 1_000;
  if ((agreed.refresher ?? 'uac') === weAre) {
    dialog.sessionSeconds = agreed.seconds;
    dialog.timers.start('session', milliseconds / 2, () => user.refresh(dialog));
  } else dialog.timers.start('session', milliseconds, () => user.expired(dialog));
}
