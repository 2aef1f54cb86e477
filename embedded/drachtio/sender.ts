/** Sends requests of the server's own in dialogs: ACK and BYE that no client asked for. */
import { parseCSeq } from '../wire/sip-address.ts';
import { EMPTY_BODY, SipHeaders, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import type { SipHop } from '../sip/index.ts';
import type { StopReason } from './call-records.ts';
import type { DrachtioContext } from './context.ts';
import { contactUri, routesOf, type Dialog } from './dialog.ts';
import { inServerOrder } from './header-order.ts';
import { namesUs } from './proxy/forwarding.ts';
import { uriOf } from './proxy/own-routes.ts';
import { tellUnsolicited } from './reports.ts';

/** Text of the Reason header when nobody has refreshed a session. */
export const SESSION_EXPIRED = 'Session timer expired';

/**
 * Where requests in this dialog go: through its connection while it is open; behind NAT, to where the peer was seen.
 * @throws TargetError, NoTransportError when that leads nowhere
 */
export async function destinationOf(dialog: Dialog, context: DrachtioContext): Promise<SipHop> {
  if (dialog.behindNat || context.layer.isConnected(dialog.peer)) return dialog.peer;
  const hop = await context.resolver.resolve(dialog.nextHop, dialog.point.protocol);
  context.layer.pointTo(hop);
  return hop;
}

/** Where the ACK of a 2xx goes: back to where that came from, when what it says leads nowhere. */
export async function acknowledgementHop(dialog: Dialog, source: SipHop, context: DrachtioContext): Promise<SipHop> {
  try {
    return await destinationOf(dialog, context);
  } catch (error) {
    context.logger.debug({ err: error, dialog: dialog.id }, 'the ACK goes to where the answer came from');
    return source;
  }
}

/**
 * Ends a dialog with a BYE of the server and tells its client, if it still has one. Never rejects.
 * @param text of the Reason header
 */
export async function endWithBye(dialog: Dialog, text: string, context: DrachtioContext): Promise<void> {
  const reason: StopReason = text === SESSION_EXPIRED ? 'session-expired' : 'system-initiated-termination';
  if (dialog.ended) return;
  context.dialogs.remove(dialog);
  // A subscription ends by its time, not by BYE.
  if (dialog.purpose === 'subscription') return;
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
  context.records.stop('application', reason, sent);
}

/**
 * A 2xx to an INVITE that nobody waits for any more: the side that answered is told so by ACK and BYE (RFC 3261 section
 * 13.2.2.4).
 */
export function endUnwantedAnswer(response: SipResponse, source: SipHop, context: DrachtioContext): void {
  const { headers } = response;
  const { sequence, method } = parseCSeq(headers.get('CSeq') ?? '');
  const uri = contactUri(headers) ?? uriOf(headers.get('To') ?? '');
  if (method !== 'INVITE' || uri === undefined) return;
  const { layer } = context;
  const routes = (routesOf(headers) ?? [])
    .reverse()
    .filter((route) => !namesUs(uriOf(route) ?? '', layer.listeningPoints));
  const make = (name: string, number: number): SipRequest => ({
    kind: 'request',
    method: name,
    uri,
    headers: new SipHeaders([
      ...routes.map((route) => ['Route', route] as const),
      ['From', headers.get('From') ?? ''],
      ['To', headers.get('To') ?? ''],
      ['Call-ID', headers.get('Call-ID') ?? ''],
      ['CSeq', `${number} ${name}`],
    ]),
    body: EMPTY_BODY,
  });
  layer.sendStateless(make('ACK', sequence), source);
  layer.request(make('BYE', sequence + 1), source, { onResponse: () => {} });
}

/** Its application is gone. Another one may take it over; if none ever sends a request in it, it ends. */
export function watchOrphan(dialog: Dialog, context: DrachtioContext): void {
  dialog.timers.start('orphan', context.limits.orphanDeadlineMs, () => {
    void endWithBye(dialog, 'application is gone', context);
  });
}
