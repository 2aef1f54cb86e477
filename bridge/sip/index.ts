/** The door of bridge/sip: the only room that knows drachtio-srf. */
export { AddressRanges } from './address-ranges.ts';
export { cleanName, cleanNumber, maskNumber } from './caller-identity.ts';
export { InviteGate, type GateSettings, type Line } from './gate.ts';
export type { Renegotiate } from './call-dialog.ts';
export { IncomingCall, type CallerGone, type IncomingCallEvents } from './incoming-call.ts';
export type { Invite, Refusal } from './invite.ts';
export {
  OutboundTrunks,
  outboundTrunksOf,
  type OutboundFailure,
  type OutboundOutcome,
  type OutboundRequest,
  type OutboundTrunk,
} from './outbound-trunks.ts';
export { OutgoingCall, type OutgoingCallEvents } from './outgoing-call.ts';
export { SipServer, type SipServerEvents, type SipServerOptions } from './sip-server.ts';
