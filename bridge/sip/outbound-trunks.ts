/** Calls to telephones: through one trunk after the other until one of them takes the call. */
import type { Logger, Settings } from '../../config/index.ts';
import { AddressRanges } from './address-ranges.ts';
import { maskNumber } from './caller-identity.ts';
import { OutboundAttempt, type AttemptResult } from './outbound-attempt.ts';
import { OutgoingCall } from './outgoing-call.ts';
import type { Srf } from './srf-port.ts';

export interface OutboundTrunk {
  readonly name: string;
  /** `sip:host`, with port and transport where they matter. */
  readonly uri: string;
  /** Told to whoever is called, unless the call has a number of its own. */
  readonly callerNumber?: string;
  /** Told to nobody but who asks from one of these addresses, for this realm. */
  readonly account?: {
    readonly username: string;
    readonly password: string;
    readonly realm: string;
    readonly addresses: AddressRanges;
  };
}

export interface OutboundRequest {
  /** Digits, with a plus or without. */
  readonly number: string;
  readonly callerNumber?: string;
  /** Our SDP. */
  readonly offer: string;
  /** Ends the attempt; after the answer it has no effect. */
  readonly signal?: AbortSignal;
  /** Ringing and early media: 180 to 183, with SDP where there is some. */
  readonly onProgress?: (status: number, sdp: string | undefined) => void;
}

export type OutboundFailure =
  | 'busy'
  | 'declined'
  | 'no-answer'
  | 'unknown-number'
  /** Refused for another reason. */
  | 'refused'
  /** No trunk took the call. */
  | 'unavailable'
  /** By our side. */
  | 'cancelled';

export type OutboundOutcome =
  | { readonly answered: OutgoingCall }
  | { readonly failed: OutboundFailure; readonly status?: number; readonly trunk?: string };

export interface OutboundTrunksOptions {
  readonly srf: Srf;
  /** In the order in which they are tried. */
  readonly trunks: readonly OutboundTrunk[];
  readonly logger: Logger;
  /** Without any sign of progress for so long, the next trunk gets the call. Default 15,000. */
  readonly progressTimeoutMs?: number;
}

const NUMBER = /^\+?[0-9]{1,20}$/;
const PROGRESS_TIMEOUT_MS = 15_000;

export class OutboundTrunks {
  readonly #options: OutboundTrunksOptions;
  readonly #logger: Logger;

  constructor(options: OutboundTrunksOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ room: 'sip' });
  }

  /** Is there anywhere to send calls? */
  get available(): boolean {
    return this.#options.trunks.length > 0;
  }

  /**
   * Calls a number. A trunk that is out of order (5xx, silence, no connection, credentials refused) is followed by the next;
   * whatever the called side itself says is the answer.
   * @throws RangeError when a number is none
   */
  async call(request: OutboundRequest): Promise<OutboundOutcome> {
    for (const number of [request.number, request.callerNumber ?? '0']) {
      if (!NUMBER.test(number)) throw new RangeError('a telephone number has digits, and at most a plus before them');
    }
    for (const trunk of this.#options.trunks) {
      if (request.signal?.aborted) return { failed: 'cancelled' };
      const result = await this.#attempt(trunk, request);
      if ('dialog' in result) return { answered: this.#answered(result, trunk) };
      this.#logger.info(
        { trunk: trunk.name, number: maskNumber(request.number), status: result.status, why: result.why },
        'a trunk did not connect the call',
      );
      if (result.isFinal) return { failed: failureOf(result), ...statusOf(result), trunk: trunk.name };
    }
    return { failed: 'unavailable' };
  }

  #attempt(trunk: OutboundTrunk, request: OutboundRequest): Promise<AttemptResult> {
    const { srf, progressTimeoutMs = PROGRESS_TIMEOUT_MS } = this.#options;
    return new OutboundAttempt({ srf, trunk, request, progressTimeoutMs, logger: this.#logger }).run();
  }

  #answered({ dialog }: Extract<AttemptResult, { dialog: unknown }>, trunk: OutboundTrunk): OutgoingCall {
    const onListenerError = (error: unknown, event: string) =>
      this.#logger.error({ err: error, event }, 'a listener failed');
    return new OutgoingCall({ dialog, trunk: trunk.name, onListenerError });
  }
}

type Failed = Exclude<AttemptResult, { dialog: unknown }>;

function statusOf({ status }: Failed): { status?: number } {
  return status === undefined ? {} : { status };
}

function failureOf({ status, why }: Failed): OutboundFailure {
  if (why === 'cancelled') return 'cancelled';
  switch (status) {
    case 486:
    case 600:
      return 'busy';
    case 603:
    case 607:
    case 608:
      return 'declined';
    case 408:
    case 480:
    case 487:
    case undefined:
      return 'no-answer';
    case 404:
    case 410:
    case 484:
    case 604:
      return 'unknown-number';
    default:
      return 'refused';
  }
}

/** Trunks that calls may leave by, in the order of the settings; the one without a name comes last. */
export function outboundTrunksOf(settings: Pick<Settings, 'trunks' | 'outboundTrunk'>): OutboundTrunk[] {
  const named = settings.trunks.flatMap(({ name, addresses, outbound }): OutboundTrunk[] => {
    if (!outbound) return [];
    const { uri, username, password, realm, callerNumber } = outbound;
    const isKnown = username !== undefined && password !== undefined && realm !== undefined;
    return [
      {
        name,
        uri,
        ...(callerNumber === undefined ? {} : { callerNumber }),
        ...(isKnown && { account: { username, password, realm, addresses: new AddressRanges(addresses) } }),
      },
    ];
  });
  const { outboundTrunk } = settings;
  return outboundTrunk === undefined ? named : [...named, { name: 'outbound', uri: outboundTrunk }];
}
