/** A call of ours that was answered. */
import { PartylineError } from '../../config/contract/index.ts';
import { TypedEmitter } from '../support/typed-emitter.ts';
import { CallDialog, type Renegotiate } from './call-dialog.ts';
import type { SrfDialog } from './srf-port.ts';

export type OutgoingCallEvents = {
  /** The other side hung up. Once. */
  gone: [];
  /** A key told by INFO. */
  digit: [digit: string];
};

export class OutgoingCall {
  /** Name of the trunk it went through. */
  readonly trunk: string;
  readonly events: TypedEmitter<OutgoingCallEvents>;
  readonly #dialog: CallDialog;
  #over = false;

  constructor(parts: { dialog: SrfDialog; trunk: string; onListenerError: (error: unknown, event: string) => void }) {
    this.trunk = parts.trunk;
    this.events = new TypedEmitter(parts.onListenerError);
    this.#dialog = new CallDialog(parts.dialog, {
      onGone: () => this.#onGone(),
      onDigit: (digit) => this.events.emit('digit', digit),
    });
  }

  /** drachtio's id of the dialog. */
  get dialogId(): string {
    return this.#dialog.id;
  }

  /** What it answered: where its sound goes. */
  get answer(): string {
    return this.#dialog.remoteSdp;
  }

  get over(): boolean {
    return this.#over;
  }

  /** How new offers of the other side are answered; without it they get our present SDP again. */
  set renegotiate(answer: Renegotiate) {
    this.#dialog.renegotiate = answer;
  }

  /**
   * @returns the answer to our new offer
   * @throws PartylineError call/gone, signalling/lost
   */
  async reoffer(sdp: string): Promise<string> {
    if (this.#over) throw new PartylineError('call/gone');
    return this.#dialog.reoffer(sdp);
  }

  /** Hangs up; idempotent. Resolves when the other side knows, or after two seconds. */
  async end(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.events.removeAll();
    await this.#dialog.end();
  }

  #onGone(): void {
    if (this.#over) return;
    this.#over = true;
    this.events.emit('gone');
  }
}
