/** A caller that writes its SIP by hand: for what no decent user agent would send. Loopback, UDP, no media of its own. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const PATIENCE_MS = 5_000;
const ATTEMPT_MS = 500;

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** What may be written differently from what is usual. */
export interface RawInvite {
  readonly from: string;
  readonly to: string;
  readonly dialled: string;
  readonly callId: string;
  readonly tag: string;
  readonly contact: string;
  readonly headers: readonly string[];
  /** After the origin. */
  readonly sdpLines: readonly string[];
}

export class RawCaller {
  readonly #socket: Socket;
  readonly #answers: RawAnswer[] = [];
  #port = 0;
  #from = '';
  #to = '';
  #target = '';
  #sequence = 1;
  #callId = `raw-${Math.random().toString(36).slice(2)}`;
  readonly #branch = this.#callId;
  #contact: string | undefined;
  #headers: readonly string[] = [];
  #arrived: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes) => {
      const text = bytes.toString();
      const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1] ?? 0);
      if (status >= 100) this.#answers.push({ status, text });
      this.#arrived();
    });
  }

  static async open(address = '127.0.0.1'): Promise<RawCaller> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new RawCaller(socket);
  }

  /** Everything that came, 100 Trying too. */
  get answers(): readonly RawAnswer[] {
    return this.#answers;
  }

  invite(port: number, from: string, other: Partial<RawInvite> = {}): void {
    this.#port = port;
    this.#from = `${from};tag=${other.tag ?? 'raw'}`;
    this.#target = `sip:${other.dialled ?? '1000'}@127.0.0.1:${port}`;
    this.#to = other.to ?? `<sip:1000@127.0.0.1:${port}>`;
    this.#callId = other.callId ?? this.#callId;
    this.#contact = other.contact;
    this.#headers = other.headers ?? [];
    const { sdpLines = ['s=-'] } = other;
    const [name = 's=-', ...attributes] = sdpLines;
    const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', name, 'c=IN IP4 127.0.0.1', 't=0 0', 'm=audio 9 RTP/AVP 0'];
    this.#send('INVITE', this.#sequence, [...head, ...attributes, ''].join('\r\n'), 'application/sdp');
  }

  /** @returns whether the call was taken; false too when there is no answer in a short while */
  async attempt(port: number, other: Partial<RawInvite>): Promise<boolean> {
    this.invite(port, other.from ?? '<sip:raw@127.0.0.1>', other);
    const answer = await this.#final(ATTEMPT_MS).catch(() => null);
    if (answer?.status !== 200) return false;
    this.#acknowledge(answer);
    return true;
  }

  async connect(port: number, from: string): Promise<void> {
    this.invite(port, from);
    const answer = await this.#final();
    if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    this.#acknowledge(answer);
  }

  #acknowledge({ text }: RawAnswer): void {
    this.#to = /^To: (.*)$/im.exec(text)?.[1]?.trim() ?? '';
    this.#target = /^Contact: <([^>]*)>/im.exec(text)?.[1] ?? '';
    this.#send('ACK', this.#sequence);
  }

  async info(key: string): Promise<void> {
    this.#sequence += 1;
    this.#send('INFO', this.#sequence, `Signal=${key}\r\nDuration=100\r\n`, 'application/dtmf-relay');
    await this.#final();
  }

  async hangUp(): Promise<void> {
    this.#sequence += 1;
    this.#send('BYE', this.#sequence);
    await this.#final();
  }

  close(): void {
    this.#socket.close();
  }

  async #final(patienceMs = PATIENCE_MS): Promise<RawAnswer> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const index = this.#answers.findIndex(
        ({ status, text }) => status >= 200 && new RegExp(`^CSeq: ${this.#sequence} `, 'im').test(text),
      );
      if (index >= 0) return this.#answers.splice(index, 1)[0]!;
      if (performance.now() > end) throw new Error('no answer');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #send(method: string, sequence: number, body = '', type?: string): void {
    const port = this.#socket.address().port;
    const lines = [
      `${method} ${this.#target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${this.#branch}${sequence}${method === 'ACK' ? 'a' : ''};rport`,
      'Max-Forwards: 70',
      `From: ${this.#from}`,
      `To: ${this.#to}`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${sequence} ${method}`,
      `Contact: ${this.#contact ?? `<sip:raw@127.0.0.1:${port}>`}`,
      ...this.#headers,
      ...(type === undefined ? [] : [`Content-Type: ${type}`]),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ];
    this.#socket.send(lines.join('\r\n'), this.#port, '127.0.0.1');
  }
}
