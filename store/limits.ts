/** Limits on how often somebody may try, on rate-limiter-flexible: shared by all processes, kept in Redis. */
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { StoreContext } from './context.ts';
import { globalKeys, LIMIT_PREFIX } from './keys.ts';
import type { LimiterClient } from './limiter-client.ts';
import type { LimitRule, Limits } from './store.ts';

/** So many tries in a window; whoever uses them up waits, each time twice as long. */
export interface GrowingRule {
  readonly tries: number;
  readonly windowSeconds: number;
  readonly firstDelaySeconds: number;
  readonly longestDelaySeconds: number;
}

/** So many tries in a window. */
export interface PlainRule {
  readonly tries: number;
  readonly windowSeconds: number;
}

/** How long it is remembered that somebody had to wait before. */
const STRIKES_SECONDS = 24 * 60 * 60;
const UNLIMITED = 1_000_000_000;

export interface Take {
  /** 0 when allowed, else milliseconds to wait. */
  readonly waitMs: number;
  /** Tries in this window, this one included. */
  readonly used: number;
}

export interface Limiter {
  readonly rule: PlainRule;
  /** Counts one try. */
  take(key: string): Promise<Take>;
  /** Takes one try back: it was a good one. */
  giveBack(key: string): Promise<void>;
  reset(key: string): Promise<void>;
}

export interface GrowingLimiter extends Limiter {
  /** To be called after a bad try: when it was the last one allowed, the wait begins. */
  strike(key: string, take: Take): Promise<void>;
}

export function createLimiter(client: LimiterClient, rule: PlainRule): Limiter {
  const counter = makeCounter(client, rule.tries, rule.windowSeconds);
  return {
    rule,
    take: async (key) => {
      try {
        const result = await counter.consume(key);
        return { waitMs: 0, used: result.consumedPoints };
      } catch (error) {
        // The library rejects with its result when the limit is reached, and with an Error when Redis fails.
        if (!(error instanceof RateLimiterRes)) throw error;
        return { waitMs: Math.max(error.msBeforeNext, 1), used: error.consumedPoints };
      }
    },
    giveBack: async (key) => {
      await counter.reward(key);
    },
    reset: async (key) => {
      await counter.delete(key);
    },
  };
}

export function createGrowingLimiter(client: LimiterClient, rule: GrowingRule): GrowingLimiter {
  const tries = createLimiter(client, rule);
  const blocks = makeCounter(client, rule.tries, rule.windowSeconds);
  const strikes = makeCounter(client, UNLIMITED, STRIKES_SECONDS);
  return {
    ...tries,
    strike: async (key, take) => {
      if (take.waitMs > 0 || take.used < rule.tries) return;
      const { consumedPoints } = await strikes.penalty(strikesKey(key));
      await blocks.block(key, growingDelay(rule, consumedPoints));
    },
    reset: async (key) => {
      await Promise.all([tries.reset(key), strikes.delete(strikesKey(key))]);
    },
  };
}

const strikesKey = (key: string) => `${key}:strikes`;

/** @param strikes how often the tries were used up, this time included */
export function growingDelay(rule: GrowingRule, strikes: number): number {
  return Math.min(rule.firstDelaySeconds * 2 ** Math.min(strikes - 1, 30), rule.longestDelaySeconds);
}

function makeCounter(client: LimiterClient, points: number, duration: number): RateLimiterRedis {
  return new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    keyPrefix: LIMIT_PREFIX,
    points,
    duration,
  });
}

const MINUTE_SECONDS = 60;
const LOGIN_RULES: Readonly<Record<'login' | 'login-address', GrowingRule>> = {
  login: {
    tries: 8,
    windowSeconds: 15 * MINUTE_SECONDS,
    firstDelaySeconds: 30,
    longestDelaySeconds: 15 * MINUTE_SECONDS,
  },
  // A whole office may sit behind one address.
  'login-address': {
    tries: 60,
    windowSeconds: 15 * MINUTE_SECONDS,
    firstDelaySeconds: 30,
    longestDelaySeconds: 15 * MINUTE_SECONDS,
  },
};

export type LimitRules = Readonly<
  Record<'login' | 'login-address', GrowingRule> & Record<'login-email' | 'invite' | 'join' | 'ticket', PlainRule>
>;

const KNOWN_NETWORK_SECONDS = 90 * 24 * 60 * MINUTE_SECONDS;

export const LIMIT_RULES: LimitRules = {
  ...LOGIN_RULES,
  // From all networks together: many who guess at one person's password. Known networks are not counted.
  'login-email': { tries: 100, windowSeconds: 60 * MINUTE_SECONDS },
  invite: { tries: 50, windowSeconds: 1 },
  // Of one network, all of them good: a whole office comes in at nine, nobody fills the store.
  join: { tries: 300, windowSeconds: 10 * MINUTE_SECONDS },
  // Of one participant: each change of network costs one.
  ticket: { tries: 30, windowSeconds: MINUTE_SECONDS },
};

export function createLimits(context: StoreContext, client: LimiterClient, rules: Partial<LimitRules> = {}): Limits {
  const all = { ...LIMIT_RULES, ...rules };
  const limiters: Readonly<Record<LimitRule, Limiter & Partial<GrowingLimiter>>> = {
    login: createGrowingLimiter(client, all.login),
    'login-address': createGrowingLimiter(client, all['login-address']),
    'login-email': createLimiter(client, all['login-email']),
    invite: createLimiter(client, all.invite),
    join: createLimiter(client, all.join),
    ticket: createLimiter(client, all.ticket),
  };
  const keyOf = (rule: LimitRule, key: string) =>
    globalKeys.limit(rule, context.secrets.fingerprint('limit', `${rule}:${key}`));
  const knownKey = (person: string, network: string) =>
    globalKeys.knownNetwork(context.secrets.fingerprint('limit', `known:${person} ${network}`));
  return {
    remember: async (person, network) => {
      const key = knownKey(person, network);
      await context.connection.send(key, ['SET', key, '1', 'EX', String(KNOWN_NETWORK_SECONDS)]);
    },
    knows: async (person, network) => {
      const key = knownKey(person, network);
      return (await context.connection.send(key, ['EXISTS', key])) === 1;
    },
    consume: async (rule, key) => {
      const limiter = limiters[rule];
      const take = await limiter.take(keyOf(rule, key));
      await limiter.strike?.(keyOf(rule, key), take);
      return take.waitMs;
    },
    giveBack: (rule, key) => limiters[rule].giveBack(keyOf(rule, key)),
    reset: (rule, key) => limiters[rule].reset(keyOf(rule, key)),
  };
}
