/** What a browser and the gateway say to each other over the socket, both ways. */
import { z } from 'zod';
import type { RoomChange, RoomView, roomCommand } from './room.ts';

/** Of one participant: some devices, and some that are lost and not known to be. */
export const MOST_PAGES_OF_ONE = 8;

/** What comes with the handshake: the token of `joinResponse`. Never in the URL, never in a cookie. */
export const socketAuth = z.object({ token: z.string().max(200) });

/** Why a handshake is refused, as `message` of `connect_error`. */
export const socketRefusals = ['auth/required', 'request/rate-limited', 'store/unavailable'] as const;
export type SocketRefusal = (typeof socketRefusals)[number];

/**
 * Why the socket ends for good: the page must not come back with this token.
 * left: by their own wish. removed: by a host. ended: the conference is over. expired: the token is void.
 */
export const sessionEndReason = z.enum(['left', 'removed', 'ended', 'expired', 'not-admitted']);
export type SessionEndReason = z.infer<typeof sessionEndReason>;

export type SocketReply<T> =
  | { readonly ok: true; readonly value: T }
  /** A code of the error catalogue, and its sentence. */
  | { readonly ok: false; readonly code: string; readonly message: string; readonly retryAfterMs?: number };

export type RoomCommandInput = z.input<typeof roomCommand>;

/** The whole room, as this person may see it, and which row is theirs: it may be another than the one they joined as. */
export interface RoomSnapshot {
  readonly view: RoomView;
  readonly participantId: string;
}

export interface ServerEvents {
  /** After the handshake, and whenever changes would not lead there. */
  'room:view': (snapshot: RoomSnapshot) => void;
  /** Follows on the last view or change; whoever has another version asks for the whole again. */
  'room:change': (change: RoomChange) => void;
  'session:end': (end: { readonly reason: SessionEndReason }) => void;
}

export interface BrowserEvents {
  'room:read': (answer: (reply: SocketReply<RoomSnapshot>) => void) => void;
  /** Answered when the room has taken it. What came of it comes as a change. */
  'room:command': (command: RoomCommandInput, answer: (reply: SocketReply<null>) => void) => void;
}
