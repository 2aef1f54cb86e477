import { hasControlCharacter, isToken, SipParseError, splitOutsideQuotes } from './sip-syntax.ts';

/** RFC 3261 section 7.3.3 and later registrations. */
const COMPACT_FORMS: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

interface HeaderLine {
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

/** Lower case and in full: `v` and `Via` are both `via`. */
export function headerKey(name: string): string {
  const lower = name.toLowerCase();
  return (lower.length === 1 ? COMPACT_FORMS[lower] : undefined) ?? lower;
}

/**
 * The headers of a message: lines in order, names as written, found without regard to case or compact form.
 * A value never holds a line break or another control character: `set`, `append` and `prepend` throw SipParseError
 * instead, so that text somebody chose cannot become a second header.
 */
export class SipHeaders {
  #lines: HeaderLine[] = [];

  constructor(lines: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of lines) this.append(name, value);
  }

  get size(): number {
    return this.#lines.length;
  }

  /** Value of the first line with this name. */
  get(name: string): string | undefined {
    const key = headerKey(name);
    return this.#lines.find((line) => line.key === key)?.value;
  }

  /** One value per line. */
  getAll(name: string): string[] {
    const key = headerKey(name);
    return this.#lines.filter((line) => line.key === key).map((line) => line.value);
  }

  /**
   * One value per element of a comma-separated header (Via, Route, Record-Route, Contact, Supported, Require, Allow…),
   * over all its lines; empty elements are dropped. Not for Authorization and its kin, nor for Date.
   * @throws SipParseError on a quoted string left open
   */
  getList(name: string): string[] {
    return this.getAll(name)
      .flatMap((value) => splitOutsideQuotes(value, ','))
      .filter((element) => element !== '');
  }

  has(name: string): boolean {
    const key = headerKey(name);
    return this.#lines.some((line) => line.key === key);
  }

  /** Replaces the first line of this name in its place and drops the others; adds a line when there was none. */
  set(name: string, value: string): this {
    const line = makeLine(name, value);
    const first = this.#lines.findIndex((existing) => existing.key === line.key);
    if (first < 0) this.#lines.push(line);
    else this.#lines = this.#lines.filter((existing, at) => at <= first || existing.key !== line.key).with(first, line);
    return this;
  }

  /** Replaces the first line of this name and keeps the others; adds a line when there was none. */
  replaceFirst(name: string, value: string): this {
    const line = makeLine(name, value);
    const first = this.#lines.findIndex((existing) => existing.key === line.key);
    if (first < 0) this.#lines.push(line);
    else this.#lines[first] = line;
    return this;
  }

  append(name: string, value: string): this {
    this.#lines.push(makeLine(name, value));
    return this;
  }

  /** Adds a line before all others: for Via. */
  prepend(name: string, value: string): this {
    this.#lines.unshift(makeLine(name, value));
    return this;
  }

  /** @returns whether there was one */
  delete(name: string): boolean {
    const key = headerKey(name);
    const before = this.#lines.length;
    this.#lines = this.#lines.filter((line) => line.key !== key);
    return this.#lines.length < before;
  }

  clone(): SipHeaders {
    const copy = new SipHeaders();
    copy.#lines = [...this.#lines];
    return copy;
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (const line of this.#lines) yield [line.name, line.value];
  }
}

function makeLine(name: string, value: string): HeaderLine {
  if (!isToken(name)) throw new SipParseError('header-syntax', 'a header name is not a token');
  if (hasControlCharacter(value)) throw new SipParseError('header-syntax', 'a header value holds a control character');
  return { name, key: headerKey(name), value: value.trim() };
}
