/** The timers of RFC 3261 table 4 and RFC 6026. */

export interface SipTimings {
  /** Estimate of the round trip, milliseconds. */
  readonly t1: number;
  /** Longest interval between retransmissions of a non-INVITE request or a final response to INVITE. */
  readonly t2: number;
  /** How long a message stays in the network. */
  readonly t4: number;
}

export const DEFAULT_TIMINGS: SipTimings = { t1: 500, t2: 4_000, t4: 5_000 };

/** Milliseconds; 0 means in the next turn of the event loop. A, E and G are first intervals. */
export interface TimerValues {
  /** Nothing is sent again hop by hop. */
  readonly reliable: boolean;
  readonly A: number;
  readonly B: number;
  readonly D: number;
  readonly E: number;
  readonly F: number;
  readonly G: number;
  readonly H: number;
  readonly I: number;
  readonly J: number;
  readonly K: number;
  readonly L: number;
  readonly M: number;
  /** Interval at which a server sends 2xx to INVITE again until it is acknowledged (RFC 3261 section 13.3.1.4). */
  readonly retransmit2xx: number;
  readonly longestInterval: number;
}

/** @param reliable TCP, TLS and WebSocket: nothing needs to be absorbed there, so D, I, J and K are zero */
export function timerValues({ t1, t2, t4 }: SipTimings, reliable: boolean): TimerValues {
  const transactionTime = 64 * t1;
  return {
    reliable,
    A: t1,
    B: transactionTime,
    D: reliable ? 0 : transactionTime,
    E: t1,
    F: transactionTime,
    G: t1,
    H: transactionTime,
    I: reliable ? 0 : t4,
    J: reliable ? 0 : transactionTime,
    K: reliable ? 0 : t4,
    L: transactionTime,
    M: transactionTime,
    retransmit2xx: t1,
    longestInterval: t2,
  };
}
