/** What the store offers; `openStore` in open.ts builds it on Redis. Every method rejects with StoreUnavailable when Redis cannot be reached. */
import type {
  AccessCodeKind,
  CallRecord,
  Conference,
  ConferencePolicy,
  Decoy,
  Invitee,
  InviteeState,
  JournalEntry,
  Pass,
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
   * Keys are in force within half a minute; an empty object lays them as usual.
   * @throws PartylineError request/not-found, request/invalid when keys do not fit together
   */
  change(id: string, changes: Partial<Pick<Tenant, 'name' | 'language' | 'keypad'>>): Promise<Tenant>;
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
  /** By name; damaged ones are left out, and logged. */
  list(tenantId: string): Promise<readonly Person[]>;
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
  /** @throws PartylineError conference/not-found */
  change(
    tenantId: string,
    id: string,
    changes: { title?: string; policy?: Partial<ConferencePolicy>; by: string },
  ): Promise<Conference>;
  /**
   * Takes it away with its codes, invitees and passes; what it was is kept apart.
   * @throws PartylineError conference/not-found, conference/live
   */
  archive(tenantId: string, id: string, by: string): Promise<void>;
  /** Opens the sealed copies, for those entitled to see them. */
  codes(tenantId: string, id: string): Promise<Readonly<Record<AccessCodeKind, string>>>;
  /** Two new codes; those of before lead nowhere from now on, and are never given out again. */
  replaceCodes(tenantId: string, id: string, by: string): Promise<Readonly<Record<AccessCodeKind, string>>>;
}

export interface InviteeRef {
  readonly tenantId: string;
  readonly conferenceId: string;
  readonly id: string;
}

/** `by`: id of the person who wants it, for the journal. */
export type InviteeChange = InviteeRef & { readonly by: string };

export interface Invitees {
  /**
   * The personal code is told here and never again: only its fingerprint is kept.
   * @throws PartylineError conference/not-found, invitee/too-many
   */
  create(input: Omit<Invitee, 'id' | 'createdAt'> & { tenantId: string; by: string }): Promise<{
    invitee: InviteeState;
    personalCode: string;
  }>;
  get(ref: InviteeRef): Promise<InviteeState | null>;
  /** In the order in which they were made; damaged ones are left out, and logged. */
  list(conference: Omit<InviteeRef, 'id'>): Promise<readonly InviteeState[]>;
  /** Code, link and pass are void from now on. @throws PartylineError invitee/not-found */
  remove(change: InviteeChange): Promise<void>;
  /** A new personal code; the one of before leads nowhere from now on. @throws PartylineError invitee/not-found */
  replaceCode(change: InviteeChange): Promise<string>;
  /**
   * A new link; the one of before is void from now on.
   * @throws PartylineError invitee/not-found
   */
  invite(change: InviteeChange, ttlMs: number): Promise<{ invitation: string; expiresAt: number }>;
  /** @throws PartylineError invitee/not-found */
  withdraw(change: InviteeChange): Promise<void>;
  /** Whom a link is for; null when it is unknown, over, withdrawn or replaced. The conference may be closed. */
  byInvitation(invitation: string): Promise<{ invitee: Invitee; conference: Conference } | null>;
}

export interface Decoys {
  /** The code is told here and never again. @throws PartylineError decoy/too-many */
  create(input: { tenantId: string; note: string; by: string }): Promise<{ decoy: Decoy; code: string }>;
  /** Oldest first. */
  list(tenantId: string): Promise<readonly Decoy[]>;
  /** @throws PartylineError decoy/not-found */
  remove(tenantId: string, id: string, by: string): Promise<void>;
}

export type CodeLookup =
  | { readonly outcome: 'found'; readonly resolved: ResolvedCode }
  /** Unknown and closed are told apart here for the journal only: the caller hears and waits the same. */
  | { readonly outcome: 'unknown' | 'closed' }
  | { readonly outcome: 'limited'; readonly retryAfterMs: number };

export interface CodeEntry {
  readonly tenantId: string;
  readonly digits: string;
  /** Default `phone`. */
  readonly via?: 'phone' | 'web';
  /** Empty when withheld, and for browsers: they are counted by the network they come from. */
  readonly callerNumber: string;
  readonly sourceAddress: string;
  /** Only a personal code of this conference will do. */
  readonly conferenceId?: string;
}

/** What came of an entry, for whoever counts: never shown to the one who keyed it. */
export interface CodeEvent {
  readonly tenantId: string;
  readonly via: 'phone' | 'web';
  readonly outcome: 'found' | 'unknown' | 'closed' | 'elsewhere' | 'decoy' | 'limited';
  /** The tries of a trunk or of the company are used up by this one. */
  readonly attackBegins: boolean;
}

export interface AccessCodes {
  /** Looks digits up under the limits for wrong entries (code-limits.ts). */
  lookup(entry: CodeEntry): Promise<CodeLookup>;
  /** Called after each look-up of this process; returns how to stop being called. */
  onEntry(listener: (event: CodeEvent) => void): () => void;
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
  /** An id for a web page's connection, by which others can tell whether it is open: until it is closed, or this process is no more. */
  newConnectionId(): string;
  /** Whatever the room is told, or not told: from now on others can tell that nobody is behind it. */
  closeConnection(connectionId: string): void;
  /**
   * @returns those of the connections that are open; all of them while Redis has been away just now. One that is missing
   *   once may be about to be shown.
   */
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

/** A ticket is for one INVITE and an invitation for one link: 128 bits. The others stand in a header for hours: 256 bits. */
export type TokenKind = 'login' | 'admin-link' | 'participant' | 'ticket' | 'echo' | 'invitation';

export interface Tokens {
  /** Opaque and random, stored only as a hash; `ttlMs` is its absolute life. */
  issue(kind: TokenKind, subject: string, ttlMs: number): Promise<string>;
  /** Returns the subject, or null when unknown or over. */
  check(kind: TokenKind, token: string): Promise<string | null>;
  /** As check, and the token is gone afterwards: of many at once, one wins. */
  redeem(kind: TokenKind, token: string): Promise<string | null>;
  revoke(kind: TokenKind, token: string): Promise<void>;
  /** As revoke, for whoever kept the hash only; does nothing for ''. */
  revokeHash(kind: TokenKind, hash: string): Promise<void>;
}

/** What leads to a pass: the participant's token, for hours; a ticket, once. */
export interface PassHolder {
  readonly tenantId: string;
  readonly conferenceId: string;
  readonly participantId: string;
}

export interface Passes {
  /**
   * Writes the pass and gives out the participant's token. Somebody who comes in again as the same participant replaces
   * the pass: tokens of before lead to the new one, unless they were void already.
   * @throws PartylineError conference/not-open, room/full when the conference has given out all it may
   */
  issue(pass: Omit<Pass, 'issuedAt' | 'expiresAt'>, ttlMs: number): Promise<{ pass: Pass; token: string }>;
  /** A ticket for one INVITE; null when the participant's token is unknown, over or void. */
  issueTicket(token: string, ttlMs: number): Promise<string | null>;
  /** The pass of a participant's token; null when unknown, over or void. */
  check(token: string): Promise<Pass | null>;
  /** As check, for a ticket; which is gone afterwards: of many at once, one wins. */
  redeemTicket(ticket: string): Promise<Pass | null>;
  /** Tokens and tickets of this participant are void from now on: the host removed them. */
  revoke(holder: PassHolder): Promise<void>;
  /** Those of all participants of a conference but some: it was ended or closed. */
  revokeAll(conference: Omit<PassHolder, 'participantId'>, except?: readonly string[]): Promise<void>;
}

/**
 * `login` (of one e-mail address from one network) and `login-address` (of one network) grow: whoever uses up the tries
 * waits, each time twice as long. `login-email` is of one e-mail address from wherever, see {@link Limits.knows}.
 */
export type LimitRule = 'login' | 'login-address' | 'login-email' | 'invite' | 'join' | 'ticket';

export interface Limits {
  /** Counts one try against `key`; resolves with 0 when allowed, else with the milliseconds to wait. */
  consume(rule: LimitRule, key: string): Promise<number>;
  /** Takes one try back that was allowed: it was a good one. */
  giveBack(rule: LimitRule, key: string): Promise<void>;
  reset(rule: LimitRule, key: string): Promise<void>;
  /** For three months: this person has proven from this network who they are. */
  remember(person: string, network: string): Promise<void>;
  /** Whoever is known is not kept waiting by what others try from elsewhere in their name. */
  knows(person: string, network: string): Promise<boolean>;
}

export interface Store {
  readonly tenants: Tenants;
  readonly people: People;
  readonly conferences: Conferences;
  readonly codes: AccessCodes;
  readonly invitees: Invitees;
  readonly decoys: Decoys;
  readonly calls: Calls;
  readonly rooms: Rooms;
  readonly roomRequests: RoomRequests;
  readonly journal: Journal;
  readonly tokens: Tokens;
  readonly passes: Passes;
  readonly limits: Limits;
  /** False while Redis cannot be reached. */
  readonly available: boolean;
  /** Called at each change of `available`; returns how to stop being called. */
  onAvailability(listener: (available: boolean) => void): () => void;
  ping(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
