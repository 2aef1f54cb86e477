export interface DrachtioLimits {
  /** Applications connected at once. Default 100. */
  readonly maxClients: number;
  /** Bytes of one frame. Default 1 MiB. */
  readonly maxFrameBytes: number;
  /** Bytes of one frame before the secret has been told. Default 64 KiB. */
  readonly maxUnauthenticatedFrameBytes: number;
  /** Milliseconds a connection may stay without telling the secret. Default 5,000. */
  readonly authenticationDeadlineMs: number;
  /** Bytes a client may leave unread before it is given up. Default 16 MiB. */
  readonly maxUnsentBytes: number;
  /** Milliseconds a dialog may go on after its application has gone, without a request in it. Default one day. */
  readonly orphanDeadlineMs: number;
  /** Requests from the network that applications still have to answer; more are answered 503. Default 5,000. */
  readonly maxPendingRequests: number;
  /** Milliseconds an application may take for its first answer to a request. Default 64,000. */
  readonly answerDeadlineMs: number;
}

export const DEFAULT_DRACHTIO_LIMITS: DrachtioLimits = {
  maxClients: 100,
  maxFrameBytes: 1_048_576,
  maxUnauthenticatedFrameBytes: 65_536,
  authenticationDeadlineMs: 5_000,
  maxUnsentBytes: 16_777_216,
  orphanDeadlineMs: 86_400_000,
  maxPendingRequests: 5_000,
  answerDeadlineMs: 64_000,
};
