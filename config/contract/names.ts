/** Words both sides of a wire must spell the same, apart from the schemas so that the browser need not load those. */

/** The header of a browser's INVITE that carries its ticket. The ticket is used up by it. */
export const TICKET_HEADER = 'X-Partyline-Ticket';
/**
 * Text in the header Reason (RFC 3326) of the BYE to a line whose place another line of the same person has taken: whoever
 * gets it must not call again by itself.
 */
export const REPLACED_TEXT = 'Call completed elsewhere';
/** The user part of the Request-URI of a browser that wants to hear itself. No conference has this id. */
export const ECHO_TARGET = 'echo';
/** Where the socket is, on the page's own origin. */
export const SOCKET_PATH = '/socket/';
/** Where a browser's SIP goes, over a WebSocket with the subprotocol `sip` (RFC 7118). */
export const SIP_PATH = '/sip';
