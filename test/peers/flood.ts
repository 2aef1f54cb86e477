/**
 * A flood: INVITEs from one address, each of another caller and call, as fast as is asked for, never acknowledged. It runs
 * in a process of its own, so that who measures is not slowed down by it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface FloodOptions {
  /** Where it comes from, on loopback. */
  readonly address: string;
  readonly sipPort: number;
  readonly perSecond: number;
}

export interface FloodCount {
  readonly sent: number;
  /** Answers by status; those to one INVITE may be many. */
  readonly answers: Readonly<Record<string, number>>;
}

const TURN_MS = 5;
const CHILD = 'flood';

export class Flood {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when the first INVITEs have been sent. */
  static async start(options: FloodOptions): Promise<Flood> {
    const child = fork(fileURLToPath(import.meta.url), [CHILD, JSON.stringify(options)]);
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.once('exit', () => process.off('exit', killWithUs));
    await once(child, 'message');
    return new Flood(child);
  }

  /** Ends it. */
  async stop(): Promise<FloodCount> {
    const told = once(this.#child, 'message') as Promise<[FloodCount]>;
    const gone = once(this.#child, 'exit');
    this.#child.send('stop');
    const [count] = await told;
    await gone;
    return count;
  }
}

async function flood({ address, sipPort, perSecond }: FloodOptions): Promise<void> {
  const answers: Record<string, number> = {};
  const socket = createSocket('udp4', (bytes) => {
    const status = bytes.toString('latin1', 8, 11);
    answers[status] = (answers[status] ?? 0) + 1;
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  const begun = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begun) * perSecond) / 1_000);
    for (; sent < due; sent++) socket.send(invite(sent, address, port), sipPort, '127.0.0.1');
  }, TURN_MS);
  process.send?.('started');
  process.once('message', () => {
    clearInterval(timer);
    process.send?.({ sent, answers } satisfies FloodCount);
    socket.close();
    process.disconnect();
  });
}

function invite(serial: number, address: string, port: number): string {
  const sdp = `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 8\r\n`;
  return [
    `INVITE sip:${1_000 + (serial % 9_000)}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${address}:${port};rport;branch=z9hG4bKflood${serial}`,
    'Max-Forwards: 70',
    `From: "Nobody" <sip:+1666${serial}@${address}>;tag=${serial}`,
    'To: <sip:1000@127.0.0.1>',
    `Call-ID: flood-${port}-${serial}`,
    'CSeq: 1 INVITE',
    `Contact: <sip:nobody@${address}:${port}>`,
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}

if (process.argv[2] === CHILD && process.argv[1] === fileURLToPath(import.meta.url)) {
  await flood(JSON.parse(process.argv[3] ?? '') as FloodOptions);
}
