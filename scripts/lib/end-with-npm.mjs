import { readFileSync } from 'node:fs';

const PARENT_CHECK_MS = 500;

/**
 * npm passes SIGTERM and SIGINT on, but cannot when it is killed outright. Then nobody is left who could stop us, so we
 * stop ourselves. Started any other way (systemd, nohup, a shell that ends), the parent's end means nothing.
 */
export function endWithNpm() {
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
