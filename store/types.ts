/** What is kept. Shapes of the records in Redis; every time is milliseconds since 1970 UTC. */
import type { ConferencePolicy, KeypadChanges, RoomCommand } from '../config/contract/index.ts';

export type { ConferencePolicy };

export type Role = 'root' | 'admin' | 'moderator' | 'presenter' | 'tsr' | 'client' | 'prospect';

export interface Tenant {
  readonly id: string;
  readonly name: string;
  /** BCP 47; prompts of callers whose number says nothing else. */
  readonly language: string;
  /** Keys it has laid otherwise than usual. */
  readonly keypad?: KeypadChanges | undefined;
  readonly createdAt: number;
}

export interface Person {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly createdAt: number;
  /** Another one with each new password: whatever was given out under an earlier one is void. Not for the outside. */
  readonly securityStamp: string;
}

export interface Conference {
  readonly id: string;
  readonly tenantId: string;
  readonly title: string;
  readonly policy: ConferencePolicy;
  readonly state: 'open' | 'closed';
  readonly createdBy: string;
  readonly createdAt: number;
}

/** Of a conference's two codes, which are shown to those who may make conferences. */
export type AccessCodeKind = 'guest' | 'host';

/** Somebody who is expected in a conference, and known there by a personal code or a link. */
export interface Invitee {
  readonly id: string;
  readonly conferenceId: string;
  readonly name: string;
  readonly role: 'host' | 'guest';
  /** BCP 47; what they hear on the phone, if they are known before. */
  readonly language?: string;
  readonly email?: string;
  readonly createdAt: number;
}

/** An invitee as those see them who invite. */
export interface InviteeState extends Invitee {
  /** Until when their link is good; null when there is none. */
  readonly invitedUntil: number | null;
}

/** A code that leads nowhere and raises an alarm. */
export interface Decoy {
  readonly id: string;
  /** Where it was laid out. */
  readonly note: string;
  readonly createdAt: number;
  /** How often it was keyed. */
  readonly hits: number;
}

/** What a caller's digits lead to. */
export type ResolvedCode =
  | { readonly kind: AccessCodeKind; readonly conference: Conference }
  | { readonly kind: 'personal'; readonly conference: Conference; readonly invitee: Invitee };

/** What somebody at a browser was given at the door: who they are, in which conference, until when. */
export interface Pass {
  readonly tenantId: string;
  readonly conferenceId: string;
  readonly participantId: string;
  readonly name: string;
  /** As they came in. What they are now is in the room's document. */
  readonly role: 'host' | 'guest';
  /** The invitee they proved to be. */
  readonly identity?: string;
  /** BCP 47. */
  readonly language?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Who ended it and why: one per call, written once. */
export interface Termination {
  /** caller: they hung up or were refused for what they did; us: our fault; upstream: media server, trunk, Redis; normal end is 'none'. */
  readonly class: 'none' | 'caller' | 'us' | 'upstream' | 'unknown';
  /** Stable kebab-case reason, from the catalogue in config/contract. */
  readonly reason: string;
  /** SIP status sent or received, when the call never got up. */
  readonly sipStatus?: number;
}

/** All that another process needs to take the call over. */
export interface CallRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly direction: 'inbound' | 'outbound';
  /** Process that has the call. */
  readonly node: string;
  readonly from: string;
  readonly to: string;
  readonly sourceAddress: string;
  readonly sipCallId: string;
  readonly startedAt: number;
  readonly answeredAt?: number;
  /** drachtio's id of the dialog with the caller. */
  readonly callerDialogId?: string;
  /** drachtio's id of the dialog with the media server. */
  readonly endpointDialogId?: string;
  readonly channelUuid?: string;
  readonly mediaServer?: string;
  readonly conferenceId?: string;
  readonly participantId?: string;
  readonly endedAt?: number;
  readonly termination?: Termination;
}

/** Why somebody cannot be heard; each bit has one owner (design, section 4). */
export type AudioBit = 'self' | 'host' | 'mode' | 'hold' | 'waiting';

/** A participant's sound: one call, on the room's media server. */
export interface ParticipantLeg {
  readonly kind: 'phone' | 'browser';
  readonly callId: string;
  readonly channelUuid: string;
  /** FreeSWITCH's member number; absent until the join is confirmed. */
  readonly memberId?: number;
  /** When the join was confirmed. */
  readonly joinedAt?: number;
}

/** waiting: in the waiting room. away: the line or the page was lost; the row is kept for a while, for their return. */
export type ParticipantState = 'waiting' | 'present' | 'away';

/** One row of the roster: a person, with at most one leg and any number of web pages. */
export interface Participant {
  readonly id: string;
  /** Who it is, where that is known (a personal code, a login): rows of one identity are one row. */
  readonly identity?: string;
  readonly name: string;
  /** As the network told it; masked when shown. Empty when withheld, or for a browser. */
  readonly number: string;
  /** What a line is known by when it calls again: where it came from, and its number. Empty: it cannot be known. */
  readonly line: string;
  readonly role: 'host' | 'guest';
  readonly state: ParticipantState;
  /** Since when in this state. */
  readonly since: number;
  /** BCP 47; what is spoken to them. */
  readonly language: string;
  /** Recorded name, a file below the folder of recordings. */
  readonly nameSound?: string;
  readonly leg?: ParticipantLeg;
  /** Their web pages that are connected. */
  readonly connections: readonly string[];
  readonly bits: readonly AudioBit[];
  /** It is their turn to speak, in Q&A or by a host's leave. */
  readonly calledOn: boolean;
  /** When the hand was raised; no two are the same, so that they are an order. */
  readonly hand?: number;
  readonly asksForHelp: boolean;
  /** When hosts last heard that this one wants something of them. */
  readonly calledHostsAt?: number;
  /** -4 to 4; what they hear. */
  readonly volume: number;
  readonly joinedAt: number;
  /** Was let in once: no waiting for admission when the host comes back. */
  readonly admitted: boolean;
  readonly talking: boolean;
}

export interface RoomRecording {
  /** starting, stopping: the media server has been told and has not confirmed. */
  readonly state: 'off' | 'starting' | 'on' | 'paused' | 'stopping';
  /** Since when in this state; null when there never was one. */
  readonly since: number | null;
  /** Below the folder of recordings; the last one when off. */
  readonly file?: string;
}

/** Somebody who came or went and has not been told of yet. */
export interface NewsItem {
  readonly nameSound?: string;
}

/** Why somebody was let go, for the process that has the call. */
export interface Farewell {
  readonly participantId: string;
  /** Empty for a page without sound. */
  readonly callId: string;
  readonly reason: string;
  readonly at: number;
}

/** A live conference: one document, changed only by bridge/conferences through compare-and-set on `version`. */
export interface RoomDocument {
  readonly conferenceId: string;
  readonly tenantId: string;
  readonly title: string;
  /** Grows by one with every commit; 0 is "not there". */
  readonly version: number;
  /** Grows when the room is formed anew (on another media server). */
  readonly epoch: number;
  /** Of all legs; null while nobody has one. */
  readonly mediaServer: string | null;
  readonly startedAt: number;
  /** As it was when the room began. */
  readonly policy: ConferencePolicy;
  readonly mode: ConferencePolicy['mode'];
  readonly announce: ConferencePolicy['announce'];
  readonly locked: boolean;
  /** A host has muted everybody: guests who come later are muted, too. */
  readonly guestsMuted: boolean;
  /** Guests are kept waiting until a host is there. */
  readonly awaitsHost: boolean;
  /** A host has been in, and the room depends on hosts since. */
  readonly led: boolean;
  /** All hosts are gone: what happens, and when. */
  readonly hostGone: { readonly until: number; readonly then: ConferencePolicy['hostGone'] } | null;
  readonly recording: RoomRecording;
  /** Comings and goings to be told together at `dueAt`; null when there are none. */
  readonly news: {
    readonly joined: readonly NewsItem[];
    readonly left: readonly NewsItem[];
    /** Somebody waits to be let in: told to hosts. */
    readonly waiting: boolean;
    readonly dueAt: number | null;
    /** Nothing is told before. */
    readonly quietUntil: number;
  };
  readonly farewells: readonly Farewell[];
  /** The last host's key that turns something over: the same key of another host at the same moment means the same. */
  readonly lastToggle: { readonly action: string; readonly participantId: string; readonly at: number } | null;
  readonly participants: readonly Participant[];
}

/** Who asks something of a room: somebody who is in it, or a person of the company with a host's rights in every room. */
export type RoomActor =
  | { readonly kind: 'participant'; readonly participantId: string }
  | { readonly kind: 'person'; readonly personId: string };

/** A web page comes to a room: the row of its participant is made, or found (by `participantId`, else by `identity`). */
export interface ConnectRequest {
  readonly type: 'connect';
  readonly participantId: string;
  /** From `roomRequests.newConnectionId`. */
  readonly connectionId: string;
  readonly name: string;
  readonly role: 'host' | 'guest';
  readonly identity?: string | undefined;
  /** BCP 47. */
  readonly language: string;
}

/** A web page has gone. */
export interface DisconnectRequest {
  readonly type: 'disconnect';
  readonly participantId: string;
  readonly connectionId: string;
}

export type RoomRequest = RoomCommand | ConnectRequest | DisconnectRequest;

export interface RoomRequestEnvelope {
  readonly tenantId: string;
  readonly conferenceId: string;
  readonly actor: RoomActor;
  readonly request: RoomRequest;
}

export interface RoomAnswer {
  /** The room as it is after the request; 0 when it is not live. */
  readonly version: number;
  /** After `connect`: the row, which may be another than the one asked for. */
  readonly participantId?: string | undefined;
}

export interface RoomEvent {
  readonly type: string;
  readonly at: number;
  readonly [field: string]: unknown;
}

export interface JournalEntry {
  readonly type: string;
  readonly at: number;
  readonly [field: string]: unknown;
}
