/** Where the private Redis lives: its folder, its address, its configuration. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { makePrivateFolder } from './data-folder.ts';

/** sun_path holds 108 bytes with the closing zero on Linux, 104 on BSD and macOS. */
const MOST_SOCKET_PATH_BYTES = 103;
const PASSWORD_BYTES = 32;

export interface Place {
  /** Absolute; mode 0700. */
  readonly folder: string;
  /** `unix:///…` or `redis://:password@127.0.0.1:port`; holds the password, so it is never logged. */
  readonly url: string;
  /** Given to redis-server on its standard input, so that no password stands in a command line or a file. */
  readonly configuration: string;
  /** False when another process may take the address before we do. */
  readonly certain: boolean;
}

/** @param dataDir the folder for everything that is kept; ours is `redis` in it */
export async function preparePlace(dataDir: string): Promise<Place> {
  const wanted = path.join(path.resolve(dataDir), 'redis');
  await makePrivateFolder(wanted);
  const folder = await realpath(wanted);
  const socket = path.join(folder, 'redis.sock');
  if (Buffer.byteLength(socket) <= MOST_SOCKET_PATH_BYTES) {
    const url = new URL('unix://');
    url.pathname = socket.split('/').map(encodeURIComponent).join('/');
    const lines = ['port 0', `unixsocket ${quote(socket)}`, 'unixsocketperm 700'];
    return { folder, url: url.href, configuration: configure(folder, lines), certain: true };
  }
  const port = await freePort();
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  const lines = [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`];
  return {
    folder,
    url: `redis://:${password}@127.0.0.1:${port}`,
    configuration: configure(folder, lines),
    certain: false,
  };
}

/**
 * `appendfsync always`: with `everysec` Redis may hold written data back for up to two seconds in its own memory while
 * an earlier fsync runs, and answers meanwhile; a kill -9 would lose what was acknowledged. `always` writes and flushes
 * before it answers, for all clients of one turn at once.
 */
function configure(folder: string, address: readonly string[]): string {
  const lines = [
    ...address,
    `dir ${quote(folder)}`,
    'daemonize no',
    'databases 1',
    'save ""',
    'appendonly yes',
    'appendfsync always',
    'aof-load-truncated yes',
    'maxmemory-policy noeviction',
    'logfile ""',
  ];
  return `${lines.join('\n')}\n`;
}

/** As redis.conf wants it: double quotes, and \xHH for what is not printable. */
function quote(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
