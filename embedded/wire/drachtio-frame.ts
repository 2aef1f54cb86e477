/**
 * The drachtio wire protocol: frames of `<bytes>#<payload>`. A payload is a line of tokens parted by `|`, then, where it
 * carries SIP, CRLF and the message. Pure, both directions.
 */

export class DrachtioFrameError extends Error {
  override readonly name = 'DrachtioFrameError';
}

const HASH = 0x23;
const ZERO = 0x30;
const NINE = 0x39;
const MAX_LENGTH_DIGITS = 7;

/** Collects bytes until whole frames are there. Memory never exceeds the limit and one chunk. */
export class DrachtioFrameDecoder {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #needed: number | undefined;

  /**
   * @param maxFrameBytes largest payload allowed; may differ from call to call
   * @returns payloads, in order
   * @throws DrachtioFrameError on a malformed or too large length; the decoder is of no use afterwards
   */
  push(bytes: Buffer, maxFrameBytes: number): Buffer[] {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    const payloads: Buffer[] = [];
    for (;;) {
      this.#needed ??= this.#readLength(maxFrameBytes);
      if (this.#needed === undefined || this.#heldBytes < this.#needed) return payloads;
      payloads.push(this.#take(this.#needed));
      this.#needed = undefined;
    }
  }

  #readLength(maxFrameBytes: number): number | undefined {
    if (this.#heldBytes === 0) return undefined;
    const held = this.#join();
    const end = held.subarray(0, MAX_LENGTH_DIGITS + 1).indexOf(HASH);
    const digits = held.subarray(0, end < 0 ? MAX_LENGTH_DIGITS + 1 : end);
    if (end === 0 || digits.length > MAX_LENGTH_DIGITS || digits.some((digit) => digit < ZERO || digit > NINE)) {
      throw new DrachtioFrameError('a frame does not begin with its length');
    }
    if (end < 0) return undefined;
    const length = Number(digits.toString('latin1'));
    if (length === 0 || length > maxFrameBytes) throw new DrachtioFrameError('a frame is empty or too large');
    this.#take(end + 1);
    return length;
  }

  #take(count: number): Buffer {
    const held = this.#join();
    this.#held = [held.subarray(count)];
    this.#heldBytes -= count;
    return held.subarray(0, count);
  }

  #join(): Buffer {
    const [first] = this.#held;
    if (this.#held.length === 1 && first) return first;
    const joined = Buffer.concat(this.#held);
    this.#held = [joined];
    return joined;
  }
}

/** @param sip a SIP message that follows the tokens */
export function encodeDrachtioFrame(tokens: readonly string[], sip?: Buffer): Buffer {
  const leader = Buffer.from(tokens.join('|') + (sip ? '\r\n' : ''), 'utf8');
  const length = leader.length + (sip?.length ?? 0);
  const parts = [Buffer.from(`${length}#`, 'latin1'), leader];
  return Buffer.concat(sip ? [...parts, sip] : parts);
}

export interface DrachtioPayload {
  /** [0] is the id of the frame, [1] its kind. */
  readonly tokens: readonly string[];
  /** What follows the first line; undefined when there is only one. */
  readonly sip: Buffer | undefined;
}

export function parseDrachtioPayload(payload: Buffer): DrachtioPayload {
  const lineEnd = payload.indexOf('\r\n');
  const leader = (lineEnd < 0 ? payload : payload.subarray(0, lineEnd)).toString('utf8');
  return { tokens: leader.split('|'), sip: lineEnd < 0 ? undefined : payload.subarray(lineEnd + 2) };
}

/** Where and when a message was seen: tokens 2 to 7 of a `sip` frame, 4 to 9 of a `response` frame. */
export interface DrachtioMeta {
  readonly source: 'network' | 'application';
  readonly bytes: number;
  /** Empty where the real server leaves it empty. */
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly time: Date;
}

export function metaTokens(meta: DrachtioMeta): string[] {
  const { source, bytes, protocol, address, port, time } = meta;
  return [source, String(bytes), protocol, address, String(port), formatTime(time)];
}

/** `08:27:28.046000`, UTC, microseconds. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(11, 23)}000`;
}
