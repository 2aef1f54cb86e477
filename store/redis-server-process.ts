/** One run of redis-server: from spawn to exit. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import path from 'node:path';
import type { Logger } from '../config/index.ts';

/** Exit status when another server holds the lock of the folder. */
export const LOCKED = 75;
const LINES_KEPT = 12;

/**
 * Wraps redis-server in what util-linux offers, tried first because other systems have the names but not the options:
 * flock holds a lock on the folder for as long as the server lives, setpriv ends the server when its parent dies. All
 * of them replace themselves (exec), so the process id stays that of the child.
 */
const LAUNCH = `
umask 077
lock=$1; shift
if setpriv --pdeathsig KILL true 2>/dev/null; then set -- setpriv --pdeathsig KILL "$@"; fi
if flock --no-fork --nonblock --conflict-exit-code ${LOCKED} "$lock.probe" true 2>/dev/null; then
  set -- flock --no-fork --nonblock --conflict-exit-code ${LOCKED} "$lock" "$@"
fi
exec "$@"
`;

export interface RedisProcess {
  readonly pid: number;
  /** Resolves when it is gone, with its status and its last words. */
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastLines: readonly string[];
}

/** @throws Error with a sentence when there is no redis-server that will do */
export async function checkRedisServer(command: string): Promise<void> {
  const child = spawn(command, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  try {
    await once(child, 'close');
  } catch (error) {
    throw new Error(
      'redis-server was not found. Install the Debian package redis-server (apt-get install redis-server), or name a Redis in PARTYLINE_REDIS_URL.',
      { cause: error },
    );
  }
  const major = Number(/v=(\d+)\./.exec(text)?.[1]);
  if (!(major >= 7))
    throw new Error(`redis-server 7.0 or later is needed; ${command} says: ${text.trim() || 'nothing'}`);
}

export function spawnRedis(options: {
  command: string;
  folder: string;
  configuration: string;
  logger: Logger;
}): RedisProcess {
  const lock = path.join(options.folder, 'lock');
  const child = spawn('/bin/sh', ['-c', LAUNCH, 'sh', lock, options.command, '-'], {
    cwd: options.folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Its own process group: Ctrl-C on a terminal is for us, who still need it while we stop in order.
    detached: true,
  });
  // A server that ends at once closes the pipe while we write; its exit tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.configuration);
  const lastLines = collectLines(child, options.logger);
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, lastLines: [error.message] }));
    child.once('close', (code, signal) => resolve({ code, signal, lastLines }));
  });
  return { pid: child.pid ?? 0, exited, signal: (signal) => void child.kill(signal) };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function collectLines(child: Child, logger: Logger): readonly string[] {
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      if (line.trim() === '') return;
      logger.debug({ redis: line }, 'redis-server');
      lastLines.push(line);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
    });
  }
  return lastLines;
}
