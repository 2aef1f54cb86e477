/** What happens in the dialog of an answered call, whoever called whom. */
import { PartylineError } from '../../config/contract/index.ts';
import { settled, withDeadline } from '../support/deadline.ts';
import { freshOffer } from '../support/sdp.ts';
import { readInfoDigit } from './info-digit.ts';
import { ALLOWED_METHODS } from './other-methods.ts';
import type { SendOptions, SrfDialog, SrfRequest, SrfResponse } from './srf-port.ts';

const REOFFER_DEADLINE_MS = 5_000;
/** A BYE is repeated for up to 32 s (RFC 3261 timer F); nobody waits for that. */
const BYE_DEADLINE_MS = 2_000;
const SDP_TYPE = { 'Content-Type': 'application/sdp' };

/** Answers a new offer inside the call (hold, new address): resolves with our SDP. */
export type Renegotiate = (offer: string) => Promise<string>;

export interface CallDialogUser {
  /** The other side has ended it; `reason` is drachtio-server's text when it made the BYE itself. */
  onGone(reason: string | undefined): void;
  onDigit(digit: string): void;
  /** @param body of the ACK */
  onAcknowledged?(body: string): void;
}

export class CallDialog {
  /** How new offers are answered; without it they get our present SDP again. */
  renegotiate: Renegotiate | undefined;
  readonly #dialog: SrfDialog;
  /** CSeq of a re-INVITE that we have answered with an offer; the answer comes with its ACK. */
  #offeredIn: number | undefined;

  constructor(dialog: SrfDialog, user: CallDialogUser) {
    this.#dialog = dialog;
    dialog.on('destroy', (_request, reason) => user.onGone(reason));
    dialog.on('ack', (request) => {
      // The ACK before it may come after it: drachtio-srf tells of an ACK later than of what follows.
      if (this.#offeredIn === sequenceOf(request)) void this.#onAnswer(request.body ?? '');
      user.onAcknowledged?.(request.body ?? '');
    });
    dialog.on('modify', (request, response) => {
      if ((request.body ?? '') === '') this.#offer(request, response);
      else void this.#onNewOffer(request, response);
    });
    dialog.on('update', (request, response) => {
      if ((request.body ?? '') === '') trySend(response, 200);
      else if (this.#offeredIn !== undefined)
        trySend(response, 491); // two offers must not cross (RFC 3311 section 5.2)
      else void this.#onNewOffer(request, response);
    });
    dialog.on('info', (request, response) => {
      const digit = readInfoDigit(request.get('Content-Type'), request.body);
      response.send(200);
      if (digit !== null) user.onDigit(digit);
    });
    // drachtio-srf would say 200 to these by itself. Nobody sends us anywhere (RFC 3515 section 2.4.2).
    dialog.on('refer', (_request, response) => response.send(603));
    for (const method of ['message', 'publish'] as const) {
      dialog.on(method, (_request, response) => response.send(405, { headers: { Allow: ALLOWED_METHODS } }));
    }
  }

  get id(): string {
    return this.#dialog.id;
  }

  get remoteSdp(): string {
    return this.#dialog.remote.sdp;
  }

  /**
   * Offers the other side another place for its sound (RFC 3261 section 14.1).
   * @returns its answer
   * @throws PartylineError signalling/lost
   */
  async reoffer(sdp: string): Promise<string> {
    try {
      return await withDeadline(this.#dialog.modify(sdp), REOFFER_DEADLINE_MS, 'a re-INVITE');
    } catch (error) {
      throw new PartylineError('signalling/lost', { cause: error });
    }
  }

  /**
   * BYE. Resolves when the other side knows, or after two seconds.
   * @param reason value of the header Reason (RFC 3326)
   */
  async end(reason?: string): Promise<void> {
    const options = reason === undefined ? {} : { headers: { Reason: reason } };
    await settled(this.#dialog.destroy(options), BYE_DEADLINE_MS);
  }

  async #onNewOffer(request: SrfRequest, response: SrfResponse): Promise<void> {
    const { local } = this.#dialog;
    try {
      if (this.renegotiate) local.sdp = await this.renegotiate(request.body ?? '');
      trySend(response, 200, { body: local.sdp, headers: SDP_TYPE });
    } catch {
      // RFC 3261 section 14.2: the session stays as it was.
      trySend(response, 488);
    }
  }

  /** A re-INVITE without an offer wants ours. */
  #offer(request: SrfRequest, response: SrfResponse): void {
    const { local } = this.#dialog;
    local.sdp = freshOffer(local.sdp);
    this.#offeredIn = sequenceOf(request);
    trySend(response, 200, { body: local.sdp, headers: SDP_TYPE });
  }

  /** The media server takes it as an offer: it has been told nothing of ours. One that cannot be taken changes nothing. */
  async #onAnswer(sdp: string): Promise<void> {
    this.#offeredIn = undefined;
    if (sdp !== '') await this.renegotiate?.(sdp).catch(() => undefined);
  }
}

function sequenceOf(request: Pick<SrfRequest, 'get'>): number {
  return Number.parseInt(request.get('CSeq') ?? '', 10);
}

/** drachtio-srf throws when its connection is gone; by then there is nobody to tell. */
function trySend(response: SrfResponse, status: number, options: SendOptions = {}): void {
  try {
    response.send(status, options);
  } catch {
    // Nobody to tell.
  }
}
