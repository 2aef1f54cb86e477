/**
 * What `npm start` runs. Sets a bare machine up, then becomes the service: bridge/main.ts is imported into this very
 * process, so that there is no child to orphan, signals arrive where they are handled, and the exit code is the service's.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildClient } from './lib/client-build.mjs';
import { endWithNpm } from './lib/end-with-npm.mjs';
import { checkNode, installPackages, installPrograms, SetUpError } from './lib/system.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = fileURLToPath(new URL('../bridge/main.ts', import.meta.url));

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
