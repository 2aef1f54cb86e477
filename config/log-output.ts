/**
 * Where log lines go: a descriptor, standard output as a rule, that must never hold the service up. What reads it may be
 * slow, stop reading, or be gone; the disk under it may be full. Calls go on meanwhile, and the process still ends.
 *
 * Not pino's own destination: its flushSync (sonic-boom 4.2) tries again for ever when a write fails with anything but
 * EAGAIN, and with EAGAIN for as long as nobody reads; and what it keeps for a reader has no bound.
 */
import { write, writeSync } from 'node:fs';

/** For a reader that does not read: a minute and more of a busy service. */
const MOST_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const BUSY_RETRY_MS = 100;
const FAULT_RETRY_MS = 1_000;
/** What is said just before the end may hold it up for so long. */
const LAST_LINES_MS = 500;
const NAP_MS = 10;
const LINE_FEED = 0x0a;

const BUSY = new Set(['EAGAIN', 'EBUSY']);
/** Nobody will ever read there again. */
const GONE = new Set(['EPIPE', 'ECONNRESET', 'EBADF']);

export interface LogOutputOptions {
  /** Pipes and sockets should not block, or the end of the process waits for their reader. */
  readonly fd: number;
  /** Lines go out again after `lost` of them did not. */
  readonly onLost?: (lost: number) => void;
}

export class LogOutput {
  readonly #options: LogOutputOptions;
  readonly #lines: string[] = [];
  #bytes = 0;
  /** What is being written, and is not yet. */
  #chunk: Buffer | undefined;
  #writing = false;
  #retry: NodeJS.Timeout | undefined;
  /** The last line that went out lacks its end. */
  #torn = false;
  #lost = 0;
  #gone = false;
  #waiting: (() => void)[] = [];

  constructor(options: LogOutputOptions) {
    this.#options = options;
  }

  /** Never waits, never throws. @param line with its line feed */
  write(line: string): void {
    if (this.#gone) return;
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > MOST_BYTES) {
      this.#lost += 1;
      return;
    }
    this.#lines.push(line);
    this.#bytes += bytes;
    this.#next();
  }

  /** @param done called when everything written so far is out, or never will be */
  flush(done: () => void): void {
    if (this.#isIdle()) done();
    else this.#waiting.push(done);
  }

  /** Before the process ends: writes what waits, as far as that is possible in half a second. */
  flushSync(): void {
    const until = Date.now() + LAST_LINES_MS;
    // What is in the hands of a thread goes out by itself, also at the end.
    if (this.#chunk && !this.#writing) {
      const left = writeNow(this.#options.fd, this.#chunk, until);
      this.#chunk = left.length > 0 ? left : undefined;
      if (this.#chunk) return;
    }
    for (let chunk = this.#take(); chunk; chunk = this.#take()) {
      const left = writeNow(this.#options.fd, chunk, until);
      if (left.length === 0) continue;
      this.#lines.unshift(left.toString());
      this.#bytes += left.length;
      return;
    }
  }

  #isIdle(): boolean {
    return this.#gone || (this.#chunk === undefined && this.#lines.length === 0);
  }

  #next(): void {
    if (this.#writing || this.#retry) return;
    this.#chunk ??= this.#take();
    if (this.#chunk) this.#put(this.#chunk);
    else this.#rest();
  }

  /** Some of the lines, in one piece. */
  #take(): Buffer | undefined {
    if (this.#lines.length === 0) return undefined;
    let [count, length] = [0, 0];
    while (count < this.#lines.length && length < CHUNK_BYTES) length += this.#lines[count++]!.length;
    const text = this.#lines.splice(0, count).join('');
    const chunk = Buffer.from(this.#torn ? `\n${text}` : text);
    this.#bytes -= Buffer.byteLength(text);
    this.#torn = false;
    return chunk;
  }

  #put(chunk: Buffer): void {
    this.#writing = true;
    write(this.#options.fd, chunk, (error, written) => {
      this.#writing = false;
      if (error) this.#failed(error, chunk);
      else this.#wrote(chunk, written);
    });
  }

  #wrote(chunk: Buffer, written: number): void {
    this.#chunk = written < chunk.length ? chunk.subarray(written) : undefined;
    this.#tellLost();
    this.#next();
  }

  #failed({ code = '' }: NodeJS.ErrnoException, chunk: Buffer): void {
    if (GONE.has(code)) this.#giveUp();
    else if (BUSY.has(code)) this.#later(BUSY_RETRY_MS);
    else {
      // A full disk, and the like: this piece is lost, and others may have more luck.
      this.#lost += countLines(chunk);
      this.#torn = true;
      this.#chunk = undefined;
      this.#later(FAULT_RETRY_MS);
    }
  }

  #later(delayMs: number): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#next();
    }, delayMs);
    this.#retry.unref();
  }

  #giveUp(): void {
    this.#gone = true;
    this.#lines.length = 0;
    this.#bytes = 0;
    this.#chunk = undefined;
    this.#rest();
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#options.onLost?.(lost);
  }

  /** Nothing is left to write. */
  #rest(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}

/** @returns what could not be written until then */
function writeNow(fd: number, chunk: Buffer, until: number): Buffer {
  let left = chunk;
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(fd, left));
    } catch (error) {
      if (!BUSY.has((error as NodeJS.ErrnoException).code ?? '') || Date.now() >= until) break;
      nap();
    }
  }
  return left;
}

function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS);
}

function countLines(chunk: Buffer): number {
  // The line feed at the beginning is that of a torn line.
  let count = chunk[0] === LINE_FEED ? -1 : 0;
  for (const byte of chunk) if (byte === LINE_FEED) count += 1;
  return count;
}
