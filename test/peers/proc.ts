/** What the kernel knows of a process: its ports and its descendants. Linux only, as the peers are. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface OpenPort {
  readonly protocol: 'udp' | 'tcp';
  /** The kernel's hexadecimal form of the address tells any from loopback. */
  readonly loopback: boolean;
  readonly port: number;
  readonly fileDescriptor: number;
}

const TCP_LISTEN = '0A';
const LOOPBACK_V4 = '0100007F';
const LOOPBACK_V6 = '00000000000000000000000001000000';

/** UDP ports and listening TCP ports of a process, in the order they were opened (by file descriptor). */
export function openPorts(pid: number): OpenPort[] {
  const sockets = socketsOf(pid);
  const ports: OpenPort[] = [];
  for (const [file, protocol] of [
    ['udp', 'udp'],
    ['udp6', 'udp'],
    ['tcp', 'tcp'],
    ['tcp6', 'tcp'],
  ] as const) {
    for (const line of readLines(`/proc/${pid}/net/${file}`).slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [address = '', port = ''] = (fields[1] ?? '').split(':');
      const fileDescriptor = sockets.get(fields[9] ?? '');
      if (fileDescriptor === undefined || (protocol === 'tcp' && fields[3] !== TCP_LISTEN)) continue;
      const loopback = address === LOOPBACK_V4 || address === LOOPBACK_V6;
      ports.push({ protocol, loopback, port: parseInt(port, 16), fileDescriptor });
    }
  }
  return ports.sort((a, b) => a.fileDescriptor - b.fileDescriptor);
}

/** Number of open files; 0 when the process is gone. */
export function openFiles(pid: number): number {
  return listFolder(`/proc/${pid}/fd`).length;
}

/** Its children, their children, and so on. */
export function descendants(pid: number): number[] {
  const children = listFolder(`/proc/${pid}/task`).flatMap((thread) =>
    readLines(`/proc/${pid}/task/${thread}/children`)
      .join(' ')
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Running; a zombie is not. */
export function isAlive(pid: number): boolean {
  const stat = readLines(`/proc/${pid}/stat`)[0] ?? '';
  return stat !== '' && !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

/** CPU time it has used, all threads; what Linux counts is hundredths of a second. */
export function processorSeconds(pid: number): number {
  const stat = readLines(`/proc/${pid}/stat`)[0] ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

export function residentMebibytes(pid: number): number {
  const line = readLines(`/proc/${pid}/status`).find((text) => text.startsWith('VmRSS:')) ?? '';
  return Math.round(Number(/\d+/.exec(line)?.[0] ?? 0) / 1_024);
}

export function commandLine(pid: number): string {
  return (readLines(`/proc/${pid}/cmdline`)[0] ?? '').replaceAll('\0', ' ').trim();
}

/** Socket number → file descriptor. */
function socketsOf(pid: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of listFolder(`/proc/${pid}/fd`)) {
    try {
      const socket = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`));
      if (socket?.[1] !== undefined) found.set(socket[1], Number(name));
    } catch {
      // closed between the two looks
    }
  }
  return found;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}
