/** What a room is told, and what comes of it. Types only. */
import type { RoomCommand } from '../../../config/contract/index.ts';
import type { Prompt } from '../../../ivr/index.ts';
import type {
  ConferencePolicy,
  Participant,
  ParticipantLeg,
  RoomActor,
  RoomDocument,
  RoomEvent,
} from '../../../store/index.ts';
import type { HelpFor, KeypadAction } from '../keypad.ts';

/** What a room is that nobody is in. */
export interface RoomIdentity {
  readonly conferenceId: string;
  readonly tenantId: string;
}

/** What a room begins with. */
export interface Plan {
  readonly title: string;
  readonly policy: ConferencePolicy;
}

/** Somebody on the way in. `id` is the row's if there is none for them yet. */
export type Newcomer = Pick<
  Participant,
  'id' | 'identity' | 'name' | 'number' | 'line' | 'role' | 'language' | 'nameSound'
>;

/** What the media server says of one of its members. */
export interface ReportedMember {
  readonly memberId: number;
  readonly channelUuid: string;
  readonly speak: boolean;
  readonly hear: boolean;
}

export interface ReportedRecording {
  /** Below the folder of recordings. */
  readonly file: string;
  readonly paused: boolean;
}

type Inputs =
  /** A leg comes to the door. It joins the mix only after this is committed. */
  | {
      readonly type: 'enter';
      readonly plan: Plan;
      /** The media server the leg is on; the room's own once it has one. */
      readonly mediaServer: string;
      readonly who: Newcomer;
      readonly leg: Pick<ParticipantLeg, 'kind' | 'callId' | 'channelUuid'>;
    }
  /** The media server confirmed the join; how the leg was put in. */
  | {
      readonly type: 'joined';
      readonly callId: string;
      readonly memberId: number;
      readonly speak: boolean;
      readonly hear: boolean;
    }
  /** A leg has gone. `lost`: not because somebody hung up. */
  | { readonly type: 'leg-gone'; readonly callId: string; readonly how: 'hung-up' | 'lost' }
  /** A web page comes. */
  | { readonly type: 'connect'; readonly plan: Plan; readonly who: Newcomer; readonly connectionId: string }
  | { readonly type: 'disconnect'; readonly participantId: string; readonly connectionId: string }
  | { readonly type: 'talking'; readonly callId: string; readonly on: boolean }
  /** Somebody speaks who is not heard. `quiet`: they were told a moment ago; they are listened to again. */
  | { readonly type: 'spoke-muted'; readonly callId: string; readonly quiet?: boolean }
  /** `quiet`: whoever asks is told what came of it in another way. */
  | { readonly type: 'command'; readonly actor: RoomActor; readonly command: RoomCommand; readonly quiet?: boolean }
  /** A key of the room: what it does follows from the room as it is. */
  | { readonly type: 'key'; readonly participantId: string; readonly action: RoomKey }
  | { readonly type: 'name-recorded'; readonly participantId: string; readonly file: string; readonly by: RoomActor }
  | {
      readonly type: 'recording';
      readonly phase: 'started' | 'stopped' | 'failed';
      readonly file: string;
      readonly milliseconds?: number;
    }
  /** The media server's own list, asked for at `askedAt`. */
  | {
      readonly type: 'media-report';
      readonly mediaServer: string;
      readonly askedAt: number;
      readonly members: readonly ReportedMember[];
      readonly recordings: readonly ReportedRecording[];
    }
  /** Something may be due. */
  | { readonly type: 'tick' };

/** `at`: milliseconds since 1970. */
export type RoomInput = Inputs & { readonly at: number };
export type InputOf<T extends RoomInput['type']> = Extract<RoomInput, { type: T }>;

/** Keys that act on the room; the menu is the call's own affair. */
export type RoomKey = Exclude<KeypadAction, 'menu'>;

/** What is said: a prompt, the keys for something, or the help for somebody. The keys are each company's own. */
export type Words = Prompt | { readonly keysFor: KeypadAction | 'unmute' } | { readonly helpFor: HelpFor };

export type RoomEffect =
  /** Make the media server agree with the document. */
  | { readonly type: 'set-speak'; readonly memberId: number; readonly speak: boolean }
  | { readonly type: 'set-hear'; readonly memberId: number; readonly hear: boolean }
  | { readonly type: 'set-volume'; readonly memberId: number; readonly volume: number }
  /** To one; instead of what is being said to them. */
  | { readonly type: 'tell'; readonly participantId: string; readonly words: readonly Words[] }
  /** To everybody in the room who hears it, or to its hosts; after what is being said. */
  | { readonly type: 'announce'; readonly to: 'room' | 'hosts'; readonly words: readonly Words[] }
  /** Out of the mix. The process that has the call finds out why in the document, and says so. */
  | { readonly type: 'kick'; readonly memberId: number }
  /** A channel that is nobody's. */
  | { readonly type: 'kill'; readonly channelUuid: string }
  /** What the web side has given out is worth nothing any more: of one participant, or of all. */
  | { readonly type: 'shut-out'; readonly participantId?: string }
  | { readonly type: 'record'; readonly action: 'start' | 'stop' | 'pause' | 'resume'; readonly file: string };

export type Rejection =
  | 'full'
  | 'locked'
  /** The room is on another media server: the leg has to move first. */
  | 'elsewhere'
  | 'already-in-room'
  | 'not-in-room'
  | 'not-live'
  | 'not-allowed'
  | 'not-possible'
  | 'no-such-participant';

export type Reduction =
  | {
      readonly outcome: 'changed';
      /** null: the last one left, the room is removed. */
      readonly room: RoomDocument | null;
      readonly events: readonly RoomEvent[];
      readonly effects: readonly RoomEffect[];
      /** Why the room is removed. */
      readonly ended?: string;
      /** Whom an `enter` or a `connect` was about: another row than asked for when they are known. */
      readonly participantId?: string;
    }
  | { readonly outcome: 'unchanged'; readonly effects: readonly RoomEffect[]; readonly participantId?: string }
  | { readonly outcome: 'rejected'; readonly why: Rejection; readonly effects: readonly RoomEffect[] };
