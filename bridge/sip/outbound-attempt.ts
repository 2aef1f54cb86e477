/** One trunk asked for one call: INVITE, credentials where they are due, and when to stop waiting. */
import type { Logger } from '../../config/index.ts';
import { answerChallenge, readChallenges, type Challenge } from './digest.ts';
import type { OutboundRequest, OutboundTrunk } from './outbound-trunks.ts';
import { sipFailureOf, type SipFailure, type Srf, type SrfDialog, type SrfRequest } from './srf-port.ts';

export type AttemptResult =
  | { readonly dialog: SrfDialog }
  | {
      readonly status?: number;
      readonly why: string;
      /** The called side has spoken, or we have: no other trunk is asked. */
      readonly isFinal: boolean;
    };

export interface OutboundAttemptParts {
  readonly srf: Srf;
  readonly trunk: OutboundTrunk;
  readonly request: OutboundRequest;
  readonly progressTimeoutMs: number;
  readonly logger: Logger;
}

/** The first, and one more when its nonce was too old. */
const MAX_ANSWERS = 2;
/** How long the other side may take to answer a CANCEL before nobody waits for it any more. */
const CANCEL_GRACE_MS = 2_000;
const UNKNOWN_CALLER = 'anonymous';

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** To who asked, and nobody else. */
  readonly proxy: string;
}

export class OutboundAttempt {
  readonly #parts: OutboundAttemptParts;
  /** `sip:number@host;transport=…`. */
  readonly #uri: string;
  #answers = 0;
  /** The called side rings or speaks: it is its call now. */
  #hasProgressed = false;
  #sent: SrfRequest | undefined;
  /** Why no answer is wanted any more. */
  #stopped: 'cancelled' | 'no progress' | undefined;
  #wakeUp: () => void = () => undefined;

  constructor(parts: OutboundAttemptParts) {
    this.#parts = parts;
    this.#uri = parts.trunk.uri.replace(/^(sips?):/, `$1:${parts.request.number}@`);
  }

  async run(): Promise<AttemptResult> {
    const { signal } = this.#parts.request;
    const onAbort = () => this.#stop('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#invite();
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #invite(credentials?: Credentials): Promise<AttemptResult> {
    const timer = setTimeout(() => {
      if (!this.#hasProgressed) this.#stop('no progress');
    }, this.#parts.progressTimeoutMs);
    try {
      const outcome = await this.#untilAnsweredOrStopped(this.#send(credentials));
      if (outcome === 'stopped') return this.#resultOfStop();
      if ('dialog' in outcome) return this.#resultOfAnswer(outcome.dialog);
      const next = this.#stopped ? undefined : this.#answerChallenge(outcome);
      return next ? await this.#invite(next) : this.#resultOfFailure(outcome);
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(credentials: Credentials | undefined): Promise<{ dialog: SrfDialog } | SipFailure> {
    const { srf, trunk, request } = this.#parts;
    const caller = request.callerNumber ?? trunk.callerNumber ?? UNKNOWN_CALLER;
    const headers = { From: `<sip:${caller}@localhost>`, ...credentials?.headers };
    const options = { localSdp: request.offer, headers, ...(credentials && { proxy: credentials.proxy }) };
    try {
      const dialog = await srf.createUAC(this.#uri, options, {
        cbRequest: (_error, sent) => this.#onSent(sent),
        cbProvisional: (response) => {
          this.#hasProgressed = true;
          request.onProgress?.(response.status, response.body === '' ? undefined : response.body);
        },
      });
      return { dialog };
    } catch (error) {
      return sipFailureOf(error);
    }
  }

  #onSent(sent: SrfRequest | undefined): void {
    this.#sent = sent;
    if (this.#stopped) this.#cancel();
  }

  #stop(why: 'cancelled' | 'no progress'): void {
    this.#stopped ??= why;
    this.#cancel();
    this.#wakeUp();
  }

  #cancel(): void {
    try {
      this.#sent?.cancel();
    } catch (error) {
      // The connection to drachtio-server is gone, and with it the call.
      this.#parts.logger.debug({ err: error }, 'a call could not be cancelled');
    }
  }

  /** Once stopped, what is under way gets a short grace; an answer that comes even later is hung up. */
  async #untilAnsweredOrStopped<T extends { dialog: SrfDialog } | SipFailure>(
    work: Promise<T>,
  ): Promise<T | 'stopped'> {
    let isLate = false;
    let timer: NodeJS.Timeout | undefined;
    const stopped = new Promise<'stopped'>((resolve) => {
      this.#wakeUp = () => {
        timer ??= setTimeout(() => {
          isLate = true;
          resolve('stopped');
        }, CANCEL_GRACE_MS);
      };
      if (this.#stopped) this.#wakeUp();
    });
    void work.then((outcome) => {
      if (isLate && 'dialog' in outcome) void outcome.dialog.destroy().catch(() => undefined);
    });
    const outcome = await Promise.race([work, stopped]);
    clearTimeout(timer);
    return outcome;
  }

  #resultOfStop(): AttemptResult {
    const isCancelled = this.#stopped === 'cancelled';
    return { why: isCancelled ? 'cancelled' : 'no progress', isFinal: isCancelled };
  }

  #resultOfAnswer(dialog: SrfDialog): AttemptResult {
    if (!this.#stopped) return { dialog };
    // Answered while the CANCEL was on its way. Whoever lifted the receiver is not called again.
    void dialog.destroy().catch(() => undefined);
    return { why: this.#stopped, isFinal: true };
  }

  #resultOfFailure({ status, text }: SipFailure): AttemptResult {
    if (this.#stopped === 'cancelled') return { why: 'cancelled', isFinal: true };
    if (this.#stopped === 'no progress') return { why: 'no progress', isFinal: false };
    if (status === undefined) return { why: text, isFinal: false };
    const isOutOfOrder = status >= 500 && status < 600;
    const isUnknownToIt = status === 401 || status === 407;
    const isTrunksFault = isOutOfOrder || isUnknownToIt || status === 408;
    return { status, why: text, isFinal: this.#hasProgressed || !isTrunksFault };
  }

  /** Credentials for who may ask for them: this trunk's own address, for its own realm. Nobody else hears anything. */
  #answerChallenge({ status, response }: SipFailure): Credentials | undefined {
    const { trunk, logger } = this.#parts;
    const { account } = trunk;
    if (!response || (status !== 401 && status !== 407) || !account || !this.#sent) return undefined;
    const header = response.get(status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate') ?? '';
    const challenge = readChallenges(header).find(({ realm }) => realm === account.realm);
    if (!challenge || !account.addresses.includes(response.source_address)) {
      const { source_address: source } = response;
      logger.warn({ trunk: trunk.name, source, realms: realmsIn(header) }, 'credentials asked for by somebody else');
      return undefined;
    }
    if (!this.#mayAnswer(challenge)) return undefined;
    const authorization = answerChallenge(challenge, account, { method: 'INVITE', uri: this.#uri });
    const sequence = Number.parseInt(this.#sent.get('CSeq') ?? '', 10);
    return {
      // The same call, the next number (RFC 3261 section 22.2).
      headers: {
        'Call-ID': this.#sent.get('Call-ID') ?? '',
        From: this.#sent.get('From') ?? '',
        CSeq: `${sequence + 1} INVITE`,
        [status === 401 ? 'Authorization' : 'Proxy-Authorization']: authorization,
      },
      proxy: this.#placeOf(response),
    };
  }

  #mayAnswer({ isStale }: Challenge): boolean {
    this.#answers += 1;
    return this.#answers === 1 || (isStale && this.#answers <= MAX_ANSWERS);
  }

  /** A name may lead elsewhere the next time. */
  #placeOf(response: NonNullable<SipFailure['response']>): string {
    const { source_address: address, source_port: port } = response;
    const transport = /;transport=(udp|tcp|tls)/i.exec(this.#uri)?.[0] ?? '';
    const host = address.includes(':') ? `[${address.replace(/^\[|\]$/g, '')}]` : address;
    const scheme = this.#uri.startsWith('sips:') ? 'sips' : 'sip';
    return `${scheme}:${host}:${port}${transport}`;
  }
}

function realmsIn(header: string): string[] {
  return readChallenges(header).map(({ realm }) => realm.slice(0, 64));
}
