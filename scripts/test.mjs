/**
 * What `npm test` runs: sets a bare machine up, then the checks, then the suites, two at a time. The last line counts
 * everything: a check is one test, and so is a suite that crashes, hangs, or does not end by itself.
 *
 *   npm test                            everything
 *   npm test -- --only lint,unit        some of it; `check` stands for all checks
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkNode, installPackages, installPrograms, SetUpError } from './lib/system.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const MINUTE = 60_000;
/** Mocha must end by itself; this is how long its sockets and timers may take to go. */
const END_GRACE_MS = 20_000;
const KILL_GRACE_MS = 5_000;

const ROOMS = ['config', 'store', 'ivr', 'bridge', 'web-gateway', 'embedded', 'test', 'scripts'];

const CHECKS = [
  { name: 'format', title: 'prettier', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'types', title: 'tsc', command: ['tsc', '-p', '.'] },
  { name: 'types-client', title: 'tsc, pages', command: ['tsc', '-p', 'web-gateway/client'] },
  { name: 'lint', title: 'eslint', command: ['eslint', '--max-warnings', '0', '.'] },
  {
    name: 'imports',
    title: 'dependency-cruiser',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', ...ROOMS],
  },
  { name: 'docs', title: 'generated docs', command: ['tsx', 'scripts/generate-docs.ts', '--check'] },
];

const SUITES = [
  { name: 'unit', minutes: 10 },
  { name: 'paired', minutes: 20 },
  { name: 'conformance', minutes: 10 },
  { name: 'journeys', minutes: 20, beside: true },
  { name: 'browser', minutes: 20, beside: true },
];

const PROGRAMS = [
  { program: 'redis-server', debianPackage: 'redis-server' },
  { program: 'sipp', debianPackage: 'sip-tester' },
  { program: 'baresip', debianPackage: 'baresip-core' },
  { program: 'svmap', debianPackage: 'sipvicious' },
  { program: 'chromium', debianPackage: 'chromium' },
  { program: 'turnserver', debianPackage: 'coturn' },
];

/** Results of everything, in order: `{outcome: 'passed' | 'failed' | 'skipped', title, message?, reason?}`. */
const results = [];
const running = new Set();
let stopped = false;

function chosen() {
  const at = process.argv.indexOf('--only');
  const all = [...CHECKS, ...SUITES].map(({ name }) => name);
  if (at === -1) return new Set(all);
  const asked = (process.argv[at + 1] ?? '')
    .split(',')
    .flatMap((name) => (name === 'check' ? CHECKS.map((c) => c.name) : [name]));
  const unknown = asked.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new SetUpError(`There is no suite "${unknown}": use check, ${all.join(', ')}.`);
  return new Set(asked);
}

/**
 * Runs a program of node_modules/.bin in a process group of its own, so that a watchdog ends it with all its children
 * and nobody else's.
 * @param options.output takes what it writes; without it, it is shown at once
 * @returns `{code, late}`; late is null, or says which patience ended
 */
function execute(command, { timeoutMs, hasEnded = () => false, output }) {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules/.bin', program), args, {
      cwd: root,
      stdio: output === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', output);
    let late = null;
    const end = (why) => {
      late ??= why;
      killGroup(child.pid, 'SIGTERM');
      setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_GRACE_MS).unref();
    };
    const mine = { end };
    running.add(mine);
    const watchdog = setTimeout(() => end(`still running after ${timeoutMs / MINUTE} minutes`), timeoutMs);
    let endedAt = null;
    const poll = setInterval(() => {
      if (hasEnded()) endedAt ??= Date.now();
      if (endedAt !== null && Date.now() - endedAt > END_GRACE_MS) end('did not end by itself: something is left open');
    }, 1000);
    const finish = (code) => {
      clearTimeout(watchdog);
      clearInterval(poll);
      running.delete(mine);
      killGroup(child.pid, 'SIGKILL'); // what a crash may have left behind
      resolve({ code, late });
    };
    child.once('error', () => finish(-1));
    child.once('exit', (code, signal) => finish(signal === null ? code : -1));
  });
}

function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function runCheck({ title, command }) {
  heading(title);
  const { code, late } = await execute(command, { timeoutMs: 10 * MINUTE });
  if (code === 0 && late === null) return results.push({ outcome: 'passed', title });
  return results.push({ outcome: 'failed', title, message: late ?? `exit code ${code}` });
}

/** A suite that runs beside another is shown when it is done, so that the two are not mixed up. */
async function runSuite({ name, minutes, beside = false }) {
  const kept = [];
  if (!beside) heading(name);
  const folder = mkdtempSync(join(tmpdir(), 'partyline-test-'));
  const file = join(folder, 'results');
  const command = [
    'mocha',
    `test/${name}/**/*.test.ts`,
    '--forbid-only',
    '--reporter',
    'scripts/lib/mocha-reporter.mjs',
    '--reporter-option',
    `results=${file}`,
  ];
  const { code, late } = await execute(command, {
    timeoutMs: minutes * MINUTE,
    hasEnded: () => readResults(file).some(({ outcome }) => outcome === 'end'),
    output: beside ? (chunk) => kept.push(chunk) : undefined,
  });
  if (beside) {
    heading(name);
    process.stdout.write(Buffer.concat(kept));
  }
  const lines = readResults(file);
  rmSync(folder, { recursive: true, force: true });
  const told = lines.filter(({ outcome }) => outcome !== 'end');
  results.push(...told);
  const failed = told.some(({ outcome }) => outcome === 'failed');
  const ended = lines.length > told.length;
  if (late !== null || !ended || (code !== 0 && !failed) || told.length === 0) {
    results.push({
      outcome: 'failed',
      title: `${name} suite`,
      message: late ?? (ended ? `exit code ${code}, ${told.length} tests` : 'crashed'),
    });
  }
}

function readResults(file) {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  } catch {
    return []; // nothing yet, or a line half written
  }
}

function heading(text) {
  process.stdout.write(`\n== ${text} (${Math.round(process.uptime())} s)\n`);
}

function summary() {
  const of = (outcome) => results.filter((result) => result.outcome === outcome);
  for (const { title, reason } of of('skipped')) process.stdout.write(`skipped: ${title}\n  because ${reason}\n`);
  for (const { title, message } of of('failed')) process.stdout.write(`failed: ${title}\n  ${firstLine(message)}\n`);
  process.stdout.write(
    `${of('passed').length} passed, ${of('failed').length} failed, ${of('skipped').length} skipped\n`,
  );
  return of('failed').length === 0 ? 0 : 1;
}

const firstLine = (text) => String(text).split('\n')[0];

async function main() {
  checkNode();
  const names = chosen();
  const say = (line) => process.stdout.write(`${line}\n`);
  await installPackages(root, say);
  if (SUITES.some(({ name }) => names.has(name))) await installPrograms(PROGRAMS, say);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      stopped = true;
      for (const { end } of running) end(`stopped by ${signal}`);
    });
  }
  for (const check of CHECKS) if (!stopped && names.has(check.name)) await runCheck(check);
  const inTurn = async (suites) => {
    for (const suite of suites) if (!stopped && names.has(suite.name)) await runSuite(suite);
  };
  // Pure work keeps a core busy; the others mostly wait for phones and browsers.
  await inTurn(SUITES.filter(({ name }) => name === 'unit'));
  const others = SUITES.filter(({ name }) => name !== 'unit');
  const tracks = [others.filter(({ beside }) => !beside), others.filter(({ beside }) => beside)];
  if (availableParallelism() > 1) await Promise.all(tracks.map(inTurn));
  else await inTurn(others);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  results.push({ outcome: 'failed', title: 'set-up', message: error.message });
  process.stdout.write(`${error.message}\n`);
}
process.stdout.write('\n');
process.exitCode = summary();
