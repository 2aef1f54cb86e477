/** The frames that tell a client of SIP messages; the places of their tokens are those of the real server. */
import { metaTokens } from '../wire/drachtio-frame.ts';
import { serializeSipMessage, type SipMessage, type SipRequest, type SipResponse } from '../wire/sip-message.ts';
import type { ListeningPoint, SipHop } from '../sip/index.ts';
import type { ClientPort } from './client-port.ts';

export interface NetworkMessage {
  readonly message: SipMessage;
  readonly source: SipHop;
  readonly transactionId: string;
  readonly dialogId?: string | undefined;
  /** Told for requests that belong to no dialog yet. */
  readonly receivedOn?: ListeningPoint;
}

/** A message from the network. The protocol of an ACK is left empty, as the real server does. */
export function tellMessage(client: ClientPort, seen: NetworkMessage): void {
  const { message, source, transactionId, dialogId = '', receivedOn } = seen;
  const sip = serializeSipMessage(message);
  const isAck = message.kind === 'request' && message.method === 'ACK';
  const meta = metaTokens({
    source: 'network',
    bytes: sip.length,
    protocol: isAck ? '' : shownProtocol(source),
    address: source.address,
    port: source.port,
    time: new Date(),
  });
  const where = receivedOn ? [receivedOn.advertisedAddress, String(receivedOn.port)] : [];
  client.send(['sip', ...meta, transactionId, dialogId, ...where, ''], sip);
}

/** A response the server made itself because none came: no bytes, no address. */
export function tellOwnResponse(
  client: ClientPort,
  response: SipResponse,
  details: { protocol: string; transactionId: string; dialogId?: string | undefined },
): void {
  const { protocol, transactionId, dialogId = '' } = details;
  const meta = metaTokens({ source: 'network', bytes: 0, protocol, address: '', port: 0, time: new Date() });
  client.send(['sip', ...meta, transactionId, dialogId, ''], serializeSipMessage(response));
}

/** A request the server sent in a dialog without being asked: BYE after a timeout. */
export function tellUnsolicited(
  client: ClientPort,
  request: SipRequest,
  point: ListeningPoint,
  dialogId: string,
): void {
  const sip = serializeSipMessage(request);
  client.send(['sip', ...sentMeta(sip, point), 'unsolicited', dialogId, ''], sip);
}

export function answerRequestSent(
  client: ClientPort,
  messageId: string,
  request: SipRequest,
  details: { point: ListeningPoint; transactionId: string },
): void {
  const sip = serializeSipMessage(request);
  const { point, transactionId } = details;
  client.send(['response', messageId, 'OK', ...sentMeta(sip, point), transactionId, 'Msg sent:', ''], sip);
}

export function answerResponseSent(
  client: ClientPort,
  messageId: string,
  response: SipResponse,
  details: { peer: SipHop; transactionId: string; dialogId: string; inDialog: boolean },
): void {
  const { peer, transactionId, dialogId, inDialog } = details;
  const sip = serializeSipMessage(response);
  const meta = metaTokens({
    source: 'application',
    bytes: sip.length,
    protocol: inDialog ? '' : shownProtocol(peer),
    address: peer.address,
    port: peer.port,
    time: new Date(),
  });
  client.send(['response', messageId, 'OK', ...meta, transactionId, dialogId, '', 'Msg sent:', ''], sip);
}

/** A final response of a proxied request; more follows. */
export function answerProxyResponse(
  client: ClientPort,
  messageId: string,
  response: SipResponse,
  source: SipHop,
): void {
  const sip = serializeSipMessage(response);
  const { address, port } = source;
  const protocol = shownProtocol(source);
  const meta = metaTokens({ source: 'network', bytes: sip.length, protocol, address, port, time: new Date() });
  client.send(['response', messageId, 'OK', ...meta, '', '', 'continue'], sip);
}

/** Nothing more follows of a proxied request. */
export function answerProxyDone(client: ClientPort, messageId: string): void {
  client.send(['response', messageId, 'OK', 'done']);
}

export function answerFailed(client: ClientPort, messageId: string, reason: string): void {
  // The reason may quote what the client sent: it must not look like more tokens or another line.
  client.send(['response', messageId, 'NOK', reason.replace(/[|\x00-\x1f\x7f]+/g, ' ').slice(0, 300)]);
}

function sentMeta(sip: Buffer, point: ListeningPoint): string[] {
  const { protocol, address, port } = point;
  return metaTokens({ source: 'application', bytes: sip.length, protocol, address, port, time: new Date() });
}

/** Callers over WebSocket are shown as tcp, those over TLS as tls. */
function shownProtocol(hop: SipHop): string {
  return hop.protocol === 'ws' || hop.protocol === 'wss' ? 'tcp' : hop.protocol;
}
