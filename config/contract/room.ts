/**
 * What a live room can be told, by a key, over the API or from a browser, and what people see of it. Shared by bridge,
 * gateway and browser: schemas only.
 */
import { z } from 'zod';
import { displayText, policyMode, policyAnnounce } from './conferences.ts';

const participantId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const someone = { participantId };

/** Spoken to whoever is removed. */
export const removalReason = z.enum(['unspecified', 'noise', 'not-invited', 'conduct']);
export type RemovalReason = z.infer<typeof removalReason>;

/**
 * Everything a person may ask of a room. Commands of the first group are about the one who asks; those of the second are
 * for hosts. `roomCommandAccess` is the whole of the rule.
 */
export const roomCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('mute-self') }),
  z.strictObject({ type: z.literal('unmute-self') }),
  z.strictObject({ type: z.literal('raise-hand') }),
  z.strictObject({ type: z.literal('lower-hand') }),
  /** What the one who asks hears. */
  z.strictObject({ type: z.literal('change-volume'), direction: z.enum(['louder', 'quieter']) }),
  /** Speaks the keys that help, by role. */
  z.strictObject({ type: z.literal('speak-help') }),
  /** Speaks how many are there, and their names. */
  z.strictObject({ type: z.literal('speak-roll') }),
  /** Tells the hosts that somebody needs them. */
  z.strictObject({ type: z.literal('ask-for-help') }),
  z.strictObject({ type: z.literal('leave') }),

  z.strictObject({ type: z.literal('mute'), ...someone }),
  z.strictObject({ type: z.literal('unmute'), ...someone }),
  z.strictObject({ type: z.literal('mute-all') }),
  z.strictObject({ type: z.literal('unmute-all') }),
  z.strictObject({ type: z.literal('set-mode'), mode: policyMode }),
  z.strictObject({ type: z.literal('lock') }),
  z.strictObject({ type: z.literal('unlock') }),
  z.strictObject({ type: z.literal('admit'), ...someone }),
  z.strictObject({ type: z.literal('admit-next') }),
  z.strictObject({ type: z.literal('admit-all') }),
  /** Lets somebody speak whose hand is up, in Q&A mode; the next in order without a name. */
  z.strictObject({ type: z.literal('call-on'), ...someone }),
  z.strictObject({ type: z.literal('call-on-next') }),
  z.strictObject({ type: z.literal('lower-hand-of'), ...someone }),
  /** Real hold: hears music, is not heard, and hears nobody. */
  z.strictObject({ type: z.literal('hold'), ...someone }),
  z.strictObject({ type: z.literal('resume'), ...someone }),
  z.strictObject({ type: z.literal('rename'), ...someone, name: displayText(100) }),
  z.strictObject({ type: z.literal('remove'), ...someone, reason: removalReason.default('unspecified') }),
  /** One more host. */
  z.strictObject({ type: z.literal('make-host'), ...someone }),
  /** The one who asks is a guest afterwards. */
  z.strictObject({ type: z.literal('hand-over'), ...someone }),
  z.strictObject({ type: z.literal('start-recording') }),
  z.strictObject({ type: z.literal('stop-recording') }),
  z.strictObject({ type: z.literal('pause-recording') }),
  z.strictObject({ type: z.literal('resume-recording') }),
  z.strictObject({ type: z.literal('set-announcements'), announce: policyAnnounce }),
  /** Everybody hears that the conference is over and is let go. */
  z.strictObject({ type: z.literal('end') }),
  /** The host goes, and the conference goes on without waiting for a host. */
  z.strictObject({ type: z.literal('leave-without-ending') }),
]);
export type RoomCommand = z.output<typeof roomCommand>;
export type RoomCommandType = RoomCommand['type'];

/** Who may ask: whoever is in the room, also in its waiting room (`anyone`), whoever was let in, or hosts. */
export type CommandAccess = 'anyone' | 'admitted' | 'host';

export const roomCommandAccess = {
  'mute-self': 'admitted',
  'unmute-self': 'admitted',
  'raise-hand': 'admitted',
  'lower-hand': 'admitted',
  'change-volume': 'admitted',
  'speak-help': 'anyone',
  'speak-roll': 'admitted',
  'ask-for-help': 'anyone',
  leave: 'anyone',
  mute: 'host',
  unmute: 'host',
  'mute-all': 'host',
  'unmute-all': 'host',
  'set-mode': 'host',
  lock: 'host',
  unlock: 'host',
  admit: 'host',
  'admit-next': 'host',
  'admit-all': 'host',
  'call-on': 'host',
  'call-on-next': 'host',
  'lower-hand-of': 'host',
  hold: 'host',
  resume: 'host',
  rename: 'host',
  remove: 'host',
  'make-host': 'host',
  'hand-over': 'host',
  'start-recording': 'host',
  'stop-recording': 'host',
  'pause-recording': 'host',
  'resume-recording': 'host',
  'set-announcements': 'host',
  end: 'host',
  'leave-without-ending': 'host',
} as const satisfies Readonly<Record<RoomCommandType, CommandAccess>>;

export const audioBit = z.enum(['self', 'host', 'mode', 'hold', 'waiting']);

export const participantView = z.object({
  id: z.string(),
  name: z.string(),
  /** Masked for those who may not see it: only the last digits. Empty when withheld, or for a browser. */
  number: z.string(),
  role: z.enum(['host', 'guest']),
  /** `waiting`: in the waiting room. `present`: in the room. `away`: the line or socket was lost, the row is kept for a while. */
  state: z.enum(['waiting', 'present', 'away']),
  /** How their sound comes; null for somebody who only watches. */
  audio: z.enum(['phone', 'browser']).nullable(),
  /** A browser page of theirs is connected. */
  web: z.boolean(),
  muted: z.boolean(),
  mutedBy: z.array(audioBit),
  /** Whether unmuting themselves would make them heard. */
  canUnmute: z.boolean(),
  talking: z.boolean(),
  /** 1 is next; null: the hand is down. */
  handPosition: z.number().int().positive().nullable(),
  /** 1 is next to be let in; null: not waiting. */
  waitingPosition: z.number().int().positive().nullable(),
  asksForHelp: z.boolean(),
  /** -4 to 4; what they hear. */
  volume: z.number().int(),
  joinedAt: z.number(),
});

export const recordingView = z.object({
  state: z.enum(['off', 'on', 'paused']),
  /** Since when it is in that state; null when it never was on. */
  since: z.number().nullable(),
});

export const roomView = z.object({
  conferenceId: z.string(),
  title: z.string(),
  /** False when nobody is in; then everything below is empty. */
  live: z.boolean(),
  /** Grows with every change; 0 when not live. */
  version: z.number(),
  mode: policyMode,
  locked: z.boolean(),
  announce: policyAnnounce,
  recording: recordingView,
  /** Guests wait because no host is there. */
  waitingForHost: z.boolean(),
  /** All hosts are gone; what happens, and when. */
  hostGone: z.object({ until: z.number(), then: z.enum(['wait', 'continue', 'hand-over', 'end']) }).nullable(),
  startedAt: z.number().nullable(),
  /** In the order of their joining. */
  participants: z.array(participantView),
});

/**
 * What changed in a room between two versions. Whoever has `from` and applies it has `version`; whoever has anything else
 * asks for the whole again.
 */
export const roomChange = z.object({
  conferenceId: z.string(),
  from: z.number(),
  version: z.number(),
  /** Fields of the room itself that are different now. */
  room: roomView.omit({ conferenceId: true, version: true, participants: true }).partial(),
  /** New rows and those with any difference, whole. */
  changed: z.array(participantView),
  removed: z.array(z.string()),
  /** Ids of all in order, when the order is not simply: the old ones, then the new. */
  order: z.array(z.string()).optional(),
});

export type ParticipantView = z.infer<typeof participantView>;
export type RecordingView = z.infer<typeof recordingView>;
export type RoomView = z.infer<typeof roomView>;
export type RoomChange = z.infer<typeof roomChange>;

/** What a command over the API is answered with. */
export const roomCommandAnswer = z.object({
  /** Of the room after the command; 0 when it is not live any more. */
  version: z.number(),
});
export type RoomCommandAnswer = z.infer<typeof roomCommandAnswer>;
