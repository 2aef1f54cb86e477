/**
 * Many phones in one process, as cheap as can be: one SIP stack for all, a socket each for sound, and nothing is kept of
 * what they hear but how many packets it was.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { SipResponse } from '../../embedded/sip/index.ts';
import { toneFrames } from '../helpers/rtp-phone.ts';
import { startPhone, type PhoneCall, type SipPhone } from '../helpers/sip-phone.ts';

const FRAME_MS = 20;
const SILENCE = Buffer.alloc(160, 0xff);
const VOICE = toneFrames(440, 8000);
const TELEPHONE_EVENT = 101;
const KEY_SAMPLES = 800;

export class LightPhones {
  readonly #sip: SipPhone;
  readonly #talking = new Set<LightCall>();
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;

  private constructor(sip: SipPhone) {
    this.#sip = sip;
  }

  static async open(): Promise<LightPhones> {
    return new LightPhones(await startPhone());
  }

  /**
   * Dials, and acknowledges the answer.
   * @param number of the caller: digits
   * @throws Error when the call is refused, or nothing comes for half a minute
   */
  async dial(sipPort: number, number: string): Promise<LightCall> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const askedAtMs = performance.now();
    const call = this.#sip.call(sipPort, sdpOf(socket.address().port), {}, `<sip:${number}@127.0.0.1>`);
    try {
      const [answer] = (await once(call, 'outcome', { signal: AbortSignal.timeout(30_000) })) as [SipResponse];
      if (answer.status >= 300) throw new Error(`the call was refused with ${answer.status} ${answer.reason}`);
      call.ack();
      return new LightCall({
        call,
        socket,
        sipPhone: this.#sip,
        peer: Number(/^m=audio (\d+)/m.exec(answer.body.toString())?.[1]),
        answeredAfterMs: performance.now() - askedAtMs,
        talking: this.#talking,
      });
    } catch (error) {
      socket.close();
      this.#sip.calls.delete(call.callId);
      throw error;
    }
  }

  /** Those who talk send from now on, all in one go every 20 ms. */
  start(): void {
    this.#dueMs = performance.now();
    const tick = (): void => {
      for (; this.#dueMs <= performance.now(); this.#dueMs += FRAME_MS) for (const call of this.#talking) call.frame();
      this.#timer = setTimeout(tick, Math.max(1, this.#dueMs - performance.now()));
    };
    tick();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const call of this.#talking) call.vanish();
    await this.#sip.layer.stop();
  }
}

interface LightCallParts {
  readonly call: PhoneCall;
  readonly socket: Socket;
  readonly sipPhone: SipPhone;
  readonly peer: number;
  readonly answeredAfterMs: number;
  readonly talking: Set<LightCall>;
}

export class LightCall {
  /** From the INVITE to the 200. */
  readonly answeredAfterMs: number;
  received = 0;
  /** The other side has said BYE. */
  letGo = false;
  readonly #parts: LightCallParts;
  #sequence = 0;
  #timestamp = 0;
  #talks = false;
  #closed = false;

  constructor(parts: LightCallParts) {
    this.#parts = parts;
    this.answeredAfterMs = parts.answeredAfterMs;
    parts.socket.on('message', () => this.received++);
    parts.socket.on('error', () => undefined);
    parts.call.once('BYE', () => (this.letGo = true));
  }

  /** Sends sound from now on; a tone, or silence. */
  talk(aloud: boolean): void {
    this.#talks = aloud;
    this.#parts.talking.add(this);
  }

  frame(): void {
    this.#send(0, this.#talks ? VOICE[this.#sequence % VOICE.length]! : SILENCE, this.#timestamp);
    this.#timestamp += SILENCE.length;
  }

  /** One key after the other, at the speed of quick fingers. */
  async press(keys: string): Promise<void> {
    for (const key of keys) {
      const event = '0123456789*#'.indexOf(key);
      for (const [end, duration] of [
        [0, 160],
        [0x80, KEY_SAMPLES],
        [0x80, KEY_SAMPLES],
      ] as const) {
        this.#send(TELEPHONE_EVENT, Buffer.from([event, end + 10, duration >> 8, duration & 255]), this.#timestamp);
      }
      this.#timestamp += KEY_SAMPLES;
      await delay(60);
    }
  }

  async hangUp(): Promise<void> {
    if (!this.letGo && !this.#closed) await this.#parts.call.request('BYE').catch(() => undefined);
    this.vanish();
  }

  /** Without a word: the sound stops, no BYE is said. */
  vanish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.talking.delete(this);
    this.#parts.socket.close();
    this.#parts.sipPhone.calls.delete(this.#parts.call.callId);
  }

  #send(payloadType: number, payload: Buffer, timestamp: number): void {
    if (this.#closed) return;
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = payloadType;
    header.writeUInt16BE(this.#sequence++ % 65_536, 2);
    header.writeUInt32BE(timestamp % 0x1_0000_0000, 4);
    header.writeUInt32BE(this.#parts.peer, 8);
    this.#parts.socket.send(Buffer.concat([header, payload]), this.#parts.peer, '127.0.0.1');
  }
}

function sdpOf(port: number): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0 8 101`,
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
    '',
  ].join('\r\n');
}
