/** What happens in the dialog of an answered call, whoever called whom. */
import { PartylineError } from '../../config/contract/index.ts';
import { settled, withDeadline } from '../support/deadline.ts';
import { readInfoDigit } from './info-digit.ts';
import { ALLOWED_METHODS } from './other-methods.ts';
import type { SrfDialog, SrfRequest, SrfResponse } from './srf-port.ts';

const REOFFER_DEADLINE_MS = 5_000;
/** A BYE is repeated for up to 32 s (RFC 3261 timer F); nobody waits for that. */
const BYE_DEADLINE_MS = 2_000;

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

  constructor(dialog: SrfDialog, user: CallDialogUser) {
    this.#dialog = dialog;
    dialog.on('destroy', (_request, reason) => user.onGone(reason));
    dialog.on('ack', (request) => user.onAcknowledged?.(request.body ?? ''));
    dialog.on('modify', (request, response) => void this.#onNewOffer(request, response));
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
      const offer = request.body ?? '';
      if (offer !== '' && this.renegotiate) local.sdp = await this.renegotiate(offer);
      response.send(200, { body: local.sdp, headers: { 'Content-Type': 'application/sdp' } });
    } catch {
      // RFC 3261 section 14.2: the session stays as it was.
      try {
        response.send(488);
      } catch {
        // drachtio-srf throws when its connection is gone; by then there is nobody to tell.
      }
    }
  }
}
