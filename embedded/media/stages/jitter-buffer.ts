/**
 * Adaptive jitter buffer. One byte of G.711 is one sample, so packets of any length go in as they came and 20 ms of samples
 * come out, decoded on the way. It starts small, grows at once when packets come too late, and shrinks again in quiet
 * moments when none has been close to late for a while.
 */
import type { G711Law } from '../../wire/g711.ts';
import { timestampDistance } from '../../wire/rtp.ts';
import { FRAME_SAMPLES } from '../audio.ts';
import { Concealer } from './concealer.ts';

const START_SAMPLES = 320;
const MAX_DELAY_SAMPLES = 1600;
/** Timestamps further away than this belong to another timeline. */
const HORIZON_SAMPLES = 8000;
/** So many late packets in a row: the sender's timeline moved (its timestamps stand still in silence). */
const LATE_RUN = 10;
const MAX_PACKETS = 128;
const WINDOW_PACKETS = 150;
const SHRINK_SLACK_SAMPLES = 480;
const FORCED_SHRINK_SLACK_SAMPLES = 960;
const QUIET_LEVEL = 150;

/** One packet that waits. Its memory is used again for another one. */
interface Held {
  timestamp: number;
  law: G711Law;
  codes: Uint8Array;
  /** How many of the codes are this packet's. */
  length: number;
  /** Every code is a zero. */
  silent: boolean;
}

export type PushOutcome = 'held' | 'late' | 'duplicate' | 'refused';
export type PullOutcome = 'audio' | 'concealed' | 'silence';

export class JitterBuffer {
  /** Packets that came too late to be played. */
  late: number;
  /** Frames for which nothing was there, since the first packet. */
  missed: number;
  /** The longest delay there has been, in samples. */
  longest = START_SAMPLES;
  readonly #held: Held[] = [];
  readonly #free: Held[] = [];
  readonly #concealer = new Concealer();
  #started = false;
  /** Timestamp of the next sample to be played. */
  #playout = 0;
  #delay = START_SAMPLES;
  #growBy = 0;
  #shrink: 'no' | 'when-quiet' | 'now' = 'no';
  #lateRun = 0;
  #strayTimestamp: number | undefined;
  #windowPackets = 0;
  #windowSlack = Infinity;

  /** @param before of a buffer that was there before this one */
  constructor(before: { readonly late: number; readonly missed: number } = { late: 0, missed: 0 }) {
    this.late = before.late;
    this.missed = before.missed;
  }

  /** @param codes are copied. @param begins the packet says that talk begins with it (RTP's marker) */
  push(law: G711Law, codes: Uint8Array, timestamp: number, begins = false): PushOutcome {
    if (!this.#started) this.#start(timestamp);
    const slack = timestampDistance(timestamp, this.#playout);
    // Some let their timestamps stand still while they are silent: such a packet is not late, it is new.
    if (begins && slack + codes.length <= 0 && this.#held.length === 0) {
      this.#start(timestamp);
      return this.#hold(law, codes, timestamp);
    }
    if (Math.abs(slack) > HORIZON_SAMPLES) return this.#pushStray(law, codes, timestamp);
    this.#strayTimestamp = undefined;
    this.#observe(slack);
    if (slack + codes.length <= 0) return this.#pushLate(law, codes, timestamp);
    this.#lateRun = 0;
    return this.#hold(law, codes, timestamp);
  }

  /** The next 20 ms; always fills the whole frame. */
  pull(frame: Int16Array): PullOutcome {
    if (!this.#started) {
      frame.fill(0);
      return 'silence';
    }
    if (this.#growBy > 0) {
      this.#growBy -= FRAME_SAMPLES;
      this.#delay += FRAME_SAMPLES;
      this.longest = Math.max(this.longest, this.#delay);
      this.#concealer.fill(frame, 0, FRAME_SAMPLES);
      return 'concealed';
    }
    this.#shrinkIfWanted();
    if (this.#isSilentNext()) return this.#pullSilence(frame);
    const real = this.#fill(frame);
    this.#playout = (this.#playout + FRAME_SAMPLES) >>> 0;
    if (real === 0) {
      this.missed++;
      return 'concealed';
    }
    this.#concealer.heard(frame);
    return 'audio';
  }

  /** Time that went by without a pull. What waits for it is not played: everything after it would be late for as long. */
  skip(samples: number): void {
    if (this.#started) this.#playout = (this.#playout + samples) >>> 0;
  }

  /** The next 20 ms are one packet of silence: common enough to be worth not decoding it. */
  #isSilentNext(): boolean {
    const head = this.#held[0];
    return head?.silent === true && head.length === FRAME_SAMPLES && head.timestamp === this.#playout;
  }

  #pullSilence(frame: Int16Array): PullOutcome {
    this.#dropHead();
    this.#playout = (this.#playout + FRAME_SAMPLES) >>> 0;
    this.#concealer.heardSilence();
    frame.fill(0);
    return 'silence';
  }

  /** Another source: forget everything. */
  reset(): void {
    this.#dropAll();
    this.#started = false;
    this.#growBy = 0;
    this.#shrink = 'no';
    this.#concealer.reset();
  }

  /** Milliseconds between a packet's arrival and its being played. */
  get delayMs(): number {
    return this.#delay / 8;
  }

  #start(timestamp: number): void {
    this.#dropAll();
    this.#started = true;
    this.#delay = START_SAMPLES;
    this.#playout = (timestamp - START_SAMPLES) >>> 0;
    this.#lateRun = 0;
    this.#strayTimestamp = undefined;
    this.#growBy = 0;
    this.#shrink = 'no';
    this.#windowPackets = 0;
    this.#windowSlack = Infinity;
  }

  /** One packet from another timeline may be a fault; two in a row are a restart of the sender's clock. */
  #pushStray(law: G711Law, codes: Uint8Array, timestamp: number): PushOutcome {
    const before = this.#strayTimestamp;
    this.#strayTimestamp = timestamp;
    if (before === undefined || Math.abs(timestampDistance(timestamp, before)) > HORIZON_SAMPLES) return 'refused';
    this.#start(timestamp);
    return this.#hold(law, codes, timestamp);
  }

  #pushLate(law: G711Law, codes: Uint8Array, timestamp: number): PushOutcome {
    this.late++;
    if (++this.#lateRun >= LATE_RUN) {
      this.#start(timestamp);
      return this.#hold(law, codes, timestamp);
    }
    const slack = timestampDistance(timestamp, this.#playout);
    const wanted = Math.ceil(-slack / FRAME_SAMPLES) * FRAME_SAMPLES;
    this.#growBy = Math.max(this.#growBy, Math.min(wanted, MAX_DELAY_SAMPLES - this.#delay));
    return 'late';
  }

  #hold(law: G711Law, codes: Uint8Array, timestamp: number): PushOutcome {
    if (this.#held.length >= MAX_PACKETS) return 'refused';
    let at = this.#held.length;
    while (at > 0 && timestampDistance(this.#held[at - 1]!.timestamp, timestamp) > 0) at--;
    if (at > 0 && this.#held[at - 1]!.timestamp === timestamp) return 'duplicate';
    const packet = this.#copy(law, codes, timestamp);
    if (at === this.#held.length) this.#held.push(packet);
    else this.#held.splice(at, 0, packet);
    return 'held';
  }

  #copy(law: G711Law, codes: Uint8Array, timestamp: number): Held {
    const { length } = codes;
    const packet = this.#free.pop() ?? newHeld(law);
    if (packet.codes.length < length) packet.codes = new Uint8Array(length);
    packet.codes.set(codes);
    packet.timestamp = timestamp;
    packet.law = law;
    packet.length = length;
    packet.silent = isSilent(law, codes);
    return packet;
  }

  #dropHead(): void {
    this.#free.push(this.#held.shift()!);
  }

  #dropAll(): void {
    while (this.#held.length > 0) this.#dropHead();
  }

  /** @returns how many samples were real */
  #fill(frame: Int16Array): number {
    let filled = 0;
    let real = 0;
    for (let head = this.#held[0]; head && filled < FRAME_SAMPLES; head = this.#held[0]) {
      const from = timestampDistance(this.#playout + filled, head.timestamp);
      if (from >= head.length) {
        this.#dropHead();
        continue;
      }
      if (from < 0) {
        const gapEnd = Math.min(FRAME_SAMPLES, filled - from);
        this.#concealer.fill(frame, filled, gapEnd);
        filled = gapEnd;
        continue;
      }
      const count = Math.min(head.length - from, FRAME_SAMPLES - filled);
      const { codes } = head;
      const table = head.law.toLinear;
      for (let index = 0; index < count; index++) frame[filled + index] = table[codes[from + index]!]!;
      filled += count;
      real += count;
      if (from + count >= head.length) this.#dropHead();
    }
    if (filled < FRAME_SAMPLES) this.#concealer.fill(frame, filled, FRAME_SAMPLES);
    return real;
  }

  #observe(slack: number): void {
    this.#windowSlack = Math.min(this.#windowSlack, slack);
    if (++this.#windowPackets < WINDOW_PACKETS) return;
    if (this.#windowSlack >= FORCED_SHRINK_SLACK_SAMPLES) this.#shrink = 'now';
    else if (this.#windowSlack >= SHRINK_SLACK_SAMPLES) this.#shrink = 'when-quiet';
    this.#windowPackets = 0;
    this.#windowSlack = Infinity;
  }

  #shrinkIfWanted(): void {
    if (this.#shrink === 'no') return;
    const next = this.#held[0];
    if (this.#shrink === 'when-quiet' && next && packetLevel(next) > QUIET_LEVEL) return;
    this.#shrink = 'no';
    this.#playout = (this.#playout + FRAME_SAMPLES) >>> 0;
    this.#delay = Math.max(START_SAMPLES, this.#delay - FRAME_SAMPLES);
  }
}

function newHeld(law: G711Law): Held {
  return { timestamp: 0, law, codes: new Uint8Array(FRAME_SAMPLES), length: 0, silent: false };
}

/** Sound is found out by its first codes. */
function isSilent(law: G711Law, codes: Uint8Array): boolean {
  for (let index = 0; index < codes.length; index++) if (law.toLinear[codes[index]!] !== 0) return false;
  return true;
}

function packetLevel({ codes, law, length }: Held): number {
  let sum = 0;
  for (let index = 0; index < length; index++) sum += Math.abs(law.toLinear[codes[index]!]!);
  return sum / length;
}
