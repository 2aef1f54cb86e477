/**
 * The sending half of a leg: 20 ms frames in, RTP packets out. Sequence number, timestamp and SSRC start at random and run
 * on without a break (RFC 3550 section 5.1); the timestamp follows the clock also while nothing is sent. Digits go out as
 * RFC 4733 events in place of audio, or as tones when the peer knows no events.
 */
import { randomBytes } from 'node:crypto';
import { encodeG711, g711Law, type G711Law } from '../../wire/g711.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../wire/rtp.ts';
import { eventOfKey, serializeTelephoneEvent } from '../../wire/telephone-event.ts';
import { FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS } from '../audio.ts';
import { DTMF_FREQUENCIES, ToneBank, tonePeak } from '../sources/tone-source.ts';
import type { SharedFrame } from '../shared-frame.ts';
import type { RemoteMedia } from '../types.ts';

/** The bytes are good during the call only. */
export type SendPacket = (bytes: Buffer) => void;

/** The end of an event is told three times, 20 ms apart so that one burst of loss does not take all. */
const END_PACKETS = 3;
const EVENT_VOLUME = 10;
const GAP_FRAMES = 3;
const MIN_DIGIT_FRAMES = 2;
/** The duration field ends at 65,535 units. */
const MAX_DIGIT_FRAMES = 400;
const MAX_QUEUED_DIGITS = 128;
const PTIMES: readonly number[] = [10, 20, 30, 40, 60];
/** 60 ms of G.711. */
const MAX_PAYLOAD_BYTES = 480;
const TONE_PEAK = tonePeak(-7);

/** What goes along when a leg moves to another thread; codes that did not fill a packet yet do not. */
export interface SenderState {
  readonly packets: number;
  readonly bytes: number;
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly queue: readonly Outgoing[];
  readonly digit: RunningDigit | undefined;
  readonly pauseFrames: number;
  readonly sending: boolean;
  readonly markNext: boolean;
}

type Outgoing = { kind: 'pause'; frames: number } | { kind: 'digit'; key: string; frames: number };

interface RunningDigit {
  readonly key: string;
  readonly frames: number;
  played: number;
  /** Timestamp at the beginning. */
  readonly timestamp: number;
  /** For a peer that knows no events: it is heard, not told. */
  readonly inBand: boolean;
}

export class RtpSender {
  packets = 0;
  /** Payload bytes, as RTCP counts them. */
  bytes = 0;
  readonly ssrc: number;
  readonly #send: SendPacket;
  #sequence: number;
  #timestamp: number;
  #law: G711Law = g711Law(0);
  #eventPayloadType: number | undefined;
  #packetSamples = FRAME_SAMPLES;
  #sending = false;
  #markNext = true;
  /** Codes that do not fill a packet yet. */
  readonly #rest = new Uint8Array(MAX_PAYLOAD_BYTES + FRAME_SAMPLES);
  #restLength = 0;
  /** One packet's memory, used for each: the network copies what it does not send at once. */
  readonly #packetBytes = Buffer.alloc(RTP_HEADER_BYTES + MAX_PAYLOAD_BYTES);
  /** The beginning of it, as long as the last packet. */
  #view: Buffer = this.#packetBytes;
  readonly #queue: Outgoing[] = [];
  #digit: RunningDigit | undefined;
  #tones: ToneBank | undefined;
  #pauseFrames = 0;

  constructor(send: SendPacket, state?: SenderState) {
    this.#send = send;
    const random = randomBytes(10);
    this.ssrc = state?.ssrc ?? random.readUInt32BE(0);
    // The lower half: SRTP's receivers guess how often it wrapped, and a wrap at the very start would fool them.
    this.#sequence = state?.sequence ?? random.readUInt16BE(4) & 0x7fff;
    this.#timestamp = state?.timestamp ?? random.readUInt32BE(6);
    if (!state) return;
    this.packets = state.packets;
    this.bytes = state.bytes;
    this.#sending = state.sending;
    this.#markNext = state.markNext;
    this.#pauseFrames = state.pauseFrames;
    this.#queue.push(...state.queue);
    this.#digit = state.digit;
  }

  get state(): SenderState {
    return {
      packets: this.packets,
      bytes: this.bytes,
      ssrc: this.ssrc,
      sequence: this.#sequence,
      timestamp: this.#timestamp,
      queue: this.#queue,
      digit: this.#digit,
      pauseFrames: this.#pauseFrames,
      sending: this.#sending,
      markNext: this.#markNext,
    };
  }

  /** After an SDP. */
  arm(remote: RemoteMedia): void {
    this.#law = g711Law(remote.audioPayloadType);
    this.#eventPayloadType = remote.telephoneEventPayloadType;
    this.#packetSamples = (PTIMES.includes(remote.ptime) ? remote.ptime : 20) * SAMPLES_PER_MS;
    this.#restLength = 0;
    const sending = remote.direction === 'sendrecv' || remote.direction === 'sendonly';
    if (sending && !this.#sending) this.#markNext = true;
    this.#sending = sending;
  }

  get sending(): boolean {
    return this.#sending;
  }

  /** RTP time of the next sample. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** Puts keys in line; `w` and `W` wait half a second and a second, anything else is skipped. */
  queueDigits(digits: string, durationMs: number): void {
    const frames = Math.max(MIN_DIGIT_FRAMES, Math.min(MAX_DIGIT_FRAMES, Math.round(durationMs / FRAME_MS)));
    for (const character of digits) {
      // `w` and `W` are pauses of different length and stay as they are.
      const key = character === 'w' ? character : character.toUpperCase();
      if (this.#queue.length >= MAX_QUEUED_DIGITS) return;
      if (key === 'w') this.#queue.push({ kind: 'pause', frames: 25 });
      else if (key === 'W') this.#queue.push({ kind: 'pause', frames: 50 });
      else if (eventOfKey(key) !== undefined) this.#queue.push({ kind: 'digit', key, frames });
    }
  }

  /** Sends 20 ms. @param shared the same samples, when others send them too */
  frame(samples: Int16Array, shared?: SharedFrame): void {
    this.#startNextDigit();
    if (!this.#sending) {
      this.#digit = undefined;
      this.#tones = undefined;
      this.#restLength = 0;
      this.skip(FRAME_SAMPLES);
      return;
    }
    if (this.#digit?.inBand) this.#audio(this.#toneFrame(this.#digit));
    else if (this.#digit) this.#event(this.#digit);
    else this.#audio(samples, shared);
  }

  /** Time that went by without anything sent. */
  skip(samples: number): void {
    this.#timestamp = (this.#timestamp + samples) >>> 0;
    this.#markNext = true;
  }

  #startNextDigit(): void {
    if (this.#digit) return;
    if (this.#pauseFrames > 0) {
      this.#pauseFrames--;
      return;
    }
    const next = this.#queue.shift();
    if (!next) return;
    if (next.kind === 'pause') {
      this.#pauseFrames = next.frames;
      return;
    }
    const { key, frames } = next;
    const inBand = this.#eventPayloadType === undefined;
    // What waits for its packet to be full is older than the event and must not follow it.
    if (!inBand && this.#restLength > 0) this.#flushRest();
    this.#digit = { key, frames, played: 0, timestamp: this.#timestamp, inBand };
  }

  #toneFrame(digit: RunningDigit): Int16Array {
    const tones = (this.#tones ??= new ToneBank(DTMF_FREQUENCIES[digit.key]!));
    const frame = Int16Array.from({ length: FRAME_SAMPLES }, () => Math.round(TONE_PEAK * tones.next()));
    if (++digit.played >= digit.frames) this.#endDigit();
    return frame;
  }

  #event(digit: RunningDigit): void {
    digit.played++;
    this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
    const played = Math.min(digit.played, digit.frames);
    const payload = serializeTelephoneEvent({
      event: eventOfKey(digit.key)!,
      end: digit.played >= digit.frames,
      volume: EVENT_VOLUME,
      duration: played * FRAME_SAMPLES,
    });
    this.#packet(this.#eventPayloadType!, digit.timestamp, payload, digit.played === 1);
    if (digit.played < digit.frames + END_PACKETS - 1) return;
    this.#endDigit();
    this.#markNext = true;
  }

  #endDigit(): void {
    this.#digit = undefined;
    this.#tones = undefined;
    this.#pauseFrames = GAP_FRAMES;
  }

  #audio(samples: Int16Array, shared?: SharedFrame): void {
    if (this.#packetSamples === FRAME_SAMPLES) {
      const bytes = this.#newPacket(FRAME_SAMPLES, this.#law.payloadType, this.#timestamp, this.#takeMarker());
      if (shared) bytes.set(shared.codes(this.#law), RTP_HEADER_BYTES);
      else encodeG711(this.#law, samples, bytes, RTP_HEADER_BYTES);
      this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
      this.#send(bytes);
      return;
    }
    encodeG711(this.#law, samples, this.#rest, this.#restLength);
    this.#restLength += FRAME_SAMPLES;
    this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
    while (this.#restLength >= this.#packetSamples) this.#sendRest(this.#packetSamples);
  }

  /** Sends the oldest waiting codes as one packet. */
  #sendRest(count: number): void {
    const timestamp = (this.#timestamp - this.#restLength) >>> 0;
    this.#packet(this.#law.payloadType, timestamp, this.#rest.subarray(0, count), this.#takeMarker());
    this.#rest.copyWithin(0, count, this.#restLength);
    this.#restLength -= count;
  }

  #flushRest(): void {
    this.#sendRest(this.#restLength);
  }

  #takeMarker(): boolean {
    const marker = this.#markNext;
    this.#markNext = false;
    return marker;
  }

  #packet(payloadType: number, timestamp: number, payload: Uint8Array, marker: boolean): void {
    const bytes = this.#newPacket(payload.length, payloadType, timestamp, marker);
    bytes.set(payload, RTP_HEADER_BYTES);
    this.#send(bytes);
  }

  /** Memory for one packet, its header written; good until the next one. */
  #newPacket(payloadBytes: number, payloadType: number, timestamp: number, marker: boolean): Buffer {
    const length = RTP_HEADER_BYTES + payloadBytes;
    if (this.#view.length !== length) this.#view = this.#packetBytes.subarray(0, length);
    const bytes = this.#view;
    writeRtpHeader(bytes, { marker, payloadType, sequence: this.#sequence, timestamp, ssrc: this.ssrc });
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packets++;
    this.bytes += payloadBytes;
    return bytes;
  }
}
