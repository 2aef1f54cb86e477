/** What is kept. Shapes of the records in Redis; every time is milliseconds since 1970 UTC. */
import type { ConferencePolicy } from '../config/contract/index.ts';

export type { ConferencePolicy };

export type Role = 'root' | 'admin' | 'moderator' | 'presenter' | 'tsr' | 'client' | 'prospect';

export interface Tenant {
  readonly id: string;
  readonly name: string;
  /** BCP 47; prompts of callers whose number says nothing else. */
  readonly language: string;
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

export interface Participant {
  readonly id: string;
  readonly name: string;
  /** As the network told it; masked when shown. */
  readonly number: string;
  readonly role: 'host' | 'guest';
  readonly callId: string;
  readonly channelUuid: string;
  /** FreeSWITCH's member number; absent until the join is confirmed. */
  readonly memberId?: number;
  readonly bits: readonly AudioBit[];
  readonly joinedAt: number;
  readonly talking: boolean;
}

/** A live conference: one document, changed only by bridge/conferences through compare-and-set on `version`. */
export interface RoomDocument {
  readonly conferenceId: string;
  readonly tenantId: string;
  /** Grows by one with every commit; 0 is "not there". */
  readonly version: number;
  /** Grows when the room is formed anew (on another media server). */
  readonly epoch: number;
  readonly mediaServer: string;
  readonly startedAt: number;
  readonly locked: boolean;
  readonly participants: readonly Participant[];
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
