/** HTTP schemas, shared by the gateway, its OpenAPI text and (later) the browser. */
import { z } from 'zod';

const noControls = (value: string) => !/[\x00-\x1f\x7f]/.test(value);
export const displayText = (max: number) =>
  z.string().trim().min(1).max(max).refine(noControls, { error: 'must not hold control characters' });

export const loginRequest = z.strictObject({ email: z.email().max(254), password: z.string().min(1).max(500) });
export const loginResponse = z.object({ token: z.string(), expiresAt: z.number() });

export const conferencePolicy = z.strictObject({
  announce: z.enum(['tone', 'silent']),
  maxParticipants: z.number().int().min(2).max(1_000),
  muteOnEntry: z.boolean(),
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

export const participantView = z.object({
  id: z.string(),
  name: z.string(),
  /** Masked: only the last digits. */
  number: z.string(),
  role: z.enum(['host', 'guest']),
  muted: z.boolean(),
  mutedBy: z.array(z.enum(['self', 'host', 'mode', 'hold', 'waiting'])),
  talking: z.boolean(),
  joinedAt: z.number(),
});

export const roomView = z.object({
  conferenceId: z.string(),
  live: z.boolean(),
  version: z.number(),
  locked: z.boolean(),
  startedAt: z.number().nullable(),
  participants: z.array(participantView),
});

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
export type ParticipantView = z.infer<typeof participantView>;
export type RoomView = z.infer<typeof roomView>;
export type Problem = z.infer<typeof problem>;
