/**
 * What stored values must look like when they are read. Unknown fields are kept, so that a process of an older version
 * does not lose what a newer one wrote.
 */
import { z } from 'zod';
import { conferencePolicy, DEFAULT_POLICY, keypadChanges } from '../config/contract/index.ts';
import { CorruptValue } from './errors.ts';
import type {
  CallRecord,
  Conference,
  Invitee,
  JournalEntry,
  Participant,
  Pass,
  Person,
  RoomDocument,
  Tenant,
} from './types.ts';

const id = z.string().min(1).max(64);
const time = z.number().int().nonnegative();
const role = z.enum(['root', 'admin', 'moderator', 'presenter', 'tsr', 'client', 'prospect']);

export const tenantSchema = z.looseObject({
  id,
  name: z.string(),
  language: z.string(),
  // Keys that do not fit together any more must not keep a company's calls out: then the usual ones hold.
  keypad: keypadChanges.optional().catch(undefined),
  createdAt: time,
}) satisfies z.ZodType<Tenant>;

export const personSchema = z.looseObject({
  id,
  tenantId: id,
  email: z.string(),
  name: z.string(),
  roles: z.array(role),
  createdAt: time,
  passwordHash: z.string().startsWith('$argon2id$'),
}) satisfies z.ZodType<Omit<Person, 'securityStamp'>>;
export type StoredPerson = z.infer<typeof personSchema>;

/** What an older version did not know has its default; what we do not know is kept. */
const storedPolicy = z.preprocess(
  (stored) => (typeof stored === 'object' && stored !== null ? { ...DEFAULT_POLICY, ...stored } : stored),
  z.looseObject(conferencePolicy.shape),
);

export const conferenceSchema = z.looseObject({
  id,
  tenantId: id,
  title: z.string(),
  policy: storedPolicy,
  state: z.enum(['open', 'closed']),
  createdBy: z.string(),
  createdAt: time,
}) satisfies z.ZodType<Conference>;

export const inviteeSchema = z.looseObject({
  id,
  conferenceId: id,
  name: z.string(),
  role: z.enum(['host', 'guest']),
  language: z.string().exactOptional(),
  email: z.string().exactOptional(),
  createdAt: time,
  /** Of the personal code; absent when there is none. */
  codeFingerprint: z.string().exactOptional(),
  /** The link that is good now; `hash` as in the key of its token. */
  invitation: z.object({ hash: z.string(), expiresAt: time }).exactOptional(),
}) satisfies z.ZodType<Invitee>;
export type StoredInvitee = z.infer<typeof inviteeSchema>;

export const decoySchema = z.looseObject({
  id,
  note: z.string(),
  createdAt: time,
  codeFingerprint: z.string(),
});

export const sealedCodesSchema = z.looseObject({ guest: z.string(), host: z.string() });

const terminationSchema = z.looseObject({
  class: z.enum(['none', 'caller', 'us', 'upstream', 'unknown']),
  reason: z.string(),
  sipStatus: z.number().int().optional(),
});

export const callRecordSchema = z.looseObject({
  id,
  tenantId: id,
  direction: z.enum(['inbound', 'outbound']),
  node: z.string(),
  from: z.string(),
  to: z.string(),
  sourceAddress: z.string(),
  sipCallId: z.string(),
  startedAt: time,
  answeredAt: time.optional(),
  callerDialogId: z.string().optional(),
  endpointDialogId: z.string().optional(),
  channelUuid: z.string().optional(),
  mediaServer: z.string().optional(),
  conferenceId: z.string().optional(),
  participantId: z.string().optional(),
  endedAt: time.optional(),
  termination: terminationSchema.optional(),
}) satisfies z.ZodType<CallRecord>;

const audioBits = z.array(z.enum(['self', 'host', 'mode', 'hold', 'waiting']));

const legSchema = z.looseObject({
  kind: z.enum(['phone', 'browser']),
  callId: z.string(),
  channelUuid: z.string(),
  memberId: z.number().int().optional(),
  joinedAt: time.optional(),
});

/** Rooms are short-lived, but one may live through an update of ours: what is missing has the value nothing depends on. */
export const participantSchema = z.looseObject({
  id: z.string(),
  identity: z.string().optional(),
  name: z.string(),
  number: z.string(),
  line: z.string().default(''),
  role: z.enum(['host', 'guest']),
  state: z.enum(['waiting', 'present', 'away']).default('present'),
  since: time.default(0),
  language: z.string().default('en'),
  nameSound: z.string().optional(),
  leg: legSchema.optional(),
  connections: z.array(z.string()).default([]),
  bits: audioBits,
  calledOn: z.boolean().default(false),
  hand: z.number().optional(),
  asksForHelp: z.boolean().default(false),
  calledHostsAt: z.number().optional(),
  volume: z.number().int().default(0),
  joinedAt: time,
  admitted: z.boolean().default(true),
  talking: z.boolean(),
}) satisfies z.ZodType<Participant>;

const newsItems = z.array(z.looseObject({ nameSound: z.string().optional() }));
const hostGone = z.enum(['wait', 'continue', 'hand-over', 'end']);

const roomFields = {
  conferenceId: id,
  tenantId: id,
  title: z.string().default(''),
  version: z.number().int().positive(),
  epoch: z.number().int().nonnegative(),
  mediaServer: z.string().nullable(),
  startedAt: time,
  policy: storedPolicy.default(DEFAULT_POLICY),
  mode: z.enum(['conversation', 'qa', 'presentation']).default('conversation'),
  announce: z.enum(['tone', 'name', 'silent']).default('tone'),
  locked: z.boolean(),
  guestsMuted: z.boolean().default(false),
  awaitsHost: z.boolean().default(false),
  led: z.boolean().default(false),
  hostGone: z.looseObject({ until: time, then: hostGone }).nullable().default(null),
  recording: z
    .looseObject({
      state: z.enum(['off', 'starting', 'on', 'paused', 'stopping']),
      since: time.nullable(),
      file: z.string().optional(),
    })
    .default({ state: 'off', since: null }),
  news: z
    .looseObject({
      joined: newsItems,
      left: newsItems,
      waiting: z.boolean().default(false),
      dueAt: time.nullable(),
      quietUntil: time,
    })
    .default({ joined: [], left: [], waiting: false, dueAt: null, quietUntil: 0 }),
  farewells: z
    .array(z.looseObject({ participantId: z.string(), callId: z.string(), reason: z.string(), at: time }))
    .default([]),
  lastToggle: z.looseObject({ action: z.string(), participantId: z.string(), at: time }).nullable().default(null),
} as const;

export const roomDocumentSchema = z.looseObject({
  ...roomFields,
  participants: z.array(participantSchema),
}) satisfies z.ZodType<RoomDocument>;

/** Everything but the participants, whom the store checks one by one and only once. */
export const roomFrameSchema = z.looseObject({ ...roomFields, participants: z.array(z.unknown()) });

export const journalEntrySchema = z.looseObject({
  type: z.string().min(1),
  at: time,
}) satisfies z.ZodType<JournalEntry>;

export const passSchema = z.looseObject({
  tenantId: id,
  conferenceId: id,
  participantId: id,
  name: z.string(),
  role: z.enum(['host', 'guest']),
  identity: id.exactOptional(),
  language: z.string().exactOptional(),
  issuedAt: time,
  expiresAt: time,
}) satisfies z.ZodType<Pass>;

export const tokenSchema = z.looseObject({ subject: z.string().min(1), issuedAt: time });

/** @throws CorruptValue naming what it is and which field is wrong, never its content */
export function parseStored<T>(what: string, schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CorruptValue(what, 'is not JSON');
  }
  return checkStored(what, schema, value);
}

export function checkStored<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join('.');
  throw new CorruptValue(what, path ? `field ${path} is wrong` : 'has the wrong form');
}
