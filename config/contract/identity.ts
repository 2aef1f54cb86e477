/** Who people are: invitees and their codes, decoys, the company, its people. Schemas of the API. */
import { z } from 'zod';
import { loginResponse, newPassword, role } from './api.ts';
import { conferencePolicy, displayText } from './conferences.ts';

const language = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, { error: 'must be a language such as en or pt-BR' });
const participantRole = z.enum(['host', 'guest']);

/** Fields that are absent stay as they are. */
export const changeConferenceRequest = z.strictObject({
  title: displayText(200).optional(),
  policy: conferencePolicy.partial().optional(),
});

/** Two new codes at once: half of them would leave people with one old and one new. */
export const replacedCodes = z.object({ guestCode: z.string(), hostCode: z.string() });

export const createInviteeRequest = z.strictObject({
  name: displayText(100),
  role: participantRole.default('guest'),
  language: language.optional(),
  email: z.email().max(254).optional(),
});

export const inviteeView = z.object({
  id: z.string(),
  name: z.string(),
  role: participantRole,
  language: z.string().nullable(),
  email: z.string().nullable(),
  createdAt: z.number(),
  /** Until when their link is good; null when they have none. */
  invitedUntil: z.number().nullable(),
});
export const inviteeList = z.object({
  /** In the order in which they were made. */
  invitees: z.array(inviteeView),
});

/** Told once: only a fingerprint of it is kept. */
const personalCode = z.string();
export const createdInvitee = inviteeView.extend({ personalCode });
export const replacedPersonalCode = z.object({ personalCode });

export const invitationRequest = z.strictObject({
  /** Days for which the link is good. */
  days: z.number().int().min(1).max(366).default(30),
});
export const invitationResponse = z.object({
  /** 128 random bits, told once. */
  invitation: z.string(),
  /** To be put after the address of the web pages. */
  path: z.string(),
  expiresAt: z.number(),
});

export const createDecoysRequest = z.strictObject({
  count: z.number().int().min(1).max(100).default(1),
  /** Where they are laid out, for whoever reads the alarm. */
  note: displayText(200),
});
export const decoyView = z.object({
  id: z.string(),
  note: z.string(),
  createdAt: z.number(),
  /** How often it was keyed. */
  hits: z.number(),
});
export const decoyList = z.object({
  /** Oldest first. */
  decoys: z.array(decoyView),
});
export const createdDecoys = z.object({ decoys: z.array(decoyView.extend({ code: z.string() })) });

export const tenantView = z.object({
  id: z.string(),
  name: z.string(),
  language: z.string(),
});
/** Fields that are absent stay as they are. */
export const changeTenantRequest = z.strictObject({
  name: displayText(200).optional(),
  /** Of the prompts where the number dialled says nothing else. */
  language: language.optional(),
});

export const createPersonRequest = z.strictObject({
  email: z.email().max(254),
  name: displayText(200),
  roles: z.array(role).min(1).max(role.options.length),
  password: newPassword,
});
export const changePasswordRequest = z.strictObject({ password: z.string().min(1).max(500), newPassword });
/** All logins end with the old password; this is the one that goes on. */
export const changePasswordResponse = loginResponse;

export type InviteeView = z.infer<typeof inviteeView>;
export type DecoyView = z.infer<typeof decoyView>;
