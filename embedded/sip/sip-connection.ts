/** What one connection of a stream transport can do, whether it carries bytes or WebSocket messages. */
import type { Logger } from '../../config/index.ts';
import type { Clock } from './clock.ts';
import type { SipHop } from './types.ts';

export interface SipConnection {
  /** True once messages can leave, false when it is closed before. */
  readonly opened: Promise<boolean>;
  /** Resolves when nothing of it is left. */
  readonly closed: Promise<void>;
  /** `onError` is called at most once, never before this returns. */
  send(bytes: Buffer, onError: (error: Error) => void): void;
  /** Idempotent. */
  close(reason: string): void;
}

export interface SipConnectionOptions {
  readonly peer: SipHop;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxMessageBytes: number;
  /** From the first byte of a message to its last. */
  readonly messageDeadlineMs: number;
  /** Without a byte either way, unless the connection is needed. */
  readonly idleMs: number;
  readonly isNeeded: () => boolean;
  readonly onMessage: (bytes: Buffer, source: SipHop) => void;
  readonly onClosed: () => void;
}

/** Answer to a double CRLF (RFC 5626 section 3.5.1; RFC 7118 section 6). */
export const PONG = Buffer.from('\r\n');
/** A peer that does not read is given up rather than remembered. */
export const MAX_UNSENT_BYTES = 1_048_576;
