/** Passwords: argon2id with the parameters OWASP names (19 MiB, two passes, one lane). */
import { hash, verify } from '@node-rs/argon2';
import { PartylineError } from '../config/contract/index.ts';

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(passwordHash: string, password: string): Promise<boolean>;
}

const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Each needs 19 MiB and a core: more at a time only makes all of them slower. */
const AT_A_TIME = 2;
const MOST_WAITING = 64;
const RETRY_AFTER_MS = 1_000;

const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

/**
 * Verified against when there is nobody of that name: the same parameters, so the same work, and an answer no password
 * gives (a hash of zeros).
 */
export const NOBODYS_HASH = [
  '$argon2id$v=19',
  `m=${MEMORY_KIB},t=${PASSES},p=${LANES}`,
  unpadded(Buffer.from('partyline-nobody').subarray(0, SALT_BYTES)),
  unpadded(Buffer.alloc(HASH_BYTES)),
].join('$');

/** The same characters typed on another keyboard are the same password (NIST SP 800-63B, section 5.1.1.2). */
const normalize = (password: string) => password.normalize('NFKC');

export function createPasswordHasher(): PasswordHasher {
  const gate = new Gate(AT_A_TIME, MOST_WAITING);
  return {
    hash: (password) =>
      gate.through(() =>
        hash(normalize(password), {
          memoryCost: MEMORY_KIB,
          timeCost: PASSES,
          parallelism: LANES,
          outputLen: HASH_BYTES,
        }),
      ),
    verify: (passwordHash, password) => gate.through(() => verify(passwordHash, normalize(password))),
  };
}

/** Lets a few through at a time; refuses when the queue is long, so that a flood of logins cannot fill the memory. */
export class Gate {
  readonly #atATime: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(atATime: number, mostWaiting: number) {
    this.#atATime = atATime;
    this.#mostWaiting = mostWaiting;
  }

  /** @throws PartylineError request/rate-limited when too many wait */
  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#atATime) {
      if (this.#waiting.length >= this.#mostWaiting) {
        throw new PartylineError('request/rate-limited', { retryAfterMs: RETRY_AFTER_MS });
      }
      // Whoever leaves hands over the place, so `#inside` stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#inside += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inside -= 1;
    }
  }
}
