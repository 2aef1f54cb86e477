/**
 * What `npm start` runs. Sets a bare machine up, then becomes the service: bridge/main.ts is imported into this very
 * process, so that there is no child to orphan, signals arrive where they are handled, and the exit code is the service's.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildClient } from './lib/client-build.mjs';
import { checkNode, installPackages, installPrograms, SetUpError } from './lib/system.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = fileURLToPath(new URL('../bridge/main.ts', import.meta.url));
const PARENT_CHECK_MS = 500;

async function setUp() {
  checkNode();
  await installPackages(root, say);
  await buildPages();
  if (!namesRedis()) await installPrograms([{ program: 'redis-server', debianPackage: 'redis-server' }], say);
}

/** Telephones need no web pages. */
async function buildPages() {
  try {
    await buildClient(root, say);
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    say(`The web pages could not be built; telephones work without them. ${error.message}`);
  }
}

/** A Redis of the operator's own makes a redis-server on this machine unnecessary. */
function namesRedis() {
  if (process.env.PARTYLINE_REDIS_URL) return true;
  try {
    return /^redisUrl\s*:/m.test(readFileSync(process.env.PARTYLINE_CONFIG ?? `${root}config/partyline.yaml`, 'utf8'));
  } catch {
    return false;
  }
}

/** Progress goes to standard error: standard output is the service's. */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * npm passes SIGTERM and SIGINT on, but cannot when it is killed outright. Then nobody is left who could stop us, so we
 * stop ourselves. Started any other way (systemd, nohup, a shell that ends), the parent's end means nothing.
 */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const ancestors = npmAndItsShell();
  const timer = setInterval(() => {
    if (ancestors.every(isAlive)) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** The parent, and npm above it when the parent is the shell npm ran us in: `{pid, startedAt}` each. */
function npmAndItsShell() {
  const parent = describe(process.ppid);
  if (parent === null) return [];
  const isShell = ['sh', 'dash', 'bash', 'ash', 'zsh'].includes(parent.name);
  const grandparent = isShell ? describe(parent.parent) : null;
  return grandparent === null ? [parent] : [parent, grandparent];
}

/** Start times tell a process from a later one under the same number. Null where there is no /proc. */
function describe(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    return { pid, name, state, parent: Number(parent), startedAt: rest[17] };
  } catch {
    return null;
  }
}

function isAlive({ pid, startedAt }) {
  const now = describe(pid);
  return now !== null && now.state !== 'Z' && now.startedAt === startedAt;
}

async function becomeService() {
  const { register } = await import('tsx/esm/api');
  register();
  process.argv[1] = main; // the service runs as a command when it is the entry
  await import(pathToFileURL(main).href);
}

process.chdir(root); // as npm does: relative paths in settings mean the checkout
try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  say(error.message);
  process.exit(1);
}
endWithNpm();
await becomeService();
