/** A call's sound: its one leg, the way of that leg to another media server, and the last words on it. */
import { PartylineError, type TerminationReason } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import { sayGoodbye, type SpokenReason } from '../../ivr/index.ts';
import { terminationOfCause } from '../media/index.ts';
import { settled } from '../support/deadline.ts';
import { linkSignals } from '../support/signals.ts';
import type { CallerSide, CallLeg, LegMaker } from './ports.ts';
import { mediaPlace, withOriginOf } from '../support/sdp.ts';

export interface CallMediaOptions {
  readonly maker: LegMaker;
  readonly caller: CallerSide;
  /** The call's own. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onEnd: (reason: TerminationReason) => void;
  /** The leg lives, and is not in the room's mix any more. */
  readonly onOutOfRoom: () => void;
  readonly onLeg: (leg: CallLeg) => void;
  /** Once, when the caller has our 200. */
  readonly onAnswered: () => void;
}

export class CallMedia {
  readonly #options: CallMediaOptions;
  /** Nobody is left who could hear anything. */
  readonly #unheard = new AbortController();
  /** The caller's description of itself, as told last. */
  #callerSdp: string;
  /** Ours, as told last. */
  #ourSdp = '';
  #leg: CallLeg | undefined;
  #answered = false;

  constructor(options: CallMediaOptions) {
    this.#options = options;
    this.#callerSdp = options.caller.invite.offer;
    options.caller.renegotiate = (offer) => this.#renegotiate(offer);
  }

  pushDigit(digit: string): void {
    this.#leg?.pushDigit(digit);
  }

  /** The caller is gone: last words are not begun, or end at once. */
  silence(): void {
    this.#unheard.abort();
  }

  /**
   * A browser is answered by it, a telephone is not.
   * @param mediaServer where it should be; if that one cannot be had, any will do
   * @throws PartylineError sip/no-common-codec, media/unavailable, media/not-secured; LegGone when the call is over meanwhile
   */
  async open(language: string, mediaServer?: string): Promise<CallLeg> {
    const answer = (sdp: string): Promise<void> => this.#answer(sdp);
    const anywhere = (): Promise<CallLeg> => this.#make(language, { answer });
    const leg = await (mediaServer === undefined
      ? anywhere()
      : this.#make(language, { answer, mediaServer }).catch((error: unknown) => {
          if (this.#answered || !(error instanceof PartylineError && error.code === 'media/unavailable')) throw error;
          return anywhere();
        }));
    this.#use(leg);
    this.#ourSdp = leg.localSdp;
    this.#options.signal.throwIfAborted();
    return leg;
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Unless it is answered already. */
  async answer(): Promise<void> {
    if (!this.#answered) await this.#answer(this.#ourSdp);
  }

  async #answer(sdp: string): Promise<void> {
    await this.#options.caller.answer(sdp);
    this.#answered = true;
    this.#options.onAnswered();
    if (this.#callerSdp === '') await this.#takeAnswer();
  }

  /** Ours was the offer. */
  async #takeAnswer(): Promise<void> {
    const { caller, signal } = this.#options;
    const answer = await caller.answerInAck(signal);
    try {
      await this.#leg?.renegotiate(answer);
    } catch (error) {
      signal.throwIfAborted();
      throw new PartylineError('sip/no-common-codec', { cause: error });
    }
    this.#callerSdp = answer;
  }

  /**
   * Moves the call to the media server its room is on: a new leg there, a re-INVITE to the caller, then the old leg goes.
   * @throws PartylineError media/unavailable when that server cannot be reached; the old leg stays then
   */
  async moveTo(mediaServer: string): Promise<CallLeg> {
    const old = this.#leg;
    if (!old) throw new PartylineError('media/leg-gone');
    const leg = await this.#make(old.language, { mediaServer });
    try {
      this.#ourSdp = withOriginOf(leg.localSdp, this.#ourSdp);
      const answer = await this.#options.caller.reoffer(this.#ourSdp);
      if (mediaPlace(answer) !== mediaPlace(this.#callerSdp)) await leg.renegotiate(answer);
      this.#callerSdp = answer;
    } catch (error) {
      await leg.release();
      throw error;
    }
    await handOverKeys(old, leg);
    this.#use(leg);
    await old.release();
    return leg;
  }

  /** Until said, or unheard, or the time is over. Never throws. */
  async sayGoodbye(reason: SpokenReason, longestMs: number): Promise<void> {
    const leg = this.#leg;
    if (!leg || leg.gone || this.#unheard.signal.aborted) return;
    const stop = linkSignals([this.#unheard.signal]);
    await settled(sayGoodbye(leg.forLastWords(stop.signal), reason), longestMs);
    stop.abort();
    stop.unlink();
  }

  async release(): Promise<void> {
    await this.#leg?.release();
  }

  #make(
    language: string,
    more: { readonly mediaServer?: string; readonly answer?: (sdp: string) => Promise<void> },
  ): Promise<CallLeg> {
    const { maker, caller, signal, logger } = this.#options;
    const callerAddress = caller.invite.sourceAddress;
    return maker.createLeg({ offer: this.#callerSdp, callerAddress, language, signal, logger, ...more });
  }

  #use(leg: CallLeg): void {
    this.#leg = leg;
    leg.events.on('lost', (cause) => {
      if (this.#leg !== leg) return;
      this.#options.onEnd(terminationOfCause(cause));
      this.silence();
    });
    leg.events.on('left-conference', () => {
      if (this.#leg === leg) this.#options.onOutOfRoom();
    });
    this.#options.onLeg(leg);
  }

  async #renegotiate(offer: string): Promise<string> {
    if (!this.#leg) throw new PartylineError('media/leg-gone');
    const answer = await this.#leg.renegotiate(offer);
    this.#callerSdp = offer;
    this.#ourSdp = answer;
    return answer;
  }
}

/** What was keyed ahead is not lost on the way. */
async function handOverKeys(from: CallLeg, to: CallLeg): Promise<void> {
  for (;;) {
    const digit = await from.nextDigit({ timeoutMs: 0 });
    if (digit === null) return;
    to.pushDigit(digit);
  }
}
