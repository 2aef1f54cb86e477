/** The server secret: made at the first start, kept in the data folder, never shown. */
import { randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { makeDataFolder } from './data-folder.ts';

const FILE = 'server-secret';
const FORM = /^[A-Za-z0-9_-]{43}$/;
const OTHERS = 0o077;

/**
 * Reads the secret, or makes it: 32 random bytes as base64url, mode 0600. Whoever is first wins when several processes
 * start at once.
 * @throws Error with a sentence when the file is there but is not a secret: a new one would orphan every access code
 */
export async function loadServerSecret(dataDir: string): Promise<string> {
  await makeDataFolder(dataDir);
  const file = path.join(dataDir, FILE);
  return (await readSecret(file)) ?? (await makeSecret(file));
}

async function readSecret(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (!FORM.test(text)) {
    throw new Error(
      `The server secret in ${file} is damaged. Put it back from a backup; without it no access code works any more.`,
    );
  }
  if (((await stat(file)).mode & OTHERS) !== 0) await chmod(file, 0o600);
  return text;
}

/** Written aside, flushed, then linked: nobody ever reads half a secret, and link() refuses to replace another's. */
async function makeSecret(file: string): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${secret}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const theirs = await readSecret(file);
    if (theirs !== undefined) return theirs;
    throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(path.dirname(file));
  return secret;
}

/** The name must survive a power cut as well as the content. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
