/** Sends requests of the server's own in dialogs: ACK and BYE that no client asked for. */
import { SipHeaders, type SipRequest } from '../wire/sip-message.ts';
import type { SipHop } from '../sip/index.ts';
import type { DrachtioContext } from './context.ts';
import type { Dialog } from './dialog.ts';
import { inServerOrder } from './header-order.ts';
import { tellUnsolicited } from './reports.ts';

/** Where requests in this dialog go: through its connection while it is open; behind NAT, to where the peer was seen. */
export async function destinationOf(dialog: Dialog, context: DrachtioContext): Promise<SipHop> {
  if (dialog.behindNat || context.layer.isConnected(dialog.peer)) return dialog.peer;
  return context.resolver.resolve(dialog.nextHop, dialog.point.protocol);
}

/**
 * Ends a dialog with a BYE of the server and tells its client, if it still has one.
 * @param text of the Reason header
 */
export async function endWithBye(dialog: Dialog, text: string, context: DrachtioContext): Promise<void> {
  if (dialog.ended) return;
  context.dialogs.remove(dialog);
  const extra = new SipHeaders([['Reason', `SIP ;cause=200 ;text="${text}"`]]);
  const request = dialog.request('BYE', dialog.nextSequence(), { extra });
  let sent: SipRequest = request;
  try {
    const hop = await destinationOf(dialog, context);
    const ordered = { ...request, headers: inServerOrder(request.headers) };
    sent = context.layer.request(ordered, hop, { onResponse: () => {} }).request;
  } catch (error) {
    context.logger.debug({ err: error, dialog: dialog.id }, 'BYE could not be sent');
  }
  tellUnsolicited(dialog.owner, sent, dialog.point, dialog.id);
}

/** Its application is gone. Another one may take it over; if none ever sends a request in it, it ends. */
export function watchOrphan(dialog: Dialog, context: DrachtioContext): void {
  dialog.timers.start('orphan', context.limits.orphanDeadlineMs, () => {
    void endWithBye(dialog, 'application is gone', context);
  });
}
