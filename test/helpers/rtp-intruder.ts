/** Somebody who sends to ports that are none of his business: sound, keys and reports, made up as cleverly as one can. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { toneFrames, type RtpPhone } from './rtp-phone.ts';

const ROUND_MS = 5;

/** RFC 3550 section 6.4: sender report, receiver report, and goodbye in another's name. */
function reportsOf(ssrc: number, about: number): Buffer[] {
  const words = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, 4 * index));
    return bytes;
  };
  // Everything is lost, and the jitter is huge.
  const block = [about, 0xff_ff_ff_ff, 0, 0x00_ff_ff_ff, 0, 0];
  return [
    words(0x81_c8_00_0c, ssrc, 0, 0, 0, 0, 0, ...block),
    words(0x81_c9_00_07, ssrc, ...block),
    Buffer.concat([words(0x80_c9_00_01, ssrc), words(0x81_cb_00_01, ssrc)]),
    Buffer.from('80', 'hex'),
    Buffer.alloc(1400, 0xff),
  ];
}

export class RtpIntruder {
  /** What anybody sent to it. */
  received = 0;
  sent = 0;
  readonly #socket: Socket;
  readonly #frames: readonly Buffer[];
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  private constructor(socket: Socket, frequency: number) {
    this.#socket = socket;
    this.#frames = toneFrames(frequency, 16_000);
    socket.on('message', () => this.received++);
    // Where nobody listens to it, the kernel says so.
    socket.on('error', () => undefined);
  }

  /** @param address of its own: 127.0.0.2 is another machine, 127.0.0.1 somebody at the victim's */
  static async open(address: string, frequency: number): Promise<RtpIntruder> {
    const socket = createSocket('udp4').bind(0, address);
    await once(socket, 'listening');
    return new RtpIntruder(socket, frequency);
  }

  /**
   * Until `quiet`: all of it to every port, in its own name and in that of the phone that is heard there.
   * @param ports each with the phone that is meant to be heard there
   */
  spray(ports: ReadonlyMap<number, RtpPhone>): void {
    const round = (): void => {
      for (const [port, victim] of ports) this.#sprayAt(port, victim);
      this.#round++;
      this.#timer = setTimeout(round, ROUND_MS);
    };
    round();
  }

  quiet(): void {
    clearTimeout(this.#timer);
  }

  async close(): Promise<void> {
    this.quiet();
    await new Promise<void>((done) => this.#socket.close(() => done()));
  }

  #sprayAt(port: number, victim: RtpPhone): void {
    const { ssrc, sequence, timestamp } = victim.next;
    const sound = this.#frames[this.#round % this.#frames.length]!;
    const key = Buffer.from([this.#round % 10, 0x8a, 0x03, 0x20]);
    const own = this.#round * 160;
    const packets = [
      rtp(0, 7, this.#round, own, sound),
      rtp(0, ssrc, sequence, timestamp, sound),
      rtp(0, ssrc, sequence + 1, timestamp + 160, sound),
      rtp(101, 7, this.#round, own, key),
      rtp(101, ssrc, sequence, timestamp + 8 * this.#round, key),
      ...reportsOf(ssrc, victim.packets.at(-1)?.ssrc ?? 1),
    ];
    for (const packet of packets) this.#socket.send(packet, port, '127.0.0.1');
    this.sent += packets.length;
  }
}

function rtp(payloadType: number, ssrc: number, sequence: number, timestamp: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = payloadType;
  header.writeUInt16BE(sequence % 65_536, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}
