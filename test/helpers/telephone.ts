/** A whole test phone: signalling, sound and keys. It sends its own tone and can say which tones it hears. */
import { event, startPhone, type PhoneCall, type SipPhone } from './sip-phone.ts';
import { RtpPhone } from './rtp-phone.ts';
import { tonesHeard, TONES } from './tones.ts';
import type { SipResponse } from '../../embedded/sip/index.ts';

const LISTEN_MS = 200;
const TELEPHONE_EVENT = 101;
const KEY_PAUSE_MS = 40;

export class Telephone {
  readonly sip: SipPhone;
  readonly rtp: RtpPhone;
  call: PhoneCall | undefined;
  /** Where its RTP goes. */
  #peer = 0;
  #closed = false;

  private constructor(sip: SipPhone, rtp: RtpPhone) {
    this.sip = sip;
    this.rtp = rtp;
  }

  static async open(protocol: 'udp' | 'tcp' = 'udp'): Promise<Telephone> {
    return new Telephone(await startPhone(protocol), await RtpPhone.open());
  }

  get sdp(): string {
    return telephoneSdp(this.rtp.port);
  }

  /** Dials and waits for the answer. @throws Error naming the status of a refusal */
  async dial(sipPort: number, headers: Record<string, string> = {}): Promise<void> {
    const call = this.sip.call(sipPort, this.sdp, headers);
    this.call = call;
    const answer = await Promise.race([
      event<SipResponse>(call, 'answered'),
      event<SipResponse>(call, 'failed').then((refusal) => {
        throw new Error(`the call was refused with ${refusal.status} ${refusal.reason}`);
      }),
    ]);
    call.ack();
    this.connect(answer.body.toString('utf8'));
  }

  /** Answers the next call that comes. */
  async answerNext(): Promise<PhoneCall> {
    const call = await event<PhoneCall>(this.sip, 'call');
    this.call = call;
    this.connect(call.incoming!.request.body.toString('utf8'));
    call.answer(200, 'OK', this.sdp);
    return call;
  }

  connect(sdp: string): void {
    this.#peer = Number(/^m=audio (\d+)/m.exec(sdp)?.[1]);
  }

  /** 0 is silence. */
  talk(frequency: number): void {
    this.rtp.talk(this.#peer, frequency);
  }

  async press(keys: string): Promise<void> {
    for (const key of keys) {
      this.rtp.press(this.#peer, key, TELEPHONE_EVENT);
      await new Promise((resolve) => setTimeout(resolve, KEY_PAUSE_MS));
    }
  }

  /** Which of the well-known tones it hears just now. */
  async hears(): Promise<number[]> {
    return tonesHeard(await this.rtp.hear(LISTEN_MS, 0), TONES);
  }

  /** Waits until it hears exactly these tones. */
  async untilHears(expected: readonly number[], deadlineMs = 5_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const heard = await this.hears();
      if (heard.join() === expected.join()) return;
      if (performance.now() > end) throw new Error(`hears [${heard.join()}], not [${expected.join()}]`);
    }
  }

  async hangUp(): Promise<void> {
    await this.call?.request('BYE');
    this.call = undefined;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.rtp.close();
    await this.sip.layer.stop();
  }
}

export function telephoneSdp(port: number): string {
  return [
    'v=0',
    'o=user1 53655765 2353687637 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0 8 ${TELEPHONE_EVENT}`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    `a=rtpmap:${TELEPHONE_EVENT} telephone-event/8000`,
    `a=fmtp:${TELEPHONE_EVENT} 0-16`,
    'a=ptime:20',
    '',
  ].join('\r\n');
}
