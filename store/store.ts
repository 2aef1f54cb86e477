/** What the store offers; `openStore` in open.ts builds it on Redis. Every method rejects with StoreUnavailable when Redis cannot be reached. */
import type { KeypadChanges } from '../config/contract/index.ts';
import type {
  AccessCodeKind,
  CallRecord,
  Conference,
  ConferencePolicy,
  JournalEntry,
  Person,
  ResolvedCode,
  Role,
  RoomAnswer,
  RoomDocument,
  RoomEvent,
  RoomRequestEnvelope,
  Tenant,
  Termination,
} from './types.ts';

export interface Tenants {
  get(id: string): Promise<Tenant | null>;
  /** The tenant everything belongs to until somebody makes another; made on first use. */
  ensureDefault(): Promise<Tenant>;
  /**
   * Lays keys otherwise than usual; an empty object lays them as usual. In force within half a minute.
   * @throws PartylineError request/invalid when they do not fit together
   */
  setKeypad(id: string, keypad: KeypadChanges): Promise<void>;
}

export interface People {
  /** @throws PartylineError person/email-taken */
  create(person: {
    tenantId: string;
    email: string;
    name: string;
    roles: readonly Role[];
    password: string;
  }): Promise<Person>;
  get(id: string): Promise<Person | null>;
  /** Constant work whether the person exists or not (argon2id either way). */
  verifyPassword(email: string, password: string): Promise<Person | null>;
  /** Changes the security stamp. */
  setPassword(id: string, password: string): Promise<void>;
  count(): Promise<number>;
}

export interface ConferencePage {
  readonly conferences: readonly Conference[];
  /** To be given as `after` for the next page; null on the last. */
  readonly next: string | null;
}

export interface Conferences {
  /** Makes the conference with one guest and one host code (design, section 5). */
  create(input: {
    tenantId: string;
    title: string;
    policy?: Partial<ConferencePolicy>;
    createdBy: string;
  }): Promise<{ conference: Conference; guestCode: string; hostCode: string }>;
  get(tenantId: string, id: string): Promise<Conference | null>;
  /** Oldest first; damaged ones are left out, and logged. @throws PartylineError conference/not-found for `after` */
  list(tenantId: string, page?: { count?: number; after?: string }): Promise<ConferencePage>;
  setState(tenantId: string, id: string, state: 'open' | 'closed'): Promise<void>;
  /** Opens the sealed copies, for those entitled to see them. */
  codes(tenantId: string, id: string): Promise<Readonly<Record<AccessCodeKind, string>>>;
}

export type CodeLookup =
  | { readonly outcome: 'found'; readonly resolved: ResolvedCode }
  /** Unknown and closed are told apart here for the journal only: the caller hears and waits the same. */
  | { readonly outcome: 'unknown' | 'closed' }
  | { readonly outcome: 'limited'; readonly retryAfterMs: number };

export interface AccessCodes {
  /** Looks digits up under the limits for wrong entries (per caller number, source address and tenant). */
  lookup(input: { tenantId: string; digits: string; callerNumber: string; sourceAddress: string }): Promise<CodeLookup>;
}

export interface Calls {
  put(record: CallRecord): Promise<void>;
  update(tenantId: string, id: string, change: Partial<CallRecord>): Promise<void>;
  /** Writes the termination once (a second writer is ignored), moves the call from live to ended, and journals it. */
  end(tenantId: string, id: string, termination: Termination, at: number): Promise<boolean>;
  get(tenantId: string, id: string): Promise<CallRecord | null>;
  /** Damaged records are left out, and logged. */
  live(tenantId: string): Promise<readonly CallRecord[]>;
}

/** Called with the room as it is now, and after each change; not for each one when they come fast. Null: not live. */
export type RoomListener = (room: RoomDocument | null) => void;

export interface Rooms {
  read(tenantId: string, conferenceId: string): Promise<RoomDocument | null>;
  /**
   * Compare-and-set: writes `document` (whose version must be `expectedVersion + 1`) and appends `events` to the room's
   * stream and the tenant's journal, in one step. `document: null` removes the room (the stream lives on for a while).
   * @returns false when somebody else committed first
   */
  commit(input: {
    tenantId: string;
    conferenceId: string;
    expectedVersion: number;
    document: RoomDocument | null;
    /** Talking goes to the stream only: it would flood the journal. */
    events: readonly RoomEvent[];
    /** When something is due in the room, in milliseconds since 1970: `due` names it from then on. */
    wakeAt?: number | null;
    /** Why the room is removed; `endReason` tells for a minute. */
    ended?: string;
  }): Promise<boolean>;
  /** Why a room was removed lately; null when it is live, or nobody knows any more. */
  endReason(tenantId: string, conferenceId: string): Promise<string | null>;
  /** Damaged rooms are left out, and logged. */
  list(tenantId: string): Promise<readonly RoomDocument[]>;
  /** Conference ids of all live rooms. */
  ids(tenantId: string): Promise<readonly string[]>;
  /** Conference ids of rooms in which something was due at `now`; until a commit gives another time. */
  due(tenantId: string, now: number): Promise<readonly string[]>;
  /** Takes or renews leases that nobody else holds. @returns the conference ids leased to `owner` now */
  lease(tenantId: string, conferenceIds: readonly string[], owner: string, forMs: number): Promise<readonly string[]>;
  /**
   * Follows a room from any process. Never fails: while Redis is away nothing is told, and what was missed is told after.
   * @returns how to stop
   */
  watch(tenantId: string, conferenceId: string, listener: RoomListener): () => void;
}

/** Asks some process that has rooms to do something in one of them: each request is done once at most. */
export interface RoomRequests {
  /**
   * @throws PartylineError with the code of whatever kept it from being done; room/no-answer when nobody answered in time
   *   (then it may have been done); request/rate-limited when too many are waiting; store/unavailable
   */
  submit(envelope: RoomRequestEnvelope, options?: { deadlineMs?: number }): Promise<RoomAnswer>;
  /** Takes requests. What the handler throws is the answer. @returns how to stop taking them */
  serve(handler: (envelope: RoomRequestEnvelope) => Promise<RoomAnswer>): () => void;
  /** An id for a web page's connection, by which others can tell when this process is no more. */
  newConnectionId(): string;
  /** @returns those of the connections whose process lives */
  living(connectionIds: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface Journal {
  append(tenantId: string, entry: JournalEntry): Promise<void>;
  /** Newest first; an entry that is damaged has the type `entry.damaged`. */
  read(
    tenantId: string,
    options?: { count?: number; before?: string },
  ): Promise<readonly (JournalEntry & { id: string })[]>;
}

export interface Tokens {
  /** Opaque, 256 random bits, stored only as a hash; `ttlMs` of idle or absolute life as the kind says. */
  issue(kind: 'login' | 'admin-link', subject: string, ttlMs: number): Promise<string>;
  /** Returns the subject, or null when unknown or over. */
  check(kind: 'login' | 'admin-link', token: string): Promise<string | null>;
  /** As check, and the token is gone afterwards: of many at once, one wins. */
  redeem(kind: 'login' | 'admin-link', token: string): Promise<string | null>;
  revoke(kind: 'login' | 'admin-link', token: string): Promise<void>;
}

/** `login` and `login-address` grow: whoever uses up the tries waits, each time twice as long. */
export type LimitRule = 'login' | 'login-address' | 'invite';

export interface Limits {
  /** Counts one try against `key`; resolves with 0 when allowed, else with the milliseconds to wait. */
  consume(rule: LimitRule, key: string): Promise<number>;
  /** Takes one try back that was allowed: it was a good one. */
  giveBack(rule: LimitRule, key: string): Promise<void>;
  reset(rule: LimitRule, key: string): Promise<void>;
}

export interface Store {
  readonly tenants: Tenants;
  readonly people: People;
  readonly conferences: Conferences;
  readonly codes: AccessCodes;
  readonly calls: Calls;
  readonly rooms: Rooms;
  readonly roomRequests: RoomRequests;
  readonly journal: Journal;
  readonly tokens: Tokens;
  readonly limits: Limits;
  /** False while Redis cannot be reached. */
  readonly available: boolean;
  /** Called at each change of `available`; returns how to stop being called. */
  onAvailability(listener: (available: boolean) => void): () => void;
  ping(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
