/** Reliable provisional responses (RFC 3262), the side that was called. */
import { randomInt } from 'node:crypto';
import { parseCSeq } from '../wire/sip-address.ts';
import type { SipHeaders, SipRequest, SipResponse } from '../wire/sip-message.ts';
import type { SipTimings } from '../sip/index.ts';
import type { PendingRequest } from './pending-requests.ts';

/** Did the caller say it can do this? */
export function supports100rel(invite: SipRequest): boolean {
  return [...options(invite.headers, 'Supported'), ...options(invite.headers, 'Require')].includes('100rel');
}

export function requires100rel(headers: SipHeaders): boolean {
  return options(headers, 'Require').includes('100rel');
}

function options(headers: SipHeaders, name: string): string[] {
  return headers.getList(name).map((option) => option.toLowerCase());
}

/** RSeq of the next reliable response: random at first, then one more each (section 3). */
export function nextReliableSequence(pending: PendingRequest): number {
  pending.reliableSequence = (pending.reliableSequence ?? randomInt(1, 2 ** 16)) + 1;
  return pending.reliableSequence;
}

/** Sends it again until the PRACK comes; gives up after 64*T1. */
export function repeatUntilPrack(
  pending: PendingRequest,
  response: SipResponse,
  timings: SipTimings,
  onTimeout: () => void,
): void {
  pending.awaitingPrack = true;
  const again = (interval: number) => {
    pending.timers.start('reliable', interval, () => {
      pending.transaction.respond(response);
      again(interval * 2);
    });
  };
  again(timings.t1);
  pending.timers.start('no PRACK', 64 * timings.t1, onTimeout);
}

/** @returns false when the PRACK fits nothing that is awaited */
export function acceptPrack(invite: PendingRequest, prack: SipRequest): boolean {
  const [rseq, sequence, method] = (prack.headers.get('RAck') ?? '').trim().split(/\s+/, 3);
  const cseq = parseCSeq(invite.transaction.request.headers.get('CSeq') ?? '');
  const fits = rseq === String(invite.reliableSequence) && sequence === String(cseq.sequence) && method === cseq.method;
  if (!fits || !invite.awaitingPrack) return false;
  stopAwaitingPrack(invite);
  return true;
}

export function stopAwaitingPrack(pending: PendingRequest): void {
  pending.awaitingPrack = false;
  pending.timers.stop('reliable');
  pending.timers.stop('no PRACK');
}
