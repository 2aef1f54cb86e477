/**
 * A browser's way to a leg, all on the leg's one RTP port (RFC 7983 tells apart what comes): ICE proves addresses, DTLS
 * gives keys, SRTP carries RTP and RTCP. Nothing is believed, or sent, before both are done.
 */
import type { RemoteMedia, SecureFailure, SecureMedia } from '../types.ts';
import { DtlsHandshake, type DtlsContext, type DtlsState, type SrtpKeys } from './dtls.ts';
import { IceAgent, type IceState } from './ice.ts';
import { SrtpSession, type SrtpState } from './srtp.ts';

export interface SecureTransportEvents {
  send(bytes: Buffer, address: string, port: number): void;
  /** Plain and genuine; the bytes are good during the call only. */
  rtp(bytes: Buffer, address: string, port: number, atMs: number): void;
  rtcp(bytes: Buffer): void;
  secured(): void;
  failed(reason: SecureFailure): void;
  /** The peer has not asked for media for half a minute: none is sent until it does. Told once. */
  consentLost(): void;
}

/** From the answer to the first media. drachtio-fsmrf waits four seconds for the channel after it. */
const HANDSHAKE_MS = 10_000;
/** RFC 7675 section 5.1. */
export const CONSENT_MS = 30_000;
const TIMER_MS = 100;

/** A transport on its way to another thread. */
export interface SecureState {
  readonly secure: SecureMedia | undefined;
  readonly ice: IceState;
  readonly dtls: DtlsState | undefined;
  readonly srtp: SrtpState | undefined;
  readonly armedAtMs: number;
  readonly consentLost: boolean;
  readonly strangers: number;
}

export class SecureTransport {
  readonly #context: DtlsContext;
  readonly #events: SecureTransportEvents;
  readonly #ice: IceAgent;
  #secure: SecureMedia | undefined;
  #dtls: DtlsHandshake | undefined;
  #srtp: SrtpSession | undefined;
  #armedAtMs = 0;
  #nextTimerMs = 0;
  #consentLost = false;
  #closed = false;
  #strangers = 0;

  constructor(context: DtlsContext, events: SecureTransportEvents, state?: SecureState) {
    this.#context = context;
    this.#events = events;
    const iceEvents = {
      send: (bytes: Buffer, address: string, port: number) => events.send(bytes, address, port),
      validated: () => this.#startHandshake(),
    };
    this.#ice = new IceAgent(iceEvents, state?.ice);
    if (state) this.#resume(state);
  }

  #resume(state: SecureState): void {
    const { openssl, memory } = this.#context;
    this.#secure = state.secure;
    this.#armedAtMs = state.armedAtMs;
    this.#consentLost = state.consentLost;
    this.#strangers = state.strangers;
    if (state.secure && state.dtls) this.#dtls = this.#handshake(state.secure, state.dtls);
    if (state.srtp) this.#srtp = SrtpSession.resume(openssl, memory, state.srtp);
  }

  /** Not to be used any more after that; another one goes on with it. */
  depart(): SecureState {
    const state = {
      secure: this.#secure,
      ice: this.#ice.state,
      dtls: this.#dtls?.depart(),
      srtp: this.#srtp?.depart(),
      armedAtMs: this.#armedAtMs,
      consentLost: this.#consentLost,
      strangers: this.#strangers,
    };
    this.#closed = true;
    return state;
  }

  /** After an SDP. A new fingerprint is a new peer: its handshake begins anew. */
  arm({ secure }: RemoteMedia, nowMs: number): void {
    if (!secure) return;
    const before = this.#secure;
    this.#secure = secure;
    this.#ice.arm(secure);
    if (before?.fingerprint === secure.fingerprint) return;
    this.#armedAtMs = nowMs;
    this.#endSession();
    if (before && this.#ice.selected) this.#startHandshake();
  }

  /** Media flows. */
  get ready(): boolean {
    return this.#srtp !== undefined && !this.#consentLost;
  }

  /** Packets dropped: of strangers, forged, or played again. */
  get refused(): number {
    const counters = this.#srtp?.counters;
    return this.#strangers + this.#ice.refused + (counters ? counters.refused + counters.replayed : 0);
  }

  receive(bytes: Uint8Array, address: string, port: number, atMs: number): void {
    const first = bytes[0];
    if (this.#closed || first === undefined) return;
    if (first < 4) this.#receiveStun(bytes, address, port, atMs);
    else if (!this.#ice.isValidated(address, port)) this.#strangers++;
    else if (first >= 20 && first < 64) this.#dtls?.receive(bytes);
    else if (first >= 128 && first < 192) this.#receiveMedia(bytes, address, port, atMs);
    else this.#strangers++;
  }

  sendRtp(packet: Uint8Array): void {
    const to = this.#ice.selected;
    if (to && this.#srtp && this.ready) this.#events.send(this.#srtp.protectRtp(packet), to.address, to.port);
  }

  sendRtcp(packet: Uint8Array): void {
    const to = this.#ice.selected;
    if (to && this.#srtp && this.ready) this.#events.send(this.#srtp.protectRtcp(packet), to.address, to.port);
  }

  /** Call every 20 ms. */
  tick(nowMs: number): void {
    if (this.#closed || nowMs < this.#nextTimerMs) return;
    this.#nextTimerMs = nowMs + TIMER_MS;
    if (this.#srtp) this.#watchConsent(nowMs);
    else if (nowMs - this.#armedAtMs > HANDSHAKE_MS) this.#fail('no-handshake');
    else this.#dtls?.tick();
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#endSession();
    this.#closed = true;
  }

  #receiveStun(bytes: Uint8Array, address: string, port: number, atMs: number): void {
    this.#ice.receive(bytes, address, port, atMs);
    if (this.#consentLost && this.#isConsentFresh(atMs)) this.#consentLost = false;
  }

  #receiveMedia(bytes: Uint8Array, address: string, port: number, atMs: number): void {
    const srtp = this.#srtp;
    if (!srtp) {
      this.#strangers++;
      return;
    }
    // RFC 5761 section 4: payload types 64 to 95 with the marker are RTCP's packet types.
    const type = bytes[1] ?? 0;
    if (type >= 192 && type < 224) {
      const report = srtp.unprotectRtcp(bytes);
      if (report) this.#events.rtcp(report);
      return;
    }
    const packet = srtp.unprotectRtp(bytes);
    if (packet) this.#events.rtp(packet, address, port, atMs);
  }

  #startHandshake(): void {
    const secure = this.#secure;
    if (this.#dtls || !secure || this.#closed) return;
    this.#dtls = this.#handshake(secure);
    if (secure.role === 'client') this.#dtls.start();
  }

  #handshake({ role, fingerprint }: SecureMedia, state?: DtlsState): DtlsHandshake {
    const events = {
      send: (datagram: Buffer) => this.#sendHandshake(datagram),
      connected: (keys: SrtpKeys) => this.#connected(keys),
      failed: (reason: SecureFailure) => this.#fail(reason),
    };
    return new DtlsHandshake(this.#context, { role, fingerprint, events }, state);
  }

  #sendHandshake(datagram: Buffer): void {
    const to = this.#ice.selected;
    if (to) this.#events.send(datagram, to.address, to.port);
  }

  #connected(keys: SrtpKeys): void {
    this.#srtp = SrtpSession.begin(this.#context.openssl, this.#context.memory, keys);
    this.#events.secured();
  }

  #fail(reason: SecureFailure): void {
    this.close();
    this.#events.failed(reason);
  }

  #watchConsent(nowMs: number): void {
    if (this.#consentLost || this.#isConsentFresh(nowMs)) return;
    this.#consentLost = true;
    this.#events.consentLost();
  }

  #isConsentFresh(nowMs: number): boolean {
    const { checkedAtMs } = this.#ice;
    return checkedAtMs !== undefined && nowMs - checkedAtMs < CONSENT_MS;
  }

  #endSession(): void {
    this.#dtls?.close();
    this.#dtls = undefined;
    this.#srtp?.free();
    this.#srtp = undefined;
  }
}
