/**
 * A telephone's media without its signalling: plain UDP, G.711 µ-law, one tone of its own. Written without the service's
 * codecs, so that a fault in those is not shared.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Sound } from './wav.ts';

const FRAME_MS = 20;
const FRAME = 160;

const DECODE = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = 255 - code;
  const magnitude = (2 * (bits % 16) + 33) * 2 ** (Math.floor(bits / 16) % 8) - 33;
  return (bits >= 128 ? -4 : 4) * magnitude;
});

export function decodeMulaw(code: number): number {
  return DECODE[code]!;
}

export function encodeMulaw(sample: number): number {
  let best = 0;
  for (let code = 0; code < 256; code++) {
    if (Math.abs(DECODE[code]! - sample) < Math.abs(DECODE[best]! - sample)) best = code;
  }
  return best;
}

/** Frames that can be sent again and again: every multiple of 10 Hz fits into 100 ms. */
export function toneFrames(frequency: number, amplitude: number): Buffer[] {
  return Array.from({ length: 5 }, (_, frame) =>
    Buffer.from(
      Array.from({ length: FRAME }, (__, index) =>
        encodeMulaw(amplitude * Math.sin((2 * Math.PI * frequency * (frame * FRAME + index)) / 8000)),
      ),
    ),
  );
}

export interface HeardEvent {
  readonly event: number;
  readonly end: boolean;
  readonly duration: number;
  readonly timestamp: number;
}

export interface HeardPacket {
  readonly atMs: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payloadType: number;
  readonly marker: boolean;
  readonly bytes: number;
}

export class RtpPhone {
  readonly packets: HeardPacket[] = [];
  readonly events: HeardEvent[] = [];
  readonly #socket: Socket;
  readonly #control: Socket;
  #samples: number[] = [];
  #waiting: { samples: number; tell: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #sequence = Math.floor(Math.random() * 65_536);
  #timestamp = Math.floor(Math.random() * 0xffffffff);
  readonly #ssrc = Math.floor(Math.random() * 0xffffffff);

  private constructor(socket: Socket, control: Socket) {
    this.#socket = socket;
    this.#control = control;
    socket.on('message', (bytes) => this.#receive(bytes));
  }

  static async open(address = '127.0.0.1'): Promise<RtpPhone> {
    for (;;) {
      const socket = createSocket('udp4');
      socket.bind(0, address);
      await once(socket, 'listening');
      const control = createSocket('udp4');
      control.bind(socket.address().port + 1, address);
      const bound = await once(control, 'listening').then(
        () => true,
        () => false,
      );
      if (bound) return new RtpPhone(socket, control);
      socket.close();
    }
  }

  /** What somebody would have to guess who wants to be taken for this phone: the next packet's numbers. */
  get next(): { readonly ssrc: number; readonly sequence: number; readonly timestamp: number } {
    return { ssrc: this.#ssrc, sequence: this.#sequence, timestamp: this.#timestamp };
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Sends its tone (0 = silence) every 20 ms until `quiet` or `close`; the tone's phase runs on. */
  talk(toPort: number, frequency: number, amplitude = 8000): void {
    const frames = toneFrames(frequency, amplitude);
    this.#everyFrame((sent) => this.send(toPort, 0, frames[sent % frames.length]!, sent === 0));
  }

  /** The same over a bad line: each packet is kept back by the next of `delaysMs` in turn; undefined = it is lost. */
  talkBadly(toPort: number, frequency: number, delaysMs: readonly (number | undefined)[]): void {
    const frames = toneFrames(frequency, 8000);
    this.#everyFrame((sent) => {
      const packet = this.#packet(0, frames[sent % frames.length]!, sent === 0);
      const delayMs = delaysMs[sent % delaysMs.length];
      if (delayMs !== undefined) setTimeout(() => this.throw(toPort, packet), delayMs);
    });
  }

  #everyFrame(frame: (sent: number) => void): void {
    this.quiet();
    let sent = 0;
    const started = performance.now();
    const send = (): void => {
      for (const due = Math.floor((performance.now() - started) / FRAME_MS); sent <= due; sent++) {
        frame(sent);
        this.#timestamp = (this.#timestamp + FRAME) >>> 0;
      }
      this.#timer = setTimeout(send, Math.max(1, started + sent * FRAME_MS - performance.now()));
    };
    send();
  }

  quiet(): void {
    clearTimeout(this.#timer);
  }

  /** One packet, now. */
  send(toPort: number, payloadType: number, payload: Buffer, marker = false, timestamp = this.#timestamp): void {
    this.throw(toPort, this.#packet(payloadType, payload, marker, timestamp));
  }

  #packet(payloadType: number, payload: Buffer, marker: boolean, timestamp = this.#timestamp): Buffer {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = payloadType + (marker ? 128 : 0);
    header.writeUInt16BE(this.#sequence, 2);
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    this.#sequence = (this.#sequence + 1) % 65_536;
    return Buffer.concat([header, payload]);
  }

  /** Presses keys as RFC 4733 tells, all packets of all keys at once: who counts keys must not need their timing. */
  press(toPort: number, keys: string, payloadType = 101): void {
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
        this.send(
          toPort,
          payloadType,
          Buffer.from([event, end + 10, duration >> 8, duration & 255]),
          duration === 160,
          timestamp,
        );
      }
      this.#timestamp = (this.#timestamp + 800) >>> 0;
    }
  }

  /** Bytes that need not be RTP, from where the phone's sound comes from. */
  throw(toPort: number, bytes: Buffer): void {
    if (!this.#closed) this.#socket.send(bytes, toPort, '127.0.0.1');
  }

  sendReport(toPort: number, bytes: Buffer): void {
    this.#control.send(bytes, toPort, '127.0.0.1');
  }

  /** What is heard in the next `milliseconds` of sound. Rejects when it does not come in time. */
  async hear(milliseconds: number, skipMs = 0, deadlineMs = 10_000): Promise<Sound> {
    const from = this.#samples.length + skipMs * 8;
    const samples = from + milliseconds * 8;
    await new Promise<void>((tell, fail) => {
      const deadline = setTimeout(
        () => fail(new Error(`no ${milliseconds} ms of sound in ${deadlineMs} ms`)),
        deadlineMs,
      );
      this.#waiting.push({
        samples,
        tell: () => {
          clearTimeout(deadline);
          tell();
        },
      });
    });
    return { rate: 8000, samples: Int16Array.from(this.#samples.slice(from, samples)) };
  }

  /** The next compound RTCP datagram that holds a packet of this type. */
  report(type: number): Promise<Buffer> {
    return new Promise((resolve) => {
      const listen = (bytes: Buffer): void => {
        for (let at = 0; at + 4 <= bytes.length; at += 4 * (bytes.readUInt16BE(at + 2) + 1)) {
          if (bytes[at + 1] !== type) continue;
          this.#control.off('message', listen);
          resolve(bytes);
        }
      };
      this.#control.on('message', listen);
    });
  }

  async close(): Promise<void> {
    this.quiet();
    this.#closed = true;
    await Promise.all(
      [this.#socket, this.#control].map((socket) => new Promise<void>((done) => socket.close(() => done()))),
    );
  }

  #receive(bytes: Buffer): void {
    const payloadType = bytes[1]! % 128;
    const packet = {
      atMs: performance.now(),
      sequence: bytes.readUInt16BE(2),
      timestamp: bytes.readUInt32BE(4),
      ssrc: bytes.readUInt32BE(8),
      payloadType,
      marker: bytes[1]! >= 128,
      bytes: bytes.length - 12,
    };
    this.packets.push(packet);
    if (payloadType === 101) {
      const { timestamp } = packet;
      this.events.push({ event: bytes[12]!, end: bytes[13]! >= 128, duration: bytes.readUInt16BE(14), timestamp });
      return;
    }
    for (const code of bytes.subarray(12)) this.#samples.push(DECODE[code]!);
    const ready = this.#waiting.filter(({ samples }) => samples <= this.#samples.length);
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const { tell } of ready) tell();
  }
}
