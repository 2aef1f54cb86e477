/** How a browser comes in: what it sends, what it gets, and how its call says who it is. */
import { z } from 'zod';
import { displayText } from './conferences.ts';

const digits = z.string().regex(/^\d{4,32}$/, { error: 'must be digits' });

export const joinRequest = z.union([
  /** As on a phone. Blanks and dashes are for people: the page takes them out. */
  z.strictObject({ code: digits, name: displayText(100), personalCode: digits.optional() }),
  /** A link somebody was sent; it knows the name, which may be changed. */
  z.strictObject({ invitation: z.string().regex(/^[A-Za-z0-9_-]{22,128}$/), name: displayText(100).optional() }),
]);

export const iceServer = z.object({
  urls: z.array(z.string()),
  username: z.string().optional(),
  credential: z.string().optional(),
});

export const ticketResponse = z.object({
  /** 128 random bits, for one INVITE. */
  ticket: z.string(),
  ticketExpiresAt: z.number(),
  /** Where the INVITE goes, over the WebSocket at `/sip` of the page's own origin. */
  sipUri: z.string(),
  iceServers: z.array(iceServer),
});

/** For one INVITE to the echo: whoever calls it hears themselves for a while, and nobody else. */
export const echoResponse = ticketResponse;

export const joinResponse = ticketResponse.extend({
  conferenceId: z.string(),
  title: z.string(),
  participantId: z.string(),
  name: z.string(),
  role: z.enum(['host', 'guest']),
  /** For the socket, for commands, and for another ticket; in `Authorization` or the socket's `auth`. */
  token: z.string(),
  expiresAt: z.number(),
  /** Numbers to dial when browser audio fails; the code goes with them. */
  dialIn: z.array(z.object({ number: z.string(), label: z.string().optional() })),
});

export type JoinRequest = z.infer<typeof joinRequest>;
export type JoinResponse = z.infer<typeof joinResponse>;
export type TicketResponse = z.infer<typeof ticketResponse>;
