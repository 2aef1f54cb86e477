/** One event: headers in order, perhaps a body. Serialized at most once per format, however many listen. */
import { flattenEslValue, serializeEventJson, serializeEventPlain, type EslEventValue } from '../../wire/esl-event.ts';

export type EventHeaders = Iterable<readonly [string, EslEventValue | undefined]>;

/** Where the real server makes this event: told in Event-Calling-*. */
export type EventOrigin = readonly [file: string, callingFunction: string, line: number];

export class ServerEvent {
  readonly name: string;
  readonly subclass: string | undefined;
  readonly headers = new Map<string, EslEventValue>();
  body: string | undefined;
  /** As they are written, by their names in small letters; made when somebody asks in other letters. */
  #written: Map<string, string> | undefined;
  #plain: string | undefined;
  #json: string | undefined;

  constructor(name: string, subclass: string | undefined) {
    this.name = name;
    this.subclass = subclass;
  }

  /** Undefined values are left out; a header that is there already is kept in its place and overwritten. */
  add(headers: EventHeaders): this {
    for (const [name, value] of headers) {
      if (value === undefined) continue;
      this.headers.set(name, value);
    }
    this.#written = undefined;
    return this;
  }

  /** Header by name, whatever its case; lists as the text a client would read. */
  get(name: string): string | undefined {
    const value = this.headers.get(name) ?? this.headers.get(this.#asWritten(name));
    return value === undefined ? undefined : flattenEslValue(value);
  }

  #asWritten(name: string): string {
    this.#written ??= new Map([...this.headers.keys()].map((key) => [key.toLowerCase(), key]));
    return this.#written.get(name.toLowerCase()) ?? name;
  }

  plain(): string {
    return (this.#plain ??= serializeEventPlain(this.#text()));
  }

  json(): string {
    return (this.#json ??= serializeEventJson(this.#text()));
  }

  #text(): { headers: ReadonlyMap<string, EslEventValue>; body?: string } {
    return this.body === undefined ? { headers: this.headers } : { headers: this.headers, body: this.body };
  }
}
