/** Cuts a byte stream into SIP messages by Content-Length (RFC 3261 section 18.3). Pure: time limits are the transport's. */
import { EMPTY_BODY, findEndOfHead, MAX_MESSAGE_BYTES, unfold } from './sip-message.ts';
import { headerKey } from './sip-headers.ts';
import { parseWholeNumber, SipParseError } from './sip-syntax.ts';

export interface StreamChunk {
  /** Whole messages, in order; nobody else writes to their memory. */
  readonly messages: readonly Buffer[];
  /** Double CRLF between messages: the peer asks whether we are there (RFC 5626 section 3.5.1). */
  readonly pings: number;
  /** The stream cannot be cut any further: the connection is to be closed after the messages have been looked at. */
  readonly broken: boolean;
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const FIRST_CAPACITY = 2_048;

export class SipStreamFramer {
  #store: Buffer = EMPTY_BODY;
  #length = 0;
  #searchedTo = 0;
  #needed = 0;
  #blankBytes = 0;
  #broken = false;
  readonly #maxMessageBytes: number;

  constructor(maxMessageBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Has a message begun that is not complete yet? */
  get pending(): boolean {
    return this.#length > 0;
  }

  /** @throws SipParseError 'too-large'; the framer is of no use afterwards */
  push(bytes: Buffer): StreamChunk {
    const messages: Buffer[] = [];
    let pings = 0;
    let rest = bytes;
    while (rest.length > 0 && !this.#broken) {
      if (this.#length === 0) {
        const blanks = this.#skipBlanks(rest);
        pings += blanks.pings;
        rest = rest.subarray(blanks.bytes);
        if (rest.length === 0) break;
      }
      // No more than one message may be at hand, so that the store never outgrows the limit.
      const taken = rest.subarray(0, this.#maxMessageBytes + 1 - this.#length);
      this.#append(taken);
      rest = rest.subarray(taken.length);
      const message = this.#takeMessage();
      if (message) {
        messages.push(message.bytes);
        if (message.excess.length > 0) rest = Buffer.concat([message.excess, rest]);
      } else if (this.#length > this.#maxMessageBytes) {
        throw new SipParseError('too-large', 'a message on the stream is larger than allowed');
      }
    }
    return { messages, pings, broken: this.#broken };
  }

  #skipBlanks(bytes: Buffer): { bytes: number; pings: number } {
    let at = 0;
    let pings = 0;
    while (bytes[at] === CARRIAGE_RETURN || bytes[at] === LINE_FEED) {
      at++;
      if (++this.#blankBytes % 4 === 0) pings++;
    }
    if (at < bytes.length) this.#blankBytes = 0;
    return { bytes: at, pings };
  }

  #append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#store.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#store.length * 2, FIRST_CAPACITY));
      this.#store.copy(grown, 0, 0, this.#length);
      this.#store = grown;
    }
    bytes.copy(this.#store, this.#length);
    this.#length = length;
  }

  #takeMessage(): { bytes: Buffer; excess: Buffer } | undefined {
    const held = this.#store.subarray(0, this.#length);
    if (this.#needed === 0) this.#needed = this.#measure(held);
    if (this.#needed === 0 || this.#length < this.#needed) return undefined;
    const message = { bytes: held.subarray(0, this.#needed), excess: held.subarray(this.#needed) };
    this.#length = 0;
    this.#needed = 0;
    this.#searchedTo = 0;
    this.#store = EMPTY_BODY;
    return message;
  }

  /** Bytes of the whole message that begins here; 0 while that is not known. */
  #measure(held: Buffer): number {
    const head = findEndOfHead(held, this.#searchedTo);
    if (!head) {
      this.#searchedTo = Math.max(0, held.length - 4);
      return 0;
    }
    const length = announcedLength(held.toString('utf8', 0, head.headEnd));
    if (length === undefined) {
      this.#broken = true; // where the next message begins, nobody can tell
      return head.bodyStart;
    }
    if (head.bodyStart + length > this.#maxMessageBytes) {
      throw new SipParseError('too-large', 'a message on the stream is larger than allowed');
    }
    return head.bodyStart + length;
  }
}

/** 0 when there is no Content-Length; undefined when it cannot be trusted. */
function announcedLength(head: string): number | undefined {
  let found: number | undefined;
  for (const line of unfold(head).slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 0 || headerKey(line.slice(0, colon).trim()) !== 'content-length') continue;
    const value = parseWholeNumber(line.slice(colon + 1).trim(), MAX_MESSAGE_BYTES);
    if (value === undefined || (found !== undefined && found !== value)) return undefined;
    found = value;
  }
  return found ?? 0;
}
