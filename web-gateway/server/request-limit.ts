/** How many requests one address may make: the first line before anything that costs work. */
import type { RequestHandler } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { PartylineError } from '../../config/contract/index.ts';
import { limitKeyOf } from './client-address.ts';
import { addressOf } from './request-context.ts';

export interface ApiLimits {
  /** Requests taken from one address in a window, by each process. */
  readonly requests: number;
  readonly windowSeconds: number;
}
export const API_LIMITS: ApiLimits = { requests: 600, windowSeconds: 60 };

/**
 * Counted in this process's memory: a flood must not be passed on to Redis, which the calls need. What must hold across
 * processes (logins, access codes) is limited in the store.
 */
export function limitRequests(limits: ApiLimits): RequestHandler {
  const limiter = new RateLimiterMemory({ points: limits.requests, duration: limits.windowSeconds });
  return async (request, response, next) => {
    try {
      await limiter.consume(limitKeyOf(addressOf(response)));
      next();
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      // Reading on would be work for somebody who has had enough of it.
      if (['POST', 'PUT', 'PATCH'].includes(request.method)) response.set('Connection', 'close');
      throw new PartylineError('request/rate-limited', { retryAfterMs: error.msBeforeNext });
    }
  };
}
