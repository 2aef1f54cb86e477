/**
 * RFC 4733 keys, and keys that came by SIP INFO: each once, however many packets or ways told of it. A key is known by
 * the RTP timestamp it began at; it is told at its end, or when nothing more is heard of it.
 */
import { timestampDistance, type RtpPacket } from '../../wire/rtp.ts';
import { eventOfKey, keyOfEvent, parseTelephoneEvent } from '../../wire/telephone-event.ts';

export interface Digit {
  readonly digit: string;
  /** Timestamp units. */
  readonly duration: number;
  readonly source: 'RTP' | 'INFO';
}

/** All three end packets lost: the key ended when its updates stopped. */
const LOST_END_MS = 150;
/** A key begun this far before one that is finished is an old packet; further back is a new timeline. */
const OLD_UNITS = 16_000;
const REMEMBERED = 16;
/** A key told by RTP and by INFO within this time is one key. */
const SAME_KEY_MS = 1000;
export const MAX_DIGITS_PER_SECOND = 20;

interface Pending {
  readonly key: string;
  readonly firstTimestamp: number;
  /** Of the running segment: very long keys go on with a new timestamp (RFC 4733 section 2.5.1.3). */
  segmentTimestamp: number;
  before: number;
  duration: number;
  lastHeardMs: number;
}

interface Told {
  readonly digit: string;
  readonly source: Digit['source'];
  readonly atMs: number;
}

/** What goes along when a leg moves to another thread. */
export interface DigitState {
  readonly capped: number;
  readonly ssrc: number | undefined;
  readonly pending: Pending | undefined;
  readonly finished: readonly number[];
  readonly told: readonly Told[];
  readonly emittedAtMs: readonly number[];
}

export class DigitDetector {
  /** Keys above the cap, dropped. */
  capped = 0;
  readonly #onDigit: (digit: Digit) => void;
  #ssrc: number | undefined;
  #pending: Pending | undefined;
  /** Timestamps of finished keys, newest last. */
  #finished: number[] = [];
  #told: Told[] = [];
  #emittedAtMs: number[] = [];

  constructor(onDigit: (digit: Digit) => void, state?: DigitState) {
    this.#onDigit = onDigit;
    if (!state) return;
    this.capped = state.capped;
    this.#ssrc = state.ssrc;
    this.#pending = state.pending;
    this.#finished = [...state.finished];
    this.#told = [...state.told];
    this.#emittedAtMs = [...state.emittedAtMs];
  }

  get state(): DigitState {
    return {
      capped: this.capped,
      ssrc: this.#ssrc,
      pending: this.#pending,
      finished: this.#finished,
      told: this.#told,
      emittedAtMs: this.#emittedAtMs,
    };
  }

  packet(packet: RtpPacket, nowMs: number): void {
    const event = parseTelephoneEvent(packet.payload);
    const key = event && keyOfEvent(event.event);
    if (!event || key === undefined) return;
    if (packet.ssrc !== this.#ssrc) this.#changeSource(packet.ssrc, nowMs);
    if (this.#isFinished(packet.timestamp)) return;
    const pending = this.#pendingFor(key, packet, nowMs);
    if (!pending) return;
    pending.lastHeardMs = nowMs;
    pending.duration = Math.max(pending.duration, pending.before + event.duration);
    if (event.end) this.#finish(nowMs);
  }

  /** A key that came by SIP INFO; what is no key is ignored. */
  inject(key: string, durationMs: number, nowMs: number): void {
    if (eventOfKey(key) === undefined) return;
    this.#tell({ digit: key.toUpperCase(), duration: Math.round(durationMs * 8), source: 'INFO' }, nowMs);
  }

  /** Call at least every 20 ms: ends keys whose end was lost. */
  tick(nowMs: number): void {
    if (this.#pending && nowMs - this.#pending.lastHeardMs > LOST_END_MS) this.#finish(nowMs);
  }

  #changeSource(ssrc: number, nowMs: number): void {
    this.#finish(nowMs);
    this.#ssrc = ssrc;
    this.#finished = [];
  }

  #isFinished(timestamp: number): boolean {
    if (this.#finished.includes(timestamp)) return true;
    const newest = this.#finished.at(-1);
    if (newest === undefined) return false;
    const ahead = timestampDistance(timestamp, newest);
    return ahead < 0 && ahead > -OLD_UNITS;
  }

  #pendingFor(key: string, packet: RtpPacket, nowMs: number): Pending | undefined {
    const pending = this.#pending;
    if (pending?.segmentTimestamp === packet.timestamp) return pending.key === key ? pending : undefined;
    if (pending) {
      const ahead = timestampDistance(packet.timestamp, pending.segmentTimestamp);
      if (ahead < 0 && ahead > -OLD_UNITS) return undefined;
      if (pending.key === key && !packet.marker && ahead === 0xffff) {
        this.#remember(pending.segmentTimestamp);
        pending.segmentTimestamp = packet.timestamp;
        pending.before += 0xffff;
        return pending;
      }
      this.#finish(nowMs);
    }
    const { timestamp } = packet;
    this.#pending = {
      key,
      firstTimestamp: timestamp,
      segmentTimestamp: timestamp,
      before: 0,
      duration: 0,
      lastHeardMs: nowMs,
    };
    return this.#pending;
  }

  #finish(nowMs: number): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    this.#remember(pending.segmentTimestamp);
    this.#tell({ digit: pending.key, duration: pending.duration, source: 'RTP' }, nowMs);
  }

  #remember(timestamp: number): void {
    this.#finished.push(timestamp);
    if (this.#finished.length > REMEMBERED) this.#finished.shift();
  }

  #tell(digit: Digit, nowMs: number): void {
    this.#told = this.#told.filter(({ atMs }) => nowMs - atMs < SAME_KEY_MS);
    const twin = this.#told.findIndex((told) => told.digit === digit.digit && told.source !== digit.source);
    if (twin >= 0) {
      this.#told.splice(twin, 1);
      return;
    }
    this.#emittedAtMs = this.#emittedAtMs.filter((atMs) => nowMs - atMs < 1000);
    if (this.#emittedAtMs.length >= MAX_DIGITS_PER_SECOND) {
      this.capped++;
      return;
    }
    this.#emittedAtMs.push(nowMs);
    this.#told.push({ digit: digit.digit, source: digit.source, atMs: nowMs });
    this.#onDigit(digit);
  }
}
