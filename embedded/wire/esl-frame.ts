/**
 * Frames of FreeSWITCH's event socket. Pure. Towards the server goes a command line, headers and perhaps a body; towards
 * the client go headers and perhaps a body. An empty line ends the headers, `Content-Length` counts the body's bytes.
 */

export type EslProblem = 'too-large' | 'too-many-headers' | 'content-length';

/** The bytes cannot be a frame, or exceed a limit: the connection is of no use any more. */
export class EslFrameError extends Error {
  override readonly name = 'EslFrameError';
  readonly problem: EslProblem;

  constructor(problem: EslProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export interface EslLimits {
  /** Bytes of command line and headers. */
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
  readonly maxHeaders: number;
}

export const ESL_LIMITS: EslLimits = { maxHeadBytes: 65_536, maxBodyBytes: 1_048_576, maxHeaders: 64 };
/** Before the password was given: enough for `auth`, not enough to fill a memory. */
export const ESL_LIMITS_UNAUTHENTICATED: EslLimits = { maxHeadBytes: 4_096, maxBodyBytes: 0, maxHeaders: 8 };

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** What a client sent. */
export interface EslCommand {
  /** First line, without line break. */
  readonly line: string;
  /** By name in lower case; the first line of a name counts. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What a server sent. Header names as written. */
export interface EslFrame {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

interface RawFrame {
  readonly lines: readonly string[];
  readonly body: string;
}

/** Cuts a byte stream into frames. `push` throws EslFrameError; after that the reader must not be used. */
class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #head: { lines: string[]; bodyBytes: number } | undefined;
  #limits: EslLimits;

  constructor(limits: EslLimits) {
    this.#limits = limits;
  }

  set limits(limits: EslLimits) {
    this.#limits = limits;
  }

  /** Is a frame begun and not complete? */
  get midFrame(): boolean {
    return this.#head !== undefined || this.#pending.length > 0;
  }

  append(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
  }

  /** The next whole frame, or undefined until more bytes come. */
  next(): RawFrame | undefined {
    this.#head ??= this.#takeHead();
    if (!this.#head || this.#pending.length < this.#head.bodyBytes) return undefined;
    const { lines, bodyBytes } = this.#head;
    const body = this.#pending.toString('utf8', 0, bodyBytes);
    this.#pending = this.#pending.subarray(bodyBytes);
    this.#head = undefined;
    return { lines, body };
  }

  #takeHead(): { lines: string[]; bodyBytes: number } | undefined {
    this.#dropEmptyLines();
    const end = findHeadEnd(this.#pending);
    const length = end?.headEnd ?? this.#pending.length;
    if (length > this.#limits.maxHeadBytes) throw new EslFrameError('too-large', 'the head of a frame is too long');
    if (!end) return undefined;
    const lines = this.#pending.toString('utf8', 0, end.headEnd).split('\n').map(withoutReturns);
    this.#pending = this.#pending.subarray(end.bodyStart);
    if (lines.length - 1 > this.#limits.maxHeaders) {
      throw new EslFrameError('too-many-headers', 'a frame has too many headers');
    }
    return { lines, bodyBytes: this.#bodyBytes(lines) };
  }

  #dropEmptyLines(): void {
    let start = 0;
    while (this.#pending[start] === LINE_FEED || this.#pending[start] === CARRIAGE_RETURN) start++;
    this.#pending = this.#pending.subarray(start);
  }

  #bodyBytes(lines: readonly string[]): number {
    const line = lines.find((candidate) => /^content-length\s*:/i.test(candidate));
    if (line === undefined) return 0;
    const text = line.slice(line.indexOf(':') + 1).trim();
    if (!/^\d{1,9}$/.test(text) || Number(text) > this.#limits.maxBodyBytes) {
      throw new EslFrameError('content-length', 'Content-Length is no number or out of range');
    }
    return Number(text);
  }
}

/** Headers end where two line feeds follow each other; carriage returns between them do not count. */
function findHeadEnd(bytes: Buffer): { headEnd: number; bodyStart: number } | undefined {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    let next = at + 1;
    while (bytes[next] === CARRIAGE_RETURN) next++;
    if (bytes[next] === LINE_FEED) return { headEnd: at, bodyStart: next + 1 };
  }
  return undefined;
}

/** Without the carriage returns at its end. */
function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end--;
  return line.slice(0, end);
}

function splitHeader(line: string): [name: string, value: string] | undefined {
  const colon = line.indexOf(':');
  return colon < 0
    ? undefined
    : [line.slice(0, colon).trim(), withoutReturns(line.slice(colon + 1)).replace(/^ +/, '')];
}

/** Server side: bytes in, commands out. */
export class EslCommandReader {
  readonly #frames: FrameReader;

  constructor(limits: EslLimits = ESL_LIMITS) {
    this.#frames = new FrameReader(limits);
  }

  get midFrame(): boolean {
    return this.#frames.midFrame;
  }

  /** From the next frame on: what is allowed once the client is known. */
  set limits(limits: EslLimits) {
    this.#frames.limits = limits;
  }

  append(bytes: Buffer): void {
    this.#frames.append(bytes);
  }

  /** @throws EslFrameError */
  next(): EslCommand | undefined {
    const frame = this.#frames.next();
    if (!frame) return undefined;
    const headers = new Map<string, string>();
    for (const line of frame.lines.slice(1)) {
      const [name, value] = splitHeader(line) ?? [];
      if (name && value !== undefined && !headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value);
    }
    return { line: withoutReturns(frame.lines[0] ?? ''), headers, body: frame.body };
  }
}

/** Client side: bytes in, replies and events out. */
export class EslFrameReader {
  readonly #frames: FrameReader;

  constructor(limits: EslLimits = { ...ESL_LIMITS, maxHeaders: 1_024 }) {
    this.#frames = new FrameReader(limits);
  }

  append(bytes: Buffer): void {
    this.#frames.append(bytes);
  }

  /** @throws EslFrameError */
  next(): EslFrame | undefined {
    const frame = this.#frames.next();
    if (!frame) return undefined;
    const headers = new Map<string, string>();
    for (const line of frame.lines) {
      const [name, value] = splitHeader(line) ?? [];
      if (name && value !== undefined) headers.set(name, value);
    }
    return { headers, body: frame.body };
  }
}

/** A line break in a value would be the next header: it becomes a space. */
function oneLine(value: string): string {
  return value.replace(/[\x00-\x1f\x7f]+/g, ' ');
}

/** What a client sends. */
export function serializeEslCommand(
  line: string,
  headers: Iterable<readonly [string, string]> = [],
  body = '',
): string {
  const lines = [oneLine(line), ...[...headers].map(([name, value]) => `${name}: ${oneLine(value)}`)];
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\n')}\n\n${body}`;
}

/** What a server sends; `Content-Length` is added when there is a body, after the other headers or, for events, before. */
export function serializeEslFrame(headers: Iterable<readonly [string, string]>, body?: string): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${oneLine(value)}\n`).join('');
  return body === undefined ? `${lines}\n` : `${lines}Content-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}

/** An event's frame: length first, as FreeSWITCH writes it. */
export function serializeEslEventFrame(format: 'plain' | 'json', text: string): string {
  return `Content-Length: ${Buffer.byteLength(text)}\nContent-Type: text/event-${format}\n\n${text}`;
}
