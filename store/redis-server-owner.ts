/**
 * Who owns the private Redis of a data folder. Two owners would tear its files apart, so a second service is refused; a
 * server whose owner died is ended. Three signs, because each can fail alone: the owner's process (not visible from
 * another container), a lock the server itself holds on a file (taken by flock(1) where there is one), and the owner's
 * named connection to the server.
 */
import { readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createClient } from 'redis';
import { z } from 'zod';
import type { Logger } from '../config/index.ts';

/** Name of the connection that every owner keeps open. */
export const OWNER_CONNECTION = 'partyline-owner';

const FILE = 'owner.json';
const schema = z.object({
  pid: z.number().int().positive(),
  processStart: z.string(),
  pidNamespace: z.string(),
  url: z.string(),
  serverPid: z.number().int().positive(),
});
export type Owner = z.infer<typeof schema>;

/** The message is a sentence for whoever started the service. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';

  constructor(folder: string, who: string) {
    super(
      `The data folder ${path.dirname(folder)} is in use by another Partyline (${who}). Stop it, or set another dataDir.`,
    );
  }
}

/** Mode 0600 and in one step: readers see the old one or the new one. */
export async function writeOwner(folder: string, server: { url: string; serverPid: number }): Promise<void> {
  const owner: Owner = {
    pid: process.pid,
    processStart: await processStart(process.pid),
    pidNamespace: await pidNamespace(),
    ...server,
  };
  const draft = path.join(folder, `${FILE}.${process.pid}`);
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600 });
  await rename(draft, path.join(folder, FILE));
}

export async function removeOwner(folder: string): Promise<void> {
  await rm(path.join(folder, FILE), { force: true });
}

export async function readOwner(folder: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = await readFile(path.join(folder, FILE), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Nothing in it is needed to be safe: the lock on the server's file stands for itself.
    return undefined;
  }
}

/**
 * Makes sure that nobody else runs the server of this folder.
 * @throws DataFolderInUse when its owner lives
 */
export async function endOrphan(folder: string, logger: Logger, patienceMs: number): Promise<void> {
  const owner = await readOwner(folder);
  if (owner === undefined) return;
  if (await ownerLives(owner)) throw new DataFolderInUse(folder, `process ${owner.pid}`);
  const until = Date.now() + patienceMs;
  while (Date.now() < until) {
    const state = await askServer(owner.url);
    if (state === 'owned') throw new DataFolderInUse(folder, 'its owner is connected');
    if (state === 'gone') break;
    logger.warn({ serverPid: owner.serverPid }, 'ending a redis-server that an earlier run left behind');
    await endServer(owner.url);
  }
  await killServer(owner, folder, logger);
}

/** A process id alone is not enough: ids are used again. */
async function ownerLives(owner: Owner): Promise<boolean> {
  if (owner.pidNamespace !== (await pidNamespace())) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return owner.processStart === (await processStart(owner.pid));
}

/** Start time in clock ticks since boot: field 22 of /proc/pid/stat, counted after the command's name in brackets. */
async function processStart(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

async function pidNamespace(): Promise<string> {
  try {
    return await readlink('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

const ASK_MS = 1_000;

async function askServer(url: string): Promise<'gone' | 'owned' | 'orphan'> {
  return withServer(url, 'gone', async (send) => {
    try {
      return String(await send(['CLIENT', 'LIST'])).includes(`name=${OWNER_CONNECTION} `) ? 'owned' : 'orphan';
    } catch {
      // It is still loading: whoever started it and lives would have been seen.
      return 'orphan';
    }
  });
}

async function endServer(url: string): Promise<void> {
  await withServer(url, undefined, async (send) => {
    // It answers by closing the connection.
    await send(['SHUTDOWN']).catch(() => undefined);
  });
}

async function withServer<T>(
  url: string,
  ifGone: T,
  work: (send: (args: string[]) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const parsed = new URL(url);
  const socket = url.startsWith('unix:')
    ? { path: decodeURIComponent(parsed.pathname), tls: false as const }
    : { host: parsed.hostname, port: Number(parsed.port) };
  const client = createClient({
    RESP: 2,
    password: parsed.password === '' ? undefined : parsed.password,
    socket: { ...socket, connectTimeout: ASK_MS, socketTimeout: ASK_MS, reconnectStrategy: false },
    maintNotifications: 'disabled',
    disableClientInfo: true,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch {
    return ifGone;
  }
  try {
    return await work((args) => client.sendCommand(args));
  } finally {
    client.destroy();
  }
}

/** The last resort for one that does not answer; only when it is certainly ours: a Redis working in our folder. */
async function killServer(owner: Owner, folder: string, logger: Logger): Promise<void> {
  if (owner.pidNamespace !== (await pidNamespace())) return;
  try {
    const place = await readlink(`/proc/${owner.serverPid}/cwd`);
    const program = await readlink(`/proc/${owner.serverPid}/exe`);
    if (place !== folder || !path.basename(program).startsWith('redis-')) return;
    logger.warn({ serverPid: owner.serverPid }, 'killing a redis-server that does not answer');
    process.kill(owner.serverPid, 'SIGKILL');
  } catch {
    // Gone already, or not ours to touch.
  }
}
