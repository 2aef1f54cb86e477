/**
 * A browser's media without a browser: libdatachannel does ICE, DTLS and SRTP, so our own are checked by somebody else's.
 * G.711 and tones come from the test telephone. Main thread only: the library ends the process when two threads use it.
 */
import { EventEmitter, once } from 'node:events';
import nodeDataChannel, { type PeerConnection, type Track } from 'node-datachannel';
import { decodeMulaw, encodeMulaw } from './rtp-phone.ts';
import type { Sound } from './wav.ts';

const FRAME_MS = 20;
const FRAME = 160;
const RTP_HEADER_BYTES = 12;
export const WEB_TELEPHONE_EVENT = 126;

export interface WebPacket {
  readonly payloadType: number;
  readonly sequence: number;
  readonly ssrc: number;
}

export interface WebPeerOptions {
  /** Payload type and name, in the order of preference. Default: PCMU, PCMA, telephone-event. */
  readonly codecs?: readonly (readonly [payloadType: number, name: string])[];
  /** Default actpass. */
  readonly setup?: 'actpass' | 'active';
}

/** The library's threads keep the process alive: call when the last peer is closed. */
export function endWebPeers(): void {
  nodeDataChannel.cleanup();
}

const G711_CODECS = [
  [0, 'PCMU'],
  [8, 'PCMA'],
  [WEB_TELEPHONE_EVENT, 'telephone-event/8000'],
] as const;

export class WebPeer {
  readonly packets: WebPacket[] = [];
  /** `state`: connecting, connected, disconnected, failed, closed; `sound`: more samples came. */
  readonly events = new EventEmitter();
  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #options: WebPeerOptions;
  readonly #ssrc = 1 + Math.floor(Math.random() * 0xfffffffe);
  #samples: number[] = [];
  #sequence = Math.floor(Math.random() * 0x7fff);
  #timestamp = Math.floor(Math.random() * 0xffffffff);
  #timer: NodeJS.Timeout | undefined;
  #state = 'new';

  constructor(options: WebPeerOptions = {}) {
    this.#options = options;
    this.#connection = new nodeDataChannel.PeerConnection('browser', {
      iceServers: [],
      bindAddress: '127.0.0.1',
      disableAutoNegotiation: true,
    });
    this.#connection.onStateChange((state) => {
      this.#state = state;
      this.events.emit('state', state);
    });
    const audio = new nodeDataChannel.Audio('0', 'SendRecv');
    for (const [payloadType, name] of options.codecs ?? G711_CODECS) audio.addAudioCodec(payloadType, name);
    audio.addSSRC(this.#ssrc, 'browser');
    this.#track = this.#connection.addTrack(audio);
    this.#track.onMessage((bytes) => this.#receive(bytes));
  }

  get state(): string {
    return this.#state;
  }

  get ssrc(): number {
    return this.#ssrc;
  }

  /** The complete offer, its candidates gathered. */
  async offer(): Promise<string> {
    const gathered = new Promise<void>((resolve) => {
      this.#connection.onGatheringStateChange((state) => state === 'complete' && resolve());
    });
    this.#connection.setLocalDescription('offer');
    await gathered;
    const { sdp } = this.#connection.localDescription()!;
    const { setup = 'actpass' } = this.#options;
    return sdp.replace(/a=setup:\w+/g, `a=setup:${setup}`);
  }

  accept(answer: string): void {
    this.#connection.setRemoteDescription(answer, 'answer');
  }

  async connected(deadlineMs = 10_000): Promise<void> {
    await this.until('connected', deadlineMs);
  }

  async until(wanted: string, deadlineMs = 10_000): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs);
    while (this.#state !== wanted) await once(this.events, 'state', { signal });
  }

  /** Sends its tone (0 = silence) every 20 ms until `quiet` or `close`. */
  talk(frequency: number, amplitude = 8000): void {
    this.quiet();
    const frames = Array.from({ length: 5 }, (_, frame) =>
      Buffer.from(
        Array.from({ length: FRAME }, (__, index) =>
          encodeMulaw(amplitude * Math.sin((2 * Math.PI * frequency * (frame * FRAME + index)) / 8000)),
        ),
      ),
    );
    let sent = 0;
    const started = performance.now();
    const send = (): void => {
      for (const due = Math.floor((performance.now() - started) / FRAME_MS); sent <= due; sent++) {
        this.send(0, frames[sent % frames.length]!, sent === 0);
        this.#timestamp = (this.#timestamp + FRAME) >>> 0;
      }
      this.#timer = setTimeout(send, Math.max(1, started + sent * FRAME_MS - performance.now()));
    };
    send();
  }

  quiet(): void {
    clearTimeout(this.#timer);
  }

  send(payloadType: number, payload: Buffer, marker = false, timestamp = this.#timestamp): void {
    const header = Buffer.alloc(RTP_HEADER_BYTES);
    header[0] = 0x80;
    header[1] = payloadType + (marker ? 128 : 0);
    header.writeUInt16BE(this.#sequence, 2);
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    this.#sequence = (this.#sequence + 1) % 65_536;
    if (this.#track.isOpen()) this.#track.sendMessageBinary(Buffer.concat([header, payload]));
  }

  /** Presses keys as RFC 4733 tells, all packets at once. */
  press(keys: string): void {
    for (const key of keys) {
      const event = '0123456789*#ABCD'.indexOf(key);
      const timestamp = this.#timestamp;
      for (const [end, duration] of [
        [0, 160],
        [0, 320],
        [0x80, 480],
        [0x80, 480],
        [0x80, 480],
      ] as const) {
        const payload = Buffer.from([event, end + 10, duration >> 8, duration & 255]);
        this.send(WEB_TELEPHONE_EVENT, payload, duration === 160, timestamp);
      }
      this.#timestamp = (this.#timestamp + 800) >>> 0;
    }
  }

  /** What is heard in the next `milliseconds` of sound. Rejects when it does not come in time. */
  async hear(milliseconds: number, skipMs = 0, deadlineMs = 10_000): Promise<Sound> {
    const from = this.#samples.length + skipMs * 8;
    const to = from + milliseconds * 8;
    const signal = AbortSignal.timeout(deadlineMs);
    while (this.#samples.length < to) await once(this.events, 'sound', { signal });
    return { rate: 8000, samples: Int16Array.from(this.#samples.slice(from, to)) };
  }

  close(): void {
    this.quiet();
    this.#connection.close();
  }

  #receive(bytes: Buffer): void {
    const payloadType = bytes[1]! % 128;
    // Reports come here, too.
    if (bytes[1]! >= 192 && bytes[1]! < 224) return;
    this.packets.push({ payloadType, sequence: bytes.readUInt16BE(2), ssrc: bytes.readUInt32BE(8) });
    if (payloadType !== 0) return;
    for (const code of bytes.subarray(RTP_HEADER_BYTES)) this.#samples.push(decodeMulaw(code));
    this.events.emit('sound');
  }
}
