/**
 * Every key in Redis and the shape of its value. What belongs to a tenant carries the hash tag `{tenantId}`, so that a
 * step over several keys stays on one shard of a Redis Cluster; what is looked up before the tenant is known (login by
 * e-mail, tokens, limits) has a tag of its own.
 */
import { PartylineError } from '../config/contract/index.ts';

const PREFIX = 'partyline';
/** No braces and no colon: nobody can smuggle a hash tag or another key into a key. */
const SAFE_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws PartylineError request/invalid */
export function checkId(id: string): string {
  if (!SAFE_ID.test(id)) throw new PartylineError('request/invalid', { detail: 'An id holds characters it must not.' });
  return id;
}

export const isSafeId = (id: string): boolean => SAFE_ID.test(id);

export interface TenantKeys {
  /** string: Tenant as JSON. */
  readonly tenant: string;
  /** set: person ids. */
  readonly people: string;
  /** hash: conference id → Conference as JSON. */
  readonly conferences: string;
  /** hash: conference id → Conference as JSON, of conferences that are no more. */
  readonly archive: string;
  /** sorted set: conference ids by the time they were made. */
  readonly conferenceOrder: string;
  /** hash: conference id → sealed codes as JSON `{guest, host}`. */
  readonly sealedCodes: string;
  /**
   * hash: fingerprint of an access code → `guest conferenceId`, `host conferenceId`, `personal conferenceId inviteeId` or
   * `decoy decoyId`.
   */
  readonly codes: string;
  /**
   * set: fingerprints of everything a new code must not collide with (prefixes, and codes with one digit left out). Those
   * of retired codes stay, so that none is ever given out again.
   */
  readonly codeGuards: string;
  /** hash: invitee id → Invitee as JSON. */
  readonly invitees: string;
  /** hash: decoy id → Decoy as JSON. */
  readonly decoys: string;
  /** hash: decoy id → how often it was keyed. */
  readonly decoyHits: string;
  /** sorted set: fingerprint of a caller's number, or of a browser's network → when a valid code last came from it. */
  readonly knownCallers: string;
  /** set: ids of live calls. */
  readonly liveCalls: string;
  /** hash: conference id → live room as `version startedAt digests\nJSON`. */
  readonly rooms: string;
  /** sorted set: conference id of a live room by when something is due in it, in milliseconds since 1970. */
  readonly roomDeadlines: string;
  /** hash: conference id of a live room → `until owner`: the process that compares it with the media server. */
  readonly roomLeases: string;
  /** channel: `conferenceId version` after each commit; version 0: the room is gone. */
  readonly roomChanges: string;
  /** stream: one field `entry`, JSON. */
  readonly journal: string;
  /** hash: field of CallRecord → JSON. Expires some time after the call ended. */
  call(id: string): string;
  /** stream: one field `event`, JSON. Expires some time after the room ended. */
  roomEvents(conferenceId: string): string;
  /** hash: participant id → `serial JSON` of a Pass. Expires with the last pass. */
  passes(conferenceId: string): string;
  /** sorted set: participant ids by the end of their passes. Expires with the last. */
  passOrder(conferenceId: string): string;
  /** string: `digest reason` of the commit that removed the room, for a minute: for a second try, and for its callers. */
  roomRemoval(conferenceId: string): string;
  /** string: how many wrong entries, or that somebody has to wait; expires by itself. The subject is a fingerprint. */
  codeLimit(counter: string, subject: string): string;
  /** sorted set: invitee ids of a conference by the time they were made. */
  inviteeOrder(conferenceId: string): string;
}

export function tenantKeys(tenantId: string): TenantKeys {
  const base = `${PREFIX}:{${checkId(tenantId)}}`;
  return {
    tenant: `${base}:tenant`,
    people: `${base}:people`,
    conferences: `${base}:conferences`,
    archive: `${base}:archive`,
    conferenceOrder: `${base}:conference-order`,
    sealedCodes: `${base}:sealed-codes`,
    codes: `${base}:codes`,
    codeGuards: `${base}:code-guards`,
    invitees: `${base}:invitees`,
    decoys: `${base}:decoys`,
    decoyHits: `${base}:decoy-hits`,
    knownCallers: `${base}:known-callers`,
    liveCalls: `${base}:live-calls`,
    rooms: `${base}:rooms`,
    roomDeadlines: `${base}:room-deadlines`,
    roomLeases: `${base}:room-leases`,
    roomChanges: `${base}:room-changes`,
    journal: `${base}:journal`,
    call: (id) => `${base}:call:${checkId(id)}`,
    roomEvents: (conferenceId) => `${base}:room-events:${checkId(conferenceId)}`,
    passes: (conferenceId) => `${base}:passes:${checkId(conferenceId)}`,
    passOrder: (conferenceId) => `${base}:pass-order:${checkId(conferenceId)}`,
    roomRemoval: (conferenceId) => `${base}:room-removal:${checkId(conferenceId)}`,
    codeLimit: (counter, subject) => `${base}:code-limit:${counter}:${subject}`,
    inviteeOrder: (conferenceId) => `${base}:invitee-order:${checkId(conferenceId)}`,
  };
}

/** rate-limiter-flexible puts this and a colon in front of the keys it is given. */
export const LIMIT_PREFIX = PREFIX;

export const globalKeys = {
  /** string: Person with its password hash, as JSON. */
  person: (id: string): string => `${PREFIX}:{person:${checkId(id)}}`,
  /** string: person id. The e-mail address is a fingerprint. */
  email: (fingerprint: string): string => `${PREFIX}:{email:${fingerprint}}`,
  /** set: ids of all people. */
  people: `${PREFIX}:{people}`,
  /** string: a request for a room, as JSON, until somebody takes it or its time is over. */
  roomRequest: (id: string): string => `${PREFIX}:{room-request:${checkId(id)}}`,
  /** string: the answer to a request, as JSON, for those whom the channel did not reach. */
  roomAnswer: (id: string): string => `${PREFIX}:{room-answer:${checkId(id)}}`,
  /** channel: the id of each request. */
  roomRequests: `${PREFIX}:room-requests`,
  /** channel: answers for one process, as JSON. */
  roomAnswers: (processId: string): string => `${PREFIX}:room-answers:${checkId(processId)}`,
  /** set: numbers of the web pages that the process has open, and 0; expires soon after the process has gone. */
  process: (id: string): string => `${PREFIX}:{process:${checkId(id)}}`,
  /** string: what the token stands for, as JSON; expires with the token. The token is a SHA-256 hash. */
  token: (kind: string, hash: string): string => `${PREFIX}:{token:${kind}:${hash}}`,
  /** string: a person has logged in from that network lately. The subject is a fingerprint. */
  knownNetwork: (subject: string): string => `${PREFIX}:{known-network:${subject}}`,
  /** string: counter of rate-limiter-flexible, below {@link LIMIT_PREFIX}. The subject is a fingerprint. */
  limit: (rule: string, subject: string): string => `{limit:${rule}:${subject}}`,
} as const;
