/** A name server on loopback that knows what a test tells it: NAPTR and SRV records, over UDP. */
import { createSocket, type Socket } from 'node:dgram';
import { decode, encode, type Answer } from 'dns-packet';

export class NameServer {
  readonly asked: string[] = [];
  readonly #socket: Socket;
  readonly #answers: readonly Answer[];
  /** Answers nothing at all. */
  silent = false;

  private constructor(socket: Socket, answers: readonly Answer[]) {
    this.#socket = socket;
    this.#answers = answers;
    socket.on('message', (bytes, { port, address }) => {
      const query = decode(bytes);
      const [question] = query.questions ?? [];
      if (!question || this.silent) return;
      this.asked.push(`${question.type} ${question.name}`);
      const answers = this.#answers.filter(({ name, type }) => name === question.name && type === question.type);
      const response = encode({ ...query, type: 'response', questions: [question], answers: [...answers] });
      socket.send(response, port, address);
    });
  }

  static async start(answers: readonly Answer[]): Promise<NameServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new NameServer(socket, answers);
  }

  /** As `systemNames` wants it. */
  get place(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
