/**
 * What a bare machine needs before anything of ours can run: Node, the npm packages and a few Debian packages.
 * Plain JavaScript on Node's own modules, because node_modules may not be there yet.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const LEAST_NODE = [20, 19];
/** While it exists and exits 101, no Debian package starts a service (policy-rc.d, Debian Policy 9.3.3). */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

/** Something the person at the keyboard can put right: the message says how, a stack would only hide it. */
export class SetUpError extends Error {}

/** @throws SetUpError */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  throw new SetUpError(`Partyline needs Node.js ${LEAST_NODE.join('.')} or newer; this is ${version}.`);
}

/** Whether node_modules is what package-lock.json asks for. Packages for other platforms may be absent. */
export function packagesAreInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules/.package-lock.json'));
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    return found ? found.version === entry.version && found.integrity === entry.integrity : entry.optional === true;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** Runs `npm ci` when needed. Install scripts of packages are never run. */
export async function installPackages(root, say) {
  if (packagesAreInstalled(root)) return;
  say('Installing npm packages …');
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
}

export function findProgram(name, path = process.env.PATH ?? '') {
  // Root's PATH may lack sbin, and redis-server may live in /usr/local/bin.
  for (const folder of [...path.split(delimiter), '/usr/local/bin', '/usr/bin', '/usr/sbin']) {
    const file = join(folder, name);
    if (folder !== '' && isExecutable(file)) return file;
  }
  return null;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs what is missing with apt-get on Debian as root; anywhere else says what to install.
 * @param needs list of `{ program, debianPackage }`
 * @throws SetUpError
 */
export async function installPrograms(needs, say) {
  const missing = needs.filter(({ program }) => findProgram(program) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  if (findProgram('apt-get') === null || process.getuid?.() !== 0) {
    const names = missing.map(({ program }) => program).join(', ');
    throw new SetUpError(`Please install ${names} first (on Debian, as root: apt-get install ${packages.join(' ')}).`);
  }
  say(`Installing Debian packages: ${packages.join(', ')} …`);
  await withoutStartingServices(() => aptInstall(packages));
  for (const name of packages) await disableService(name);
}

async function aptInstall(packages) {
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const lock = ['-o', 'DPkg::Lock::Timeout=300'];
  await run('apt-get', [...lock, '-qq', 'update'], options);
  await run('apt-get', [...lock, '-qq', 'install', '-y', '--no-install-recommends', ...packages], options);
}

/** A policy of the machine's owner is left alone: it decides then. */
async function withoutStartingServices(work) {
  let ours = false;
  try {
    writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
    ours = true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const remove = () => ours && rmSync(SERVICE_POLICY, { force: true });
  process.on('exit', remove);
  try {
    await work();
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** We want the program, not a second Redis on this machine after its next boot. */
async function disableService(name) {
  if (!existsSync(`/lib/systemd/system/${name}.service`)) return;
  if (findProgram('systemctl') !== null) await run('systemctl', ['disable', '--quiet', name]).catch(() => {});
  else if (findProgram('update-rc.d') !== null) await run('update-rc.d', [name, 'disable']).catch(() => {});
}

/** Runs quietly; what was printed is shown only when the command fails. Ends with us. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    const collect = (chunk) => output.push(chunk);
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    const done = () => process.off('SIGINT', forward).off('SIGTERM', forward);
    child.on('error', (error) => {
      done();
      reject(new SetUpError(`${command} cannot be run: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      done();
      if (code === 0) return resolve();
      const shown = Buffer.concat(output).toString('utf8').trim();
      reject(new SetUpError(`${command} ${args.join(' ')} failed (${signal ?? code}):\n${shown}`));
    });
  });
}
