/** baresip's control connection (module ctrl_tcp): JSON in netstrings (`length:payload,`), commands there, events back. */
import { connect, type Socket } from 'node:net';

export interface BaresipEvent {
  /** CALL_ESTABLISHED, CALL_CLOSED, … */
  readonly type: string;
  /** What it is about: the reason of an end, the digit, … */
  readonly param: string;
  readonly peerUri: string;
}

interface Waiting {
  readonly wanted: (event: BaresipEvent) => boolean;
  readonly take: (event: BaresipEvent) => void;
  readonly fail: (error: Error) => void;
}

interface Message {
  readonly event?: boolean;
  readonly type?: string;
  readonly param?: string;
  readonly peeruri?: string;
  readonly response?: boolean;
  readonly ok?: boolean;
  readonly data?: string;
  readonly token?: string;
}

export class BaresipControl {
  readonly #socket: Socket;
  #pending = Buffer.alloc(0);
  #commands = 0;
  #closed = false;
  readonly #events: BaresipEvent[] = [];
  readonly #waiting = new Set<Waiting>();
  readonly #answers = new Map<string, { resolve: (text: string) => void; reject: (error: Error) => void }>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end());
  }

  static async open(port: number): Promise<BaresipControl> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new BaresipControl(socket.setNoDelay());
  }

  /** Where the list of events stands now: what comes later is new. */
  get mark(): number {
    return this.#events.length;
  }

  eventsSince(mark: number): readonly BaresipEvent[] {
    return this.#events.slice(mark);
  }

  /** @throws with baresip's own words when it refuses */
  async command(command: string, params?: string): Promise<string> {
    if (this.#closed) throw new Error('the phone has gone');
    const token = String(++this.#commands);
    const text = JSON.stringify({ command, params, token });
    this.#socket.write(`${Buffer.byteLength(text)}:${text},`);
    return new Promise((resolve, reject) => this.#answers.set(token, { resolve, reject }));
  }

  /** The first event since `mark` that fits, present or to come. */
  async event(mark: number, wanted: (event: BaresipEvent) => boolean, timeoutMs: number): Promise<BaresipEvent> {
    const present = this.#events.slice(mark).find(wanted);
    if (present) return present;
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        wanted,
        take: (event) => {
          done();
          resolve(event);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        const seen = this.#events.slice(mark).map(({ type, param }) => `${type} ${param}`);
        waiting.fail(new Error(`the event did not come within ${timeoutMs} ms; came: ${seen.join('; ') || 'nothing'}`));
      }, timeoutMs);
      this.#waiting.add(waiting);
      if (this.#closed) waiting.fail(new Error('the phone has gone'));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, data]);
    for (;;) {
      const colon = this.#pending.indexOf(':');
      if (colon === -1) return;
      const length = Number(this.#pending.toString('latin1', 0, colon));
      if (!Number.isInteger(length)) {
        this.close();
        return;
      }
      if (this.#pending.length < colon + 1 + length + 1) return;
      const text = this.#pending.toString('utf8', colon + 1, colon + 1 + length);
      this.#pending = this.#pending.subarray(colon + 1 + length + 1);
      this.#take(JSON.parse(text) as Message);
    }
  }

  #take(message: Message): void {
    if (message.response === true) {
      const answer = this.#answers.get(message.token ?? '');
      this.#answers.delete(message.token ?? '');
      if (message.ok === true) answer?.resolve(message.data ?? '');
      else answer?.reject(new Error(`baresip refused: ${message.data ?? ''}`));
      return;
    }
    const event = { type: message.type ?? '', param: message.param ?? '', peerUri: message.peeruri ?? '' };
    this.#events.push(event);
    for (const waiting of [...this.#waiting]) if (waiting.wanted(event)) waiting.take(event);
  }

  #end(): void {
    this.#closed = true;
    const error = new Error('the phone has gone');
    for (const { reject } of this.#answers.values()) reject(error);
    this.#answers.clear();
    for (const waiting of [...this.#waiting]) waiting.fail(error);
  }
}
