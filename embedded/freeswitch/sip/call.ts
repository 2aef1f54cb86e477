/**
 * The SIP side of one call: the INVITE, its dialog and media descriptions. It tells the channel what it learns and is
 * told by the session to answer and to end.
 */
import type { Logger } from '../../../config/index.ts';
import type { MediaPort } from '../../media/index.ts';
import type { ServerTransaction, TransactionLayer } from '../../sip/index.ts';
import type { SipRequest } from '../../wire/sip-message.ts';
import type { Channel, Codec } from '../channel/channel.ts';
import { causeOfNumber, q850, sipStatus, type HangupCause } from '../channel/hangup-causes.ts';
import type { Leg } from '../channel/session.ts';
import { parseInfoDigit } from './info-digits.ts';
import { callerAddressOf } from './call-variables.ts';
import type { UasDialog } from './dialog.ts';
import { CRYPTO_VARIABLE, mediaVariables } from './media-variables.ts';
import { answerSdp, negotiate, offerSdp, remoteMedia, type LocalMedia, type Negotiated } from './negotiation.ts';
import { response, responseWithSdp, SERVER_NAME, ALLOW } from './responses.ts';
import { newIceCredentials, type IceCredentials } from './secure-description.ts';
import { parseSdp, SdpError, type SessionDescription } from './sdp.ts';

export interface SipCallOptions {
  readonly channel: Channel;
  readonly port: MediaPort;
  readonly dialog: UasDialog;
  readonly invite: ServerTransaction;
  readonly layer: TransactionLayer;
  readonly contact: string;
  readonly local: LocalMedia;
  /** Of our DTLS certificate; undefined when browsers cannot be served. */
  readonly dtlsFingerprint: string | undefined;
  /** Address of the server, told in o= on the wire. */
  readonly originAddress: string;
  readonly logger: Logger;
}

interface Acknowledgement {
  /** We offered; the answer comes with the ACK. */
  readonly answerAwaited: boolean;
  readonly done: () => void;
}

export class SipCall implements Leg {
  readonly #options: SipCallOptions;
  readonly #sdpId: number;
  #sdpVersion: number;
  #negotiated: Negotiated | undefined;
  #acknowledgement: Acknowledgement | undefined;
  /** Ours, and the peer's user fragment that they were made for: another one is an ICE restart. */
  #ice: (IceCredentials & { readonly remoteUfrag: string }) | undefined;
  #secured = false;
  #onSecured: (() => void) | undefined;
  #answered = false;
  #over = false;
  #disposition = 'send_refuse';

  constructor(options: SipCallOptions) {
    this.#options = options;
    this.#sdpId = Math.floor(Date.now() / 1_000) - options.local.port;
    this.#sdpVersion = this.#sdpId + 1;
    options.channel.gone.addEventListener('abort', () => this.#acknowledgement?.done(), { once: true });
    options.channel.gone.addEventListener('abort', () => this.#onSecured?.(), { once: true });
    options.port.on('secured', () => this.#onHandshakeDone());
  }

  get dialog(): UasDialog {
    return this.#options.dialog;
  }

  get disposition(): string {
    return this.#disposition;
  }

  /** A browser's call whose handshake is not done. */
  get halfOpen(): boolean {
    return this.#negotiated?.secure !== undefined && !this.#secured;
  }

  /** The offer of the INVITE. False when nothing in it can be taken. */
  takeOffer(offer: SessionDescription, text: string): boolean {
    const negotiated = this.#negotiate(offer);
    if (!negotiated) return false;
    this.#apply(negotiated, text, offer);
    this.#answer = { offer, negotiated };
    return true;
  }

  #answer: { readonly offer: SessionDescription; readonly negotiated: Negotiated } | undefined;

  async answer(): Promise<void> {
    const { channel, invite } = this.#options;
    if (this.#answered || this.#over) return;
    this.#answered = true;
    this.#disposition = 'send_bye';
    channel.markProgressMedia();
    channel.variables.set('endpoint_disposition', 'ANSWER');
    const acknowledged = this.#awaitAck(this.#answer === undefined);
    const sdp = this.#answer
      ? answerSdp(this.#origin(), this.#local, this.#answer.offer, this.#answer.negotiated)
      : this.#offer();
    invite.respond(responseWithSdp(200, this.#dialogHeaders(), sdp));
    if (!this.halfOpen) channel.markAnswered();
    await acknowledged;
    if (!this.halfOpen) return;
    // As FreeSWITCH does it; fsmrf overlooks a connection that comes before it has seen the 200.
    await this.#whenSecured();
    if (this.#secured) channel.markAnswered();
  }

  #whenSecured(): Promise<void> {
    if (this.#over || this.#options.channel.gone.aborted) return Promise.resolve();
    return new Promise((resolve) => (this.#onSecured = resolve));
  }

  #onHandshakeDone(): void {
    this.#secured = true;
    this.#options.channel.variables.setAll([CRYPTO_VARIABLE]);
    this.#onSecured?.();
  }

  end(cause: HangupCause): void {
    this.#acknowledgement?.done();
    if (this.#over) return;
    this.#over = true;
    const { invite } = this.#options;
    if (!this.#answered) {
      this.#respond(invite, response(sipStatus(cause), this.#reason(cause)));
      return;
    }
    const bye = this.dialog.request('BYE', [
      ['User-Agent', SERVER_NAME],
      ['Allow', ALLOW],
      ['Supported', 'path, replaces'],
      ...this.#reason(cause),
    ]);
    this.#options.layer.request(bye, this.dialog.hop(invite.source), { onResponse: () => undefined });
  }

  /** CANCEL before the answer. */
  onCancel(): void {
    this.#disposition = 'recv_cancel';
    this.#options.channel.hangup('ORIGINATOR_CANCEL');
  }

  onAckTimeout(): void {
    this.#options.channel.hangup('RECOVERY_ON_TIMER_EXPIRE');
  }

  onAck(ack: SipRequest): void {
    const pending = this.#acknowledgement;
    if (!pending) return;
    this.#acknowledgement = undefined;
    this.#options.channel.variables.setAll([
      ['sip_to_tag', this.dialog.localTag],
      ['sip_from_tag', this.dialog.remoteTag],
      ['sip_cseq', /^\d+/.exec(ack.headers.get('CSeq') ?? '')?.[0]],
      ['sip_call_id', this.dialog.callId],
      ['sip_full_via', ack.headers.getAll('Via').join(',')],
      ['sip_full_from', ack.headers.get('From')],
      ['sip_full_to', ack.headers.get('To')],
    ]);
    if (pending.answerAwaited) this.#takeAnswer(ack.body.toString('utf8'));
    pending.done();
  }

  /** A request inside the dialog, other than ACK. */
  onRequest(transaction: ServerTransaction): void {
    const { request } = transaction;
    if (!this.dialog.takes(request)) {
      this.#respond(transaction, response(500));
      return;
    }
    switch (request.method) {
      case 'BYE':
        this.#onBye(transaction);
        break;
      case 'INVITE':
        this.#onReinvite(transaction);
        break;
      case 'UPDATE':
        this.#onUpdate(transaction);
        break;
      case 'INFO':
        this.#onInfo(transaction);
        break;
      case 'OPTIONS':
        this.#respond(transaction, response(200, [['Accept', 'application/sdp']]));
        break;
      default:
        this.#respond(transaction, response(405));
    }
  }

  #onBye(transaction: ServerTransaction): void {
    this.#respond(transaction, response(200));
    if (this.#over) return;
    this.#over = true;
    this.#disposition = 'recv_bye';
    this.#options.channel.hangup(causeOfReason(transaction.request.headers.get('Reason')));
  }

  #onUpdate(transaction: ServerTransaction): void {
    if (transaction.request.body.length === 0) this.#respond(transaction, response(200, this.#contactHeader()));
    else if (this.#acknowledgement?.answerAwaited) this.#respond(transaction, response(491));
    else this.#renegotiate(transaction);
  }

  #onReinvite(transaction: ServerTransaction): void {
    if (this.#acknowledgement) {
      this.#respond(transaction, response(491));
      return;
    }
    this.dialog.refreshTarget(transaction.request);
    if (transaction.request.body.length > 0) {
      this.#renegotiate(transaction);
      return;
    }
    void this.#awaitAck(true);
    this.#sdpVersion++;
    this.#respond(transaction, responseWithSdp(200, this.#dialogHeaders(), this.#offer()));
  }

  #renegotiate(transaction: ServerTransaction): void {
    const text = transaction.request.body.toString('utf8');
    const offer = readSdp(text);
    const negotiated = offer && this.#negotiate(offer);
    if (!negotiated) {
      this.#respond(transaction, response(488));
      return;
    }
    this.dialog.refreshTarget(transaction.request);
    this.#sdpVersion++;
    this.#apply(negotiated, text, offer);
    const sdp = answerSdp(this.#origin(), this.#local, offer, negotiated);
    if (transaction.request.method === 'INVITE') void this.#awaitAck(false);
    this.#respond(transaction, responseWithSdp(200, this.#dialogHeaders(), sdp));
  }

  #onInfo(transaction: ServerTransaction): void {
    const { request } = transaction;
    const digit = parseInfoDigit(request.headers.get('Content-Type'), request.body.toString('utf8'));
    if (digit) this.#options.port.injectDigit(digit.digit, digit.durationMs);
    this.#respond(transaction, response(200));
  }

  #awaitAck(answerAwaited: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#acknowledgement = { answerAwaited, done: resolve };
    });
  }

  /** The answer to our offer. One that cannot be used leaves the endpoint without a peer. */
  #takeAnswer(text: string): void {
    const answer = readSdp(text);
    const negotiated = answer && negotiate(answer);
    if (!negotiated) {
      this.#options.logger.warn('the answer to an offer cannot be used');
      if (!this.#negotiated) this.#options.channel.hangup('INCOMPATIBLE_DESTINATION');
      return;
    }
    this.#apply(negotiated, text, undefined);
  }

  #apply(negotiated: Negotiated, remoteSdp: string, offer: SessionDescription | undefined): void {
    const { channel, port, invite } = this.#options;
    this.#negotiated = negotiated;
    this.#prepareIce(negotiated);
    const local = this.#local;
    const codec: Codec = { name: negotiated.codec.name, rate: 8_000, bitRate: 64_000 };
    if (channel.readCodec?.name !== 'L16') channel.readCodec = codec;
    channel.writeCodec = codec;
    const origin = { ...this.#origin(), address: local.address };
    const localSdp = offer ? answerSdp(origin, local, offer, negotiated, true) : offerSdp(origin, local, true);
    channel.variables.setAll(mediaVariables(local, localSdp, remoteSdp, negotiated));
    // fsmrf acknowledges our offer with our own address until it knows the real peer: nothing to send there.
    if (negotiated.address === local.address && negotiated.port === local.port) return;
    port.setRemote(remoteMedia(negotiated, callerAddressOf(invite.request), this.#ice));
  }

  #negotiate(offer: SessionDescription): Negotiated | undefined {
    const negotiated = negotiate(offer, this.#options.dtlsFingerprint !== undefined);
    // What began encrypted does not go on in the open, nor the other way round.
    const wasSecure = this.#negotiated && this.#negotiated.secure !== undefined;
    return wasSecure === undefined || (negotiated?.secure !== undefined) === wasSecure ? negotiated : undefined;
  }

  #prepareIce({ secure }: Negotiated): void {
    if (!secure || this.#ice?.remoteUfrag === secure.remoteUfrag) return;
    this.#ice = { ...newIceCredentials(), remoteUfrag: secure.remoteUfrag };
  }

  get #local(): LocalMedia {
    const { local, port, dtlsFingerprint: fingerprint } = this.#options;
    if (!this.#ice || fingerprint === undefined) return local;
    const { ufrag, password } = this.#ice;
    return { ...local, secure: { ufrag, password, fingerprint, ssrc: port.ssrc } };
  }

  #offer(): string {
    return offerSdp(this.#origin(), this.#options.local);
  }

  #origin(): { id: string; version: string; address: string } {
    return { id: String(this.#sdpId), version: String(this.#sdpVersion), address: this.#options.originAddress };
  }

  #dialogHeaders(): [string, string][] {
    return [
      ['To', this.dialog.to],
      ...this.#contactHeader(),
      ['Accept', 'application/sdp'],
      ['Allow-Events', 'talk, hold, conference, refer'],
    ];
  }

  #contactHeader(): [string, string][] {
    return [['Contact', this.#options.contact]];
  }

  #reason(cause: HangupCause): [string, string][] {
    return [['Reason', `Q.850;cause=${q850(cause)};text="${cause}"`]];
  }

  #respond(transaction: ServerTransaction, answer: ReturnType<typeof response>): void {
    try {
      transaction.respond(answer);
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'a response came too late');
    }
  }
}

export function readSdp(text: string): SessionDescription | undefined {
  try {
    return parseSdp(text);
  } catch (error) {
    if (error instanceof SdpError) return undefined;
    throw error;
  }
}

/** `Q.850;cause=17;text="…"` of the one who hangs up. */
function causeOfReason(reason: string | undefined): HangupCause {
  const given = (reason ?? '').split(',').find((value) => /^\s*Q\.850\s*;/i.test(value)) ?? '';
  const number = /;\s*cause\s*=\s*(\d{1,3})/i.exec(given)?.[1];
  return number === undefined ? 'NORMAL_CLEARING' : causeOfNumber(Number(number));
}
