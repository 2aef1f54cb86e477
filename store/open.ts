/** Builds the store on a Redis. */
import type { Logger } from '../config/index.ts';
import { createAccessCodes } from './access-codes.ts';
import type { CodeLimitRules } from './code-limits.ts';
import { createCalls } from './calls.ts';
import { LEAST_CODE_DIGITS, MOST_CODE_DIGITS } from './code-space.ts';
import { createConferences } from './conferences.ts';
import { openConnection, type ConnectionTimes } from './connection.ts';
import { DEFAULT_RETENTION, type Retention, type StoreContext } from './context.ts';
import { createDecoys } from './decoys.ts';
import { createInvitees } from './invitees.ts';
import { createJournal } from './journal.ts';
import { createLimiterClient } from './limiter-client.ts';
import { createLimits, type LimitRules } from './limits.ts';
import { createPasses } from './passes.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords.ts';
import { createPeople } from './people.ts';
import { createSubscriberLink } from './links.ts';
import { createRoomRequests } from './room-requests.ts';
import { createRooms } from './rooms.ts';
import { deriveSecrets } from './secrets.ts';
import type { Store } from './store.ts';
import { Subscriber } from './subscriber.ts';
import { createTenants } from './tenants.ts';
import { createTokens } from './tokens.ts';

export interface StoreOptions {
  /** `redis://`, `rediss://` or `unix:///path/to/socket`. */
  readonly url: string;
  /** The URL names a node of a Redis Cluster. */
  readonly cluster?: boolean;
  /** The server secret, at least 32 characters: access codes are found and sealed with it. */
  readonly secret: string | Uint8Array;
  readonly logger: Logger;
  /** Length of new access codes, 8 to 12. Default 9. */
  readonly codeDigits?: number;
  /** Language of the default tenant, when it is made. Default `en`. */
  readonly language?: string;
  readonly retention?: Partial<Retention>;
  readonly limits?: Partial<LimitRules>;
  readonly codeLimits?: Partial<CodeLimitRules>;
  readonly times?: Partial<ConnectionTimes>;
  /** For tests. */
  readonly hasher?: PasswordHasher;
  readonly now?: () => number;
  readonly draw?: (limit: number) => number;
}

const DEFAULT_CODE_DIGITS = 9;
const SUBSCRIBER_CONNECT_MS = 900;

/**
 * Resolves when Redis answers. Afterwards the store lives through any outage by itself: while Redis is away every method
 * rejects within a second with `store/unavailable`.
 * @throws StoreUnavailable when Redis cannot be reached within some seconds
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const codeDigits = options.codeDigits ?? DEFAULT_CODE_DIGITS;
  if (!Number.isInteger(codeDigits) || codeDigits < LEAST_CODE_DIGITS || codeDigits > MOST_CODE_DIGITS) {
    throw new TypeError(`Access codes have ${LEAST_CODE_DIGITS} to ${MOST_CODE_DIGITS} digits, not ${codeDigits}.`);
  }
  const secrets = deriveSecrets(options.secret);
  const codes = { codeDigits, ...(options.draw ? { draw: options.draw } : {}) };
  const { url, cluster = false, logger, times } = options;
  const connection = await openConnection({ url, cluster, logger, ...(times ? { times } : {}) });
  const subscriber = new Subscriber({
    createLink: (events) => createSubscriberLink({ url, cluster, connectTimeoutMs: SUBSCRIBER_CONNECT_MS }, events),
    logger,
  });
  const context: StoreContext = {
    connection,
    subscriber,
    secrets,
    logger,
    retention: { ...DEFAULT_RETENTION, ...options.retention },
    now: options.now ?? Date.now,
  };
  const roomRequests = createRoomRequests(context);
  const limiterClient = createLimiterClient(connection);
  const tokens = createTokens(context);
  const passes = createPasses(context, tokens);
  return {
    tenants: createTenants(context, options.language ?? 'en'),
    people: createPeople(context, options.hasher ?? createPasswordHasher()),
    conferences: createConferences(context, codes),
    codes: createAccessCodes(context, options.codeLimits),
    invitees: createInvitees({ context, tokens, passes, ...codes }),
    decoys: createDecoys(context, codes),
    calls: createCalls(context),
    rooms: createRooms(context),
    roomRequests: roomRequests.requests,
    journal: createJournal(context),
    tokens,
    passes,
    limits: createLimits(context, limiterClient, options.limits),
    get available() {
      return connection.available;
    },
    onAvailability: (listener) => connection.onAvailability(listener),
    ping: () => connection.ping(),
    close: async () => {
      roomRequests.close();
      subscriber.close();
      await connection.close();
    },
  };
}
