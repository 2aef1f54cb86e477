import { EMPTY_BODY, SipHeaders, type SipResponse } from '../wire/sip-message.ts';

/** A response of the server's own; what it must copy from its request, the transaction adds. */
export function makeResponse(
  status: number,
  reason: string,
  extra: Readonly<Record<string, string>> = {},
): SipResponse {
  return { kind: 'response', status, reason, headers: new SipHeaders(Object.entries(extra)), body: EMPTY_BODY };
}
