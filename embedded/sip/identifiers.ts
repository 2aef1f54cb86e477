/** Random identifiers; nobody outside can guess them, so nobody can answer or end what is not theirs. */
import { randomBytes } from 'node:crypto';

const MAGIC_COOKIE = 'z9hG4bK'; // RFC 3261 section 8.1.1.7

export function newBranch(): string {
  return MAGIC_COOKIE + randomBytes(12).toString('hex');
}

export function isBranchOfRfc3261(branch: string | null | undefined): branch is string {
  return typeof branch === 'string' && branch.length > MAGIC_COOKIE.length && branch.startsWith(MAGIC_COOKIE);
}

export function newTag(): string {
  return randomBytes(8).toString('hex');
}
