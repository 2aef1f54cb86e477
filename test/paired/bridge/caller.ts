/** A caller: SIP and RTP together, one call at a time, everything awaitable. */
import { setTimeout as delay } from 'node:timers/promises';
import type { SipRequest, SipResponse, TransportProtocol } from '../../../embedded/sip/index.ts';
import { RtpPhone } from '../../helpers/rtp-phone.ts';
import { event, startPhone, type PhoneCall, type SipPhone } from '../../helpers/sip-phone.ts';
import { level, tonesHeard } from '../../helpers/tones.ts';

const LOOK_MS = 20;
const SPEECH_DB = -45;

export interface DialOptions {
  /** Header From without its tag. */
  readonly from?: string;
  /** Of somebody else's media. Default: the phone's own. */
  readonly offer?: string;
  /** Payload types of the offer. Default: `0 8 101`. */
  readonly payloads?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** User part of what is dialled. */
  readonly dialled?: string;
}

/** Polls until `look` gives something else than false or null. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined) {
      return seen as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await delay(LOOK_MS);
  }
}

export class Caller {
  readonly sip: SipPhone;
  readonly rtp: RtpPhone;
  call!: PhoneCall;
  #bye: SipRequest | undefined;

  private constructor(sip: SipPhone, rtp: RtpPhone) {
    this.sip = sip;
    this.rtp = rtp;
  }

  /** @param address of the telephone: others than 127.0.0.1 are other machines */
  static async open(protocol: TransportProtocol = 'udp', address = '127.0.0.1'): Promise<Caller> {
    const sip = await startPhone(protocol, undefined, { verifyServers: false }, address);
    return new Caller(sip, await RtpPhone.open(address));
  }

  offer(payloads = '0 8 101'): string {
    return [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${this.rtp.port} RTP/AVP ${payloads}`,
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      '',
    ].join('\r\n');
  }

  /** Sends the INVITE. */
  dial(port: number, options: DialOptions = {}): PhoneCall {
    // A number of its own: wrong codes count per number.
    const { from = `"Alice" <sip:+1555${this.rtp.port}@127.0.0.1>`, payloads, headers = {}, dialled } = options;
    this.#bye = undefined;
    this.call = this.sip.call(port, options.offer ?? this.offer(payloads), { ...headers }, from, dialled);
    this.call.on('BYE', (request: SipRequest) => (this.#bye = request));
    return this.call;
  }

  /** Dials and waits for the answer; then talks with `tone` (0: silence). */
  async connect(port: number, tone = 0, options: DialOptions = {}): Promise<SipResponse> {
    const call = this.dial(port, options);
    const answer = await finalResponse(call);
    if (answer.status >= 300) throw new Error(`answered ${answer.status} ${answer.reason}`);
    call.ack();
    this.rtp.talk(mediaPort(answer), tone);
    return answer;
  }

  /** The answer to a call that is not taken. */
  async refused(port: number, options: DialOptions = {}): Promise<SipResponse> {
    const answer = await finalResponse(this.dial(port, options));
    if (answer.status < 300) throw new Error('the call was taken');
    return answer;
  }

  press(keys: string): void {
    const described = this.call.responses.findLast(({ body }) => body.length > 0);
    if (!described) throw new Error('no media yet');
    this.rtp.press(mediaPort(described), keys);
  }

  /** Which of the known tones there are in the next 200 ms of sound. */
  async tones(): Promise<number[]> {
    return tonesHeard(await this.rtp.hear(200));
  }

  /** Waits until exactly these of the known tones are heard. */
  async hears(...wanted: number[]): Promise<void> {
    const text = [...wanted].sort((a, b) => a - b).join();
    let last = '';
    try {
      await until(`hears ${text}`, async () => (last = (await this.tones()).join()) === text, 10_000);
    } catch (error) {
      throw new Error(`wanted tones “${text}”, heard “${last}” last`, { cause: error });
    }
  }

  /** Waits until somebody speaks. */
  async hearsVoice(): Promise<void> {
    await until('voice', async () => level(await this.rtp.hear(100)) > SPEECH_DB);
  }

  async hearsNothing(): Promise<void> {
    await until('silence', async () => level(await this.rtp.hear(100)) < SPEECH_DB);
  }

  /** The service has said BYE. */
  get wasLetGo(): boolean {
    return this.#bye !== undefined;
  }

  /** Header Reason of that BYE (RFC 3326). */
  get byeReason(): string | null | undefined {
    return this.#bye?.headers.get('Reason');
  }

  async letGo(deadlineMs = 15_000): Promise<void> {
    await until('BYE from the service', () => this.wasLetGo, deadlineMs);
    this.rtp.quiet();
  }

  async hangUp(): Promise<void> {
    this.rtp.quiet();
    await this.call.request('BYE');
  }

  async close(): Promise<void> {
    await this.rtp.close();
    await this.sip.layer.stop();
  }
}

export async function finalResponse(call: PhoneCall, deadlineMs = 5_000): Promise<SipResponse> {
  return Promise.race(['answered', 'failed'].map((name) => event<SipResponse>(call, name, deadlineMs)));
}

export function mediaPort(answer: SipResponse): number {
  const port = Number(/^m=audio (\d+) /m.exec(answer.body.toString())?.[1]);
  if (!Number.isInteger(port)) throw new Error('no audio in the answer');
  return port;
}
