/** A fake network for one transaction: what it sends is written down with the time. */
import { createLogger } from '../../../config/index.ts';
import type { ClientTransactionEnvironment } from '../../../embedded/sip/client-transaction.ts';
import type { InviteServerEnvironment } from '../../../embedded/sip/server-transaction.ts';
import { DEFAULT_TIMINGS, timerValues } from '../../../embedded/sip/timings.ts';
import {
  EMPTY_BODY,
  parseSipMessage,
  SipHeaders,
  type SipRequest,
  type SipResponse,
} from '../../../embedded/wire/sip-message.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

export class FakeNetwork {
  readonly clock = new ManualClock();
  /** `<start line without SIP/2.0>@<time>`. */
  readonly sent: string[] = [];
  readonly cancels: SipRequest[] = [];
  ended = 0;
  /** Set by a transaction that asks whether anybody is there. */
  unreachable: ((error: Error) => void) | undefined;
  /** The next send fails with this. */
  fault: Error | undefined;
  /** `refused` and `settled`, as an INVITE's counter hears them. */
  readonly news: string[] = [];
  readonly environment: ClientTransactionEnvironment & InviteServerEnvironment;

  constructor(reliable: boolean) {
    this.environment = {
      clock: this.clock,
      timers: timerValues(DEFAULT_TIMINGS, reliable),
      logger: createLogger({ logLevel: 'silent' }),
      send: (bytes, onError) => {
        const message = parseSipMessage(bytes);
        this.sent.push(`${message.kind === 'request' ? message.method : message.status}@${this.clock.now()}`);
        const { fault } = this;
        this.fault = undefined;
        if (fault) this.clock.startTimer('fault', 0, () => onError(fault));
      },
      probe: (onUnreachable) => void (this.unreachable = onUnreachable),
      sendCancel: (cancel) => void this.cancels.push(cancel),
      ended: () => this.ended++,
      refused: () => this.news.push('refused'),
      settled: () => this.news.push('settled'),
    };
  }
}

export function makeRequest(method: string): SipRequest {
  const headers = new SipHeaders([
    ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx'],
    ['Route', '<sip:proxy.example.com;lr>'],
    ['From', '<sip:a@example.com>;tag=1'],
    ['To', '<sip:b@example.com>'],
    ['Call-ID', 'c'],
    ['CSeq', `7 ${method}`],
  ]);
  return { kind: 'request', method, uri: 'sip:b@example.com', headers, body: EMPTY_BODY };
}

/** As the other side would answer that request. */
export function makeResponse(status: number, request?: SipRequest, toTag = '2'): SipResponse {
  const headers = new SipHeaders();
  if (request) {
    for (const name of ['Via', 'From', 'Call-ID', 'CSeq']) headers.append(name, request.headers.get(name)!);
    headers.append('To', `${request.headers.get('To')!};tag=${toTag}`);
  }
  return { kind: 'response', status, reason: 'x', headers, body: EMPTY_BODY };
}
