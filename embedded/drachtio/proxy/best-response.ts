/** Which of the final responses of a fork the caller gets (RFC 3261 section 16.7, steps 6 and 7). Pure. */
import { SipHeaders, type SipResponse } from '../../wire/sip-message.ts';

/** They tell the caller how to do better. */
const HELPFUL = new Set([401, 407, 415, 420, 484]);
const CHALLENGES = ['WWW-Authenticate', 'Proxy-Authenticate'] as const;

export function isChallenge({ status }: SipResponse): boolean {
  return status === 401 || status === 407;
}

/** @returns undefined when there is none */
export function bestOf(responses: readonly SipResponse[]): SipResponse | undefined {
  const [first, ...others] = responses;
  if (!first) return undefined;
  const best = others.reduce((chosen, next) => (rank(next) < rank(chosen) ? next : chosen), first);
  return isChallenge(best) ? withAllChallenges(best, responses) : best;
}

/** Lower is better: 6xx above all, then the lowest class, in it what is helpful. */
function rank({ status }: SipResponse): number {
  if (status >= 600) return 0;
  return Math.floor(status / 100) * 2 - (HELPFUL.has(status) ? 1 : 0);
}

/** The caller can answer all who asked at once. */
function withAllChallenges(best: SipResponse, responses: readonly SipResponse[]): SipResponse {
  const headers = new SipHeaders(best.headers);
  for (const other of responses.filter((response) => response !== best && isChallenge(response))) {
    for (const name of CHALLENGES) for (const value of other.headers.getAll(name)) headers.append(name, value);
  }
  return { ...best, headers };
}
