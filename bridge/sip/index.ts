/** The door of bridge/sip: the only room that knows drachtio-srf. */
export { cleanName, cleanNumber, maskNumber } from './caller-identity.ts';
export { InviteGate, type GateSettings, type Line } from './gate.ts';
export { IncomingCall, type CallerGone, type IncomingCallEvents, type Renegotiate } from './incoming-call.ts';
export type { Invite, Refusal } from './invite.ts';
export { SipServer, type SipServerEvents, type SipServerOptions } from './sip-server.ts';
