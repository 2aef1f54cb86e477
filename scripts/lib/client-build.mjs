/**
 * Builds the browser application into web-gateway/client/dist when its sources have changed since. What it was built from
 * is a hash of contents: a checkout changes dates, and a needless build costs seconds at every start.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetUpError } from './system.mjs';

const CLIENT = 'web-gateway/client';
/** Everything the pages are made of. The lock file stands for the packages. */
const SOURCES = [CLIENT, 'config/contract', 'tsconfig.json', 'package-lock.json'];
const LOCK_STALE_MS = 120_000;
const LOCK_LOOK_MS = 100;

/**
 * @returns whether it had to be built
 * @throws SetUpError when it cannot be built
 */
export async function buildClient(root, say) {
  const wanted = hashOf(root);
  if (builtFrom(root) === wanted) return false;
  const release = await lock(root);
  try {
    if (builtFrom(root) === wanted) return false; // somebody else was faster
    say('Building the web pages …');
    const before = filesOf(root);
    await run(join(root, 'node_modules/.bin/vite'), ['build', join(root, CLIENT), '--logLevel', 'warn'], { cwd: root });
    removeOldFiles(root, before);
    writeFileSync(stampOf(root), wanted);
    return true;
  } finally {
    release();
  }
}

const dist = (root) => join(root, CLIENT, 'dist');
const stampOf = (root) => join(dist(root), '.built-from');

function builtFrom(root) {
  try {
    return existsSync(join(dist(root), 'index.html')) ? readFileSync(stampOf(root), 'utf8') : null;
  } catch {
    return null;
  }
}

export function hashOf(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of listFiles(root, source))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0');
  }
  return hash.digest('hex');
}

function listFiles(root, path) {
  if (statSync(join(root, path)).isFile()) return [path];
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  return entries
    .filter(({ name }) => name !== 'dist')
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap(({ name }) => listFiles(root, `${path}/${name}`));
}

/** Hashed files by name; those of the build before are kept for pages that are open. */
function filesOf(root) {
  try {
    const manifest = JSON.parse(readFileSync(join(dist(root), '.vite/manifest.json'), 'utf8'));
    return new Set(Object.values(manifest).flatMap(({ file, css = [], assets = [] }) => [file, ...css, ...assets]));
  } catch {
    return new Set();
  }
}

function removeOldFiles(root, before) {
  const after = filesOf(root);
  for (const name of readdirSync(join(dist(root), 'app'))) {
    const plain = `app/${name.replace(/\.(gz|br)$/, '')}`;
    if (!before.has(plain) && !after.has(plain)) rmSync(join(dist(root), 'app', name), { force: true });
  }
}

/** Two services started at once must not build into one folder. The lock of a process that died is taken away. */
async function lock(root) {
  const folder = join(dist(root), '.lock');
  for (;;) {
    try {
      mkdirSync(dist(root), { recursive: true });
      mkdirSync(folder);
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw new SetUpError(`${dist(root)} cannot be written (${error.code}).`);
    }
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_STALE_MS) rmSync(folder, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, LOCK_LOOK_MS));
  }
}
