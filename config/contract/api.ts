/** HTTP schemas, shared by the gateway, its OpenAPI text and (later) the browser. */
import { z } from 'zod';
import { conferencePolicy, displayText } from './conferences.ts';

export const loginRequest = z.strictObject({ email: z.email().max(254), password: z.string().min(1).max(500) });
export const loginResponse = z.object({ token: z.string(), expiresAt: z.number() });

export const role = z.enum(['root', 'admin', 'moderator', 'presenter', 'tsr', 'client', 'prospect']);

/** A new password; what is typed at login may be anything. */
export const newPassword = z
  .string()
  .min(10, { error: 'must be at least 10 characters' })
  .max(500, { error: 'must be at most 500 characters' });

/** The form behind the one-time link that makes the first admin. */
export const firstAdminRequest = z.strictObject({
  email: z.email({ error: 'must be an e-mail address' }).max(254),
  password: newPassword,
});

export const personView = z.object({
  id: z.string(),
  tenantId: z.string(),
  email: z.string(),
  name: z.string(),
  roles: z.array(role),
});

export const personList = z.object({
  /** By name. */
  people: z.array(personView),
});

export const createConferenceRequest = z.strictObject({
  title: displayText(200),
  policy: conferencePolicy.partial().optional(),
});

export const conferenceView = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['open', 'closed']),
  policy: conferencePolicy,
  createdAt: z.number(),
  /** Only for those entitled to see them. */
  guestCode: z.string().optional(),
  hostCode: z.string().optional(),
});

export const conferenceQuery = z.strictObject({
  /** Conferences of one page. */
  count: z.coerce.number().int().min(1).max(500).default(100),
  /** Only those made after the one with this id: `next` of the page before. */
  after: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'must be the id of a conference' })
    .optional(),
});
export const conferenceList = z.object({
  /** Oldest first. */
  conferences: z.array(conferenceView),
  /** To be given as `after` for the next page; null on the last. */
  next: z.string().nullable(),
});

export const callView = z.object({
  id: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  from: z.string(),
  to: z.string(),
  sourceAddress: z.string(),
  startedAt: z.number(),
  answeredAt: z.number().nullable(),
  conferenceId: z.string().nullable(),
  node: z.string(),
});
export const callList = z.object({ calls: z.array(callView) });

export const journalQuery = z.strictObject({
  /** Entries of one page. */
  count: z.coerce.number().int().min(1).max(500).default(100),
  /** Only entries older than the one with this id: `next` of the page before. */
  before: z
    .string()
    .regex(/^\d{1,20}-\d{1,20}$/, { error: 'must be the id of a journal entry' })
    .optional(),
});
export const journalPage = z.object({
  /** Newest first. */
  entries: z.array(z.looseObject({ id: z.string(), type: z.string(), at: z.number() })),
  /** To be given as `before` for the next page; null on the last. */
  next: z.string().nullable(),
});

export const health = z.object({ status: z.literal('ok') });
export const readiness = z.object({ ready: z.boolean(), reasons: z.array(z.string()) });

/** RFC 9457 problem details; `code` is from the error catalogue. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string().optional(),
  /** Which fields are wrong, and why. */
  fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export type LoginRequest = z.infer<typeof loginRequest>;
export type CreateConferenceRequest = z.infer<typeof createConferenceRequest>;
export type ConferenceView = z.infer<typeof conferenceView>;
export type CallView = z.infer<typeof callView>;
export type PersonView = z.infer<typeof personView>;
export type Problem = z.infer<typeof problem>;
