/** Call records for applications that registered for them (`cdr:attempt`, `cdr:start`, `cdr:stop`). */
import { formatTime } from '../wire/drachtio-frame.ts';
import { serializeSipMessage, type SipMessage } from '../wire/sip-message.ts';
import type { ClientPort } from './client-port.ts';

export type RecordSource = 'network' | 'application';
export type AgentRole = 'uas' | 'uac' | 'proxy-uas' | 'proxy-uac';
/** In the real server's words; it calls the BYE after a missing ACK `system-initiated-termination`. */
export type StopReason =
  'call-rejected' | 'call-canceled' | 'normal-release' | 'session-expired' | 'system-initiated-termination';

export class CallRecords {
  readonly #next: (verb: string) => ClientPort | undefined;

  /** @param next the application in turn for this kind of record, if any takes it */
  constructor(next: (verb: string) => ClientPort | undefined) {
    this.#next = next;
  }

  /** An INVITE came, or was sent. */
  attempt(source: RecordSource, message: SipMessage): void {
    this.#tell('cdr:attempt', message, [source]);
  }

  /** It was answered with a 2xx. */
  start(source: RecordSource, role: AgentRole, message: SipMessage): void {
    this.#tell('cdr:start', message, [source], [role]);
  }

  stop(source: RecordSource, reason: StopReason, message: SipMessage): void {
    this.#tell('cdr:stop', message, [source], [reason]);
  }

  #tell(verb: string, message: SipMessage, before: readonly string[], after: readonly string[] = []): void {
    const client = this.#next(verb);
    client?.send([verb, ...before, formatTime(new Date()), ...after], serializeSipMessage(message));
  }
}

export function refusalReason(status: number): StopReason {
  return status === 487 ? 'call-canceled' : 'call-rejected';
}
