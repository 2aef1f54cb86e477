export { readTlsFiles, selfSignedTls } from './certificate.ts';
export { NamedTimers, systemClock, type Clock, type Timer } from './clock.ts';
export { openNodeDatagramSocket, type DatagramSocket, type OpenDatagramSocket } from './datagram-socket.ts';
export { newTag } from './identifiers.ts';
export { withoutTopVia } from './matching.ts';
export { DEFAULT_LIMITS, startTransactionLayer, type ListenOptions, type TransactionLayerOptions } from './start.ts';
export { DEFAULT_TIMINGS, type SipTimings } from './timings.ts';
export { NoTransportError } from './transaction-layer.ts';
export { TransactionStateError } from './transaction.ts';
export { defaultPort } from './transport.ts';
export type * from './types.ts';
// The messages themselves, for those outside of embedded/ who look at them.
export {
  EMPTY_BODY,
  MalformedSipMessage,
  parseSipMessage,
  serializeSipMessage,
  SipHeaders,
  SipParseError,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../wire/sip-message.ts';
export { parseCSeq, parseNameAddr, parseSipUri, parseVia, tagOf } from '../wire/sip-address.ts';
