/** What a conference is planned to be: its policy. Defaults are what a small office expects of a bridge. */
import { z } from 'zod';

/** Neither control characters nor marks that turn the direction of what follows. */
const noControls = (value: string) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(value);
/** Blanks of no width and joiners alone would be a row that nobody sees. */
const visible = (value: string) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(value);
export const displayText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine(noControls, { error: 'must not hold control characters' })
    .refine(visible, { error: 'must hold something that can be seen' });

/** conversation: everybody speaks. qa: whoever is called on. presentation: hosts only. */
export const policyMode = z.enum(['conversation', 'qa', 'presentation']);
/** How entry and exit are told to those in the room; `name` needs recorded names. */
export const policyAnnounce = z.enum(['tone', 'name', 'silent']);

export const conferencePolicy = z.strictObject({
  announce: policyAnnounce,
  maxParticipants: z.number().int().min(2).max(1_000),
  muteOnEntry: z.boolean(),
  /** Mode at the start. */
  mode: policyMode,
  /** until-host: guests wait until a host is there. admit: hosts let them in, one by one. */
  waitingRoom: z.enum(['off', 'until-host', 'admit']),
  /** Whoever has waited so long is let go with kind words. */
  waitingMinutes: z.number().int().min(1).max(240),
  /** Callers are asked to say their name on the way in. */
  recordNames: z.boolean(),
  /** What happens when the last host has been gone for `hostGoneGraceSeconds`. */
  hostGone: z.enum(['wait', 'continue', 'hand-over', 'end']),
  hostGoneGraceSeconds: z.number().int().min(0).max(3_600),
  recording: z.enum(['off', 'allowed', 'automatic']),
  /** Whether callers with the guest code are asked for a personal code. */
  personalCodes: z.enum(['off', 'optional', 'required']),
});

/** What a conference is that nobody asked anything else of. */
export const DEFAULT_POLICY: ConferencePolicy = {
  announce: 'tone',
  maxParticipants: 100,
  muteOnEntry: false,
  mode: 'conversation',
  waitingRoom: 'off',
  waitingMinutes: 15,
  recordNames: false,
  hostGone: 'continue',
  hostGoneGraceSeconds: 60,
  recording: 'allowed',
  personalCodes: 'off',
};

export type ConferencePolicy = Readonly<z.infer<typeof conferencePolicy>>;
export type PolicyMode = z.infer<typeof policyMode>;
export type PolicyAnnounce = z.infer<typeof policyAnnounce>;
