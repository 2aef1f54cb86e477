/** Who this server says it is: the version whose behaviour it follows, its name and addresses. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

export interface ServerIdentity {
  readonly coreUuid: string;
  readonly hostname: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export const VERSION = '1.11.2-release+git~20260809T162310Z~3f13ad1b1d~64bit';
export const VERSION_HUMAN = '1.11.2-release git 3f13ad1 2026-08-09 16:23:10Z 64bit';
export const REVISION_HUMAN = 'git 3f13ad1 2026-08-09 16:23:10Z 64bit';

export function createIdentity(ipv4: string, startedAt: number): ServerIdentity {
  return { coreUuid: randomUUID(), hostname: hostname(), ipv4, ipv6: '::1', startedAt };
}
