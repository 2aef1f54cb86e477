/** What a call needs of the rooms around it. Tests write these in a few lines. */
import type { Store } from '../../store/index.ts';
import type { RoomLeg } from '../conferences/index.ts';
import type { LegEvents } from '../media/index.ts';
import type { DialogueLeg } from '../../ivr/index.ts';
import type { IncomingCallEvents, Invite, Renegotiate } from '../sip/index.ts';
import type { TypedEmitter } from '../support/typed-emitter.ts';
import type { Logger } from '../../config/index.ts';

/** The caller's side: bridge/sip's IncomingCall. */
export interface CallerSide {
  readonly invite: Invite;
  readonly trunk: string;
  readonly dialogId: string | undefined;
  readonly events: Pick<TypedEmitter<IncomingCallEvents>, 'on'>;
  renegotiate: Renegotiate;
  progress(sdp: string): void;
  answer(sdp: string): Promise<void>;
  /** The caller's SDP, when its INVITE had none. */
  answerInAck(signal: AbortSignal): Promise<string>;
  /** A re-INVITE with our offer. @returns the caller's answer */
  reoffer(sdp: string): Promise<string>;
  /** @param reason value of a BYE's header Reason (RFC 3326) */
  end(refusal?: { status: number; headers?: Record<string, string> }, reason?: string): Promise<void>;
}

/** The media server's side: bridge/media's Leg. */
export interface CallLeg extends RoomLeg {
  readonly localSdp: string;
  readonly dialogId: string | undefined;
  readonly gone: boolean;
  readonly events: Pick<TypedEmitter<LegEvents>, 'on'>;
  pushDigit(digit: string): void;
  /** The caller hears themselves, until the leg is released. */
  echo(): Promise<void>;
  /** The language of all prompts from now on. */
  speak(language: string): void;
  forLastWords(signal: AbortSignal): DialogueLeg;
  renegotiate(offer: string): Promise<string>;
  release(): Promise<void>;
}

export interface LegMaker {
  /**
   * @param request.callerAddress where the caller's signalling comes from, if known
   * @param request.mediaServer the only one that will do
   * @param request.answer answers the caller, if that has to be done while the leg is made: a browser's
   */
  createLeg(request: {
    /** Empty: the leg offers, and is told the answer by `renegotiate`. */
    offer: string;
    callerAddress?: string;
    language: string;
    signal: AbortSignal;
    logger: Logger;
    mediaServer?: string;
    answer?: (sdp: string) => Promise<void>;
  }): Promise<CallLeg>;
}

export interface CallStore extends Pick<Store, 'calls'> {
  readonly tenants: Pick<Store['tenants'], 'get'>;
  readonly codes: Pick<Store['codes'], 'lookup'>;
  readonly passes: Pick<Store['passes'], 'redeemTicket'>;
  readonly tokens: Pick<Store['tokens'], 'redeem'>;
  readonly conferences: Pick<Store['conferences'], 'get'>;
}
