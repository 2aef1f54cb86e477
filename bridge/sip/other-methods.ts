/** Everything that is no INVITE and belongs to no dialog of ours. */
import type { Srf, SrfRequest, SrfResponse } from './srf-port.ts';

/** RFC 3261 section 20.5: what we take at all. */
export const ALLOWED_METHODS = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE';

const ANSWERED_405 = ['register', 'message', 'subscribe', 'publish'] as const;
const ONLY_IN_DIALOG = ['bye', 'info', 'update', 'notify', 'refer', 'prack'] as const;

/** @param guard catches what is thrown, and keeps strangers out */
export function answerOtherMethods(
  srf: Srf,
  guard: (request: SrfRequest, response: SrfResponse, handle: () => void) => void,
): void {
  const route = (method: string, status: number, headers: Record<string, string>) => {
    srf.use(method, (request, response) => {
      guard(request, response, () => response.send(status, { headers: { ...headers } }, () => undefined));
    });
  };
  // RFC 3261 section 11.2: says what an INVITE would be answered.
  route('options', 200, { Allow: ALLOWED_METHODS, Accept: 'application/sdp' });
  for (const method of ANSWERED_405) route(method, 405, { Allow: ALLOWED_METHODS });
  // drachtio-srf has already passed on what belongs to a dialog (RFC 3261 section 12.2.2: the rest gets 481).
  for (const method of ONLY_IN_DIALOG) route(method, 481, {});
}
