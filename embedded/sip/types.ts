/**
 * What the SIP layer gives to those above it (the embedded drachtio-server and the SIP side of the embedded FreeSWITCH).
 * Layers as in RFC 3261: transport < transaction < transaction user. Dialogs belong to the transaction users.
 */
import type { SipRequest, SipResponse } from '../wire/sip-message.ts';

export type TransportProtocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** Where a message came from or goes to: one hop, already resolved to an address. */
export interface SipHop {
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
  /** Name that led to the address: a TLS server must prove it. */
  readonly host?: string;
}

/** A listening point; `port` is the port really bound (never 0) once listening. */
export interface ListeningPoint extends SipHop {
  /** Address to be written into Via, Contact and SDP; differs from `address` behind NAT or when bound to 0.0.0.0. */
  readonly advertisedAddress: string;
}

export type ServerTransactionState = 'trying' | 'proceeding' | 'completed' | 'accepted' | 'confirmed' | 'terminated';
export type ClientTransactionState = 'calling' | 'trying' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

/** Server side of one request other than ACK (RFC 3261 section 17.2, RFC 6026 for 2xx). */
export interface ServerTransaction {
  /** Unique in this process. */
  readonly id: string;
  readonly request: SipRequest;
  readonly source: SipHop;
  readonly receivedOn: ListeningPoint;
  readonly state: ServerTransactionState;
  /** Put into To by the layer when a response above 100 has none: the local tag of a dialog that this request makes. */
  readonly toTag: string;
  /**
   * Sends a provisional or final response. Via, From, To, Call-ID and CSeq are copied from the request when missing;
   * a To without tag gets `toTag` for anything above 100.
   * A 2xx to INVITE is sent again until its ACK comes; an INVITE gets its 100 after 200 ms by itself.
   * @returns the response as sent
   * @throws TransactionStateError when a final response has already been sent.
   */
  respond(response: SipResponse): SipResponse;
  /**
   * Sends a response that came from further on, as it is: for proxies (RFC 3261 section 16.7). A 2xx to INVITE may follow
   * another one, and is not sent again by itself: whoever answered does that.
   * @returns false when it is too late for it
   */
  forward(response: SipResponse): boolean;
}

/** What the transaction user hears of a server transaction. */
export interface ServerTransactionUser {
  /** A CANCEL matched this INVITE transaction. It was already answered 200; the user must answer the INVITE 487. */
  onCancel?(cancel: SipRequest, transaction: ServerTransaction): void;
  /** No ACK came for a final response to INVITE (timer H, or 64*T1 for 2xx). */
  onAckTimeout?(transaction: ServerTransaction): void;
  onTransportError?(error: Error, transaction: ServerTransaction): void;
  onTerminated?(transaction: ServerTransaction): void;
}

/** Client side of one request other than ACK (RFC 3261 section 17.1). */
export interface ClientTransaction {
  readonly id: string;
  readonly request: SipRequest;
  readonly destination: SipHop;
  readonly state: ClientTransactionState;
  /**
   * INVITE only: sends CANCEL as soon as a provisional response has come (RFC 3261 section 9.1); not at all when the
   * final response is there first. 64*T1 after the CANCEL without a final response the transaction times out.
   * @returns the CANCEL as it is or will be sent
   */
  cancel(headers?: Readonly<Record<string, string>>): SipRequest;
}

export interface ClientTransactionUser {
  /** Every response, provisional or final. A retransmitted 2xx to INVITE is delivered again: its user sends the ACK. */
  onResponse(response: SipResponse, source: SipHop, transaction: ClientTransaction): void;
  /** Timer B or F fired: treat as 408. */
  onTimeout?(transaction: ClientTransaction): void;
  onTransportError?(error: Error, transaction: ClientTransaction): void;
  onTerminated?(transaction: ClientTransaction): void;
}

/** Receives everything that no existing transaction takes. */
export interface TransactionLayerUser {
  /** A new request that started a server transaction (never ACK; never a CANCEL that matched). */
  onRequest(transaction: ServerTransaction): ServerTransactionUser;
  /** ACK to a 2xx: it belongs to the dialog, not to a transaction. */
  onAck(ack: SipRequest, source: SipHop): void;
}

/** Called before a datagram or stream is parsed; false drops it in silence. */
export type SourceFilter = (source: SipHop) => boolean;

/** For TLS and secure WebSocket, both as server and as client. PEM. */
export interface TlsOptions {
  readonly certificate: string | Buffer;
  readonly key: string | Buffer;
  /** Whom to trust instead of the authorities that come with Node. */
  readonly authorities?: string | Buffer;
  /** Must servers we connect to prove who they are? Default true. */
  readonly verifyServers?: boolean;
}

export interface SipLimits {
  /** Bytes of one message; more is dropped (datagram) or closes the connection (stream). Default 65,535. */
  readonly maxMessageBytes: number;
  /** Connections held open, all stream transports together. Default 1,000. */
  readonly maxConnections: number;
  /** Connections from one address. Default 100. */
  readonly maxConnectionsPerAddress: number;
  /** Server transactions alive; above it new requests are refused statelessly with 503 and Retry-After. Default 10,000. */
  readonly maxServerTransactions: number;
  /** INVITEs of one source (see sourceName) that are unanswered, or answered and not acknowledged; above it 503. Default 2,000. */
  readonly maxHalfOpenPerSource: number;
  /**
   * Requests outside of dialogs that one source may begin in a second; as many again are refused with 503, the rest gets
   * no answer. Default 1,000.
   */
  readonly maxNewRequestsPerSecond: number;
  /** Milliseconds a stream may take from the first byte of a message to its last, and for its handshake. Default 10,000. */
  readonly streamMessageDeadlineMs: number;
}

export interface TransactionLayer {
  /** Bound listening points, in the order in which they were asked for. */
  readonly listeningPoints: readonly ListeningPoint[];
  /**
   * Sends a request in a new client transaction. The layer adds the top Via (its own branch, `rport`) and, if missing,
   * Max-Forwards and Content-Length.
   * @param branchMark what the branch ends with: a proxy knows its own loops by it
   */
  request(
    request: SipRequest,
    destination: SipHop,
    user: ClientTransactionUser,
    branchMark?: string,
  ): ClientTransaction;
  /**
   * Sends a request outside of any transaction: ACK to a 2xx. Adds the top Via. A failure is only logged.
   * @returns the request as sent
   */
  sendStateless(request: SipRequest, destination: SipHop): SipRequest;
  /**
   * The listening point that requests to this hop leave from.
   * @throws NoTransportError when none speaks its protocol in its address family
   */
  pointTo(hop: SipHop): ListeningPoint;
  /** Is there an open connection to exactly this hop? Never for datagrams. */
  isConnected(hop: SipHop): boolean;
  /**
   * Opens a connection to this hop, unless there is one.
   * @returns false when that fails or takes longer, and for datagrams
   */
  connect(hop: SipHop, deadlineMs: number): Promise<boolean>;
  /** Live transactions and connections: zero when all is over. */
  counts(): { serverTransactions: number; clientTransactions: number; connections: number };
  /** Closes sockets, ends every transaction, resolves when all ports are free. Idempotent. */
  stop(): Promise<void>;
}
