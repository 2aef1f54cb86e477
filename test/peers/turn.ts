/** A TURN relay that is not ours: coturn, from its Debian package, on loopback, with credentials made from a secret. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnedProcess } from './owned-process.ts';

const ADDRESS = '127.0.0.1';

export class TurnServer {
  readonly port: number;
  readonly #process: OwnedProcess;
  readonly #folder: string;

  private constructor(port: number, owned: OwnedProcess, folder: string) {
    this.port = port;
    this.#process = owned;
    this.#folder = folder;
  }

  static async start(secret: string): Promise<TurnServer> {
    const folder = await mkdtemp(join(tmpdir(), 'partyline-turn-'));
    const port = await freePort();
    const options = [
      ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--simple-log', '--log-file', 'stdout', '--verbose'],
      ...['--listening-ip', ADDRESS, '--relay-ip', ADDRESS, '--listening-port', String(port)],
      ...['--use-auth-secret', '--static-auth-secret', secret, '--realm', 'partyline.test'],
      // Only here: a relay that reaches loopback is a hole in a real network.
      '--allow-loopback-peers',
      ...['--pidfile', join(folder, 'pid'), '--userdb', join(folder, 'db')],
    ];
    const owned = await OwnedProcess.start('turnserver', options);
    await owned.printed(/IPv4\. UDP listener opened on/);
    return new TurnServer(port, owned, folder);
  }

  get url(): string {
    return `turn:${ADDRESS}:${this.port}?transport=udp`;
  }

  /** Everything it printed. */
  get log(): string {
    return this.#process.output;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, ADDRESS);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
