/** One call from a telephone, as SIP sees it: promise-only, typed, and safe to end at any moment. */
import { PartylineError, type TerminationReason } from '../../config/contract/index.ts';
import { withDeadline } from '../support/deadline.ts';
import { TypedEmitter } from '../support/typed-emitter.ts';
import { CallDialog, type Renegotiate } from './call-dialog.ts';
import { isTelephoneAnswer, type Invite } from './invite.ts';
import type { SendOptions, Srf, SrfDialog, SrfRequest, SrfResponse } from './srf-port.ts';

/** drachtio-server echoes what it sent at once; longer means that it is gone. */
const SEND_DEADLINE_MS = 5_000;

export type CallerGone = Extract<TerminationReason, 'caller-hung-up' | 'caller-cancelled' | 'ack-timeout'>;

export type IncomingCallEvents = {
  /** The caller ended it: CANCEL, BYE, or no ACK ever came. Once. */
  gone: [reason: CallerGone];
  /** A key told by INFO (RFC 4733 keys come through the media server). */
  digit: [digit: string];
  /** The body of the ACK. */
  acknowledged: [body: string];
};

type State = 'ringing' | 'early' | 'answering' | 'answered' | 'over';

export class IncomingCall {
  readonly invite: Invite;
  readonly trunk: string;
  readonly events: TypedEmitter<IncomingCallEvents>;
  readonly #srf: Srf;
  readonly #request: SrfRequest;
  readonly #response: SrfResponse;
  #state: State = 'ringing';
  #dialog: CallDialog | undefined;
  #renegotiate: Renegotiate | undefined;
  /** Of the ACK. */
  #acknowledgement: string | undefined;

  constructor(parts: {
    srf: Srf;
    request: SrfRequest;
    response: SrfResponse;
    invite: Invite;
    trunk: string;
    onListenerError: (error: unknown, event: string) => void;
  }) {
    this.#srf = parts.srf;
    this.#request = parts.request;
    this.#response = parts.response;
    this.invite = parts.invite;
    this.trunk = parts.trunk;
    this.events = new TypedEmitter(parts.onListenerError);
    parts.request.on('cancel', () => this.#onCancel());
  }

  /** drachtio's id of the dialog with the caller; absent before the answer. */
  get dialogId(): string | undefined {
    return this.#dialog?.id;
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  /** How new offers of the caller are answered; without it they get our present SDP again. */
  set renegotiate(answer: Renegotiate) {
    this.#renegotiate = answer;
    if (this.#dialog) this.#dialog.renegotiate = answer;
  }

  /** 183 with early media (RFC 3960). */
  progress(sdp: string): void {
    if (this.#state !== 'ringing') throw new Error(`A call that is ${this.#state} cannot have early media`);
    this.#state = 'early';
    this.#response.send(183, { body: sdp, headers: { 'Content-Type': 'application/sdp' } });
  }

  /**
   * 200 with our SDP. Resolves once it has left.
   * @throws PartylineError call/gone when the caller was faster, or signalling/lost
   */
  async answer(sdp: string): Promise<void> {
    if (this.#state !== 'ringing' && this.#state !== 'early') throw new PartylineError('call/gone');
    this.#state = 'answering';
    const answered = new Promise<void>((resolve, reject) => {
      this.#srf.createUAS(this.#request, this.#response, { localSdp: sdp }, (error, dialog) => {
        // The callback form, because a BYE may be in the same chunk of bytes: a listener set after an await is too late.
        if (dialog) {
          this.#onAnswered(dialog);
          resolve();
        } else reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
    try {
      await withDeadline(answered, SEND_DEADLINE_MS, 'sending the answer');
    } catch (error) {
      if (this.over) throw new PartylineError('call/gone', { cause: error });
      throw new PartylineError('signalling/lost', { cause: error });
    }
  }

  /**
   * The caller's SDP, when its INVITE had none: it comes with the ACK.
   * @throws PartylineError sip/no-common-codec when there is none that we take; call/gone
   */
  async answerInAck(signal: AbortSignal): Promise<string> {
    this.#acknowledgement ??= await this.#nextAcknowledgement(signal);
    if (!isTelephoneAnswer(this.#acknowledgement)) throw new PartylineError('sip/no-common-codec');
    return this.#acknowledgement;
  }

  #nextAcknowledgement(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        for (const off of offs) off();
        signal.removeEventListener('abort', onGone);
      };
      const onGone = () => {
        stop();
        reject(new PartylineError('call/gone'));
      };
      const offs = [
        this.events.on('acknowledged', (body) => {
          stop();
          resolve(body);
        }),
        this.events.on('gone', onGone),
      ];
      signal.addEventListener('abort', onGone, { once: true });
      if (this.over || signal.aborted) onGone();
    });
  }

  /**
   * Offers the caller another place for its sound (RFC 3261 section 14.1).
   * @returns the caller's answer
   * @throws PartylineError call/gone, signalling/lost
   */
  async reoffer(sdp: string): Promise<string> {
    const dialog = this.#dialog;
    if (this.#state !== 'answered' || !dialog) throw new PartylineError('call/gone');
    try {
      return await dialog.reoffer(sdp);
    } catch (error) {
      throw this.over ? new PartylineError('call/gone', { cause: error }) : error;
    }
  }

  #onAnswered(answered: SrfDialog): void {
    const dialog = new CallDialog(answered, {
      onGone: (reason) => this.#onDestroy(reason),
      onDigit: (digit) => this.events.emit('digit', digit),
      onAcknowledged: (body) => {
        this.#acknowledgement ??= body;
        this.events.emit('acknowledged', body);
      },
    });
    this.#dialog = dialog;
    dialog.renegotiate = this.#renegotiate;
    // Given up while the 200 was on its way.
    if (this.#state === 'over') void dialog.end();
    else this.#state = 'answered';
  }

  #onCancel(): void {
    if (this.#state === 'over' || this.#state === 'answered') return;
    this.#state = 'over';
    // drachtio-server answers the INVITE 487 by itself; if it has not yet, this does (RFC 3261 section 9.2).
    this.#trySend(487);
    this.events.emit('gone', 'caller-cancelled');
  }

  /** `reason` is drachtio-server's text when it made the BYE itself. */
  #onDestroy(reason: string | undefined): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.events.emit('gone', reason === 'ACK timeout' ? 'ack-timeout' : 'caller-hung-up');
  }

  /**
   * Refuses, or ends with BYE, whatever fits; idempotent. Resolves when the other side knows, or after two seconds.
   * @param reason value of the BYE's header Reason (RFC 3326)
   */
  async end(
    refusal: { status: number; headers?: Record<string, string> } = { status: 503 },
    reason?: string,
  ): Promise<void> {
    const before = this.#state;
    this.#state = 'over';
    this.events.removeAll();
    if (before === 'ringing' || before === 'early') this.#trySend(refusal.status, { headers: refusal.headers ?? {} });
    if (before === 'answered' && this.#dialog) await this.#dialog.end(reason);
  }

  #trySend(status: number, options: SendOptions = {}): void {
    if (this.#response.finalResponseSent) return;
    try {
      this.#response.send(status, options, () => undefined);
    } catch {
      // drachtio-srf throws when its connection is gone; by then there is nobody to tell.
      this.#state = 'over';
    }
  }
}
