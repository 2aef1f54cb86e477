/** Dialogs that a SUBSCRIBE has made (RFC 6665): how long they last and when they are over. */
import type { SipHeaders, SipRequest, SipResponse } from '../wire/sip-message.ts';
import { parseWholeNumber } from '../wire/sip-syntax.ts';
import type { DialogTable } from './dialog-table.ts';
import type { Dialog } from './dialog.ts';

/** Where nobody says anything (RFC 6665 section 4.1.2.1 leaves it to the event package). */
const USUAL_SECONDS = 3_600;
const MOST_SECONDS = 86_400;
/** A last NOTIFY may still be on its way when the time is up. */
const GRACE_SECONDS = 32;

/** A NOTIFY says that it is the last one. */
export function isLastNotify(request: SipRequest): boolean {
  return request.method === 'NOTIFY' && /^\s*terminated\b/i.test(request.headers.get('Subscription-State') ?? '');
}

/** A SUBSCRIBE was accepted, first or again: the dialog lasts as long as that says. */
export function armSubscription(
  dialog: Dialog,
  request: SipRequest,
  response: SipResponse,
  dialogs: DialogTable,
): void {
  const seconds = secondsOf(response.headers) ?? secondsOf(request.headers) ?? USUAL_SECONDS;
  const milliseconds = (Math.min(seconds, MOST_SECONDS) + GRACE_SECONDS) * 1_000;
  dialog.timers.start('subscription', milliseconds, () => dialogs.remove(dialog));
}

function secondsOf(headers: SipHeaders): number | undefined {
  return parseWholeNumber(headers.get('Expires')?.trim() ?? '', 2 ** 32 - 1);
}
