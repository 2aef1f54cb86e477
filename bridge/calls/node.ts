/** The name of this process in call records, and whether the process behind another name still lives. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** `name/pid/start`: start is in milliseconds since 1970, because process numbers come back. */
const NODE = /^([A-Za-z0-9._-]{1,64})\/(\d{1,10})\/(\d{1,16})$/;
const CLOCK_TICKS_PER_SECOND = 100;
/** The boot time is known to the second only. */
const START_TOLERANCE_MS = 2_000;

export interface ProcessTable {
  /** Milliseconds since 1970 at which the process began; null when there is none of that number; undefined when unknown. */
  startOf(pid: number): number | null | undefined;
}

export function nodeName(configured: string | undefined, pid: number, startedAt: number): string {
  const name =
    configured ??
    hostname()
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 64);
  return `${name === '' ? 'node' : name}/${pid}/${Math.round(startedAt)}`;
}

/**
 * Whether a call of `node` has nobody any more. Only processes of our own name can be judged: of another machine's
 * process we know nothing.
 */
export function isDead(node: string, self: string, processes: ProcessTable): boolean {
  if (node === self) return false;
  const other = NODE.exec(node);
  const own = NODE.exec(self);
  if (!other || !own || other[1] !== own[1]) return false;
  const pid = Number(other[2]);
  if (other[2] === own[2]) return true;
  const start = processes.startOf(pid);
  if (start === null) return true;
  // The number is in use again, by a process that began after ours of that name had written its records.
  return start !== undefined && start > Number(other[3]) + START_TOLERANCE_MS;
}

/** Linux tells when a process began; elsewhere only whether there is one. */
export const systemProcesses: ProcessTable = {
  startOf: (pid) => {
    try {
      process.kill(pid, 0);
    } catch (error) {
      // EPERM: it lives and is somebody else's.
      if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return null;
    }
    return linuxStart(pid);
  },
};

function linuxStart(pid: number): number | undefined {
  try {
    const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
    // Field 22, counted after the command's closing bracket, because a command may hold spaces (proc(5)).
    const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
    if (boot === undefined || ticks === undefined) return undefined;
    return Number(boot) * 1_000 + (Number(ticks) / CLOCK_TICKS_PER_SECOND) * 1_000;
  } catch {
    return undefined;
  }
}
