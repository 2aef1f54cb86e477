/** One event: headers in order, perhaps a body. Serialized at most once per format, however many listen. */
import {
  endPlain,
  flattenEslValue,
  plainLine,
  serializeEventJson,
  jsonMember,
  type EslEventValue,
} from '../../wire/esl-event.ts';
import { HeaderBlock } from './header-block.ts';

export type EventHeader = readonly [string, EslEventValue | undefined] | HeaderBlock;
export type EventHeaders = Iterable<EventHeader>;

/** Where the real server makes this event: told in Event-Calling-*. */
export type EventOrigin = readonly [file: string, callingFunction: string, line: number];

type Loose = Map<string, EslEventValue>;

export class ServerEvent {
  readonly name: string;
  readonly subclass: string | undefined;
  body: string | undefined;
  #parts: (Loose | HeaderBlock)[] = [];
  /** As they are written, by their names in small letters; made when somebody asks in other letters. */
  #written: Map<string, string> | undefined;
  #plain: string | undefined;
  #json: string | undefined;

  constructor(name: string, subclass: string | undefined) {
    this.name = name;
    this.subclass = subclass;
  }

  /** All of them, in order. */
  get headers(): ReadonlyMap<string, EslEventValue> {
    const [first] = this.#parts;
    return this.#parts.length === 1 && first instanceof Map ? first : this.#flat();
  }

  /** Undefined values are left out; a header that is there already is kept in its place and overwritten. */
  add(headers: EventHeaders): this {
    for (const header of headers) {
      if (header instanceof HeaderBlock) this.#addBlock(header);
      else if (header[1] !== undefined) this.#set(header[0], header[1]);
    }
    this.#written = undefined;
    return this;
  }

  /** Header by name, whatever its case; lists as the text a client would read. */
  get(name: string): string | undefined {
    const value = this.#find(name) ?? this.#find(this.#asWritten(name));
    return value === undefined ? undefined : flattenEslValue(value);
  }

  plain(): string {
    return (this.#plain ??= endPlain(this.#parts.map(plainOf).join(''), this.body));
  }

  json(): string {
    return (this.#json ??= this.#toJson());
  }

  #toJson(): string {
    const { body } = this;
    if (body !== undefined) return serializeEventJson({ headers: this.headers, body });
    const texts = this.#parts.map(jsonOf).filter((text) => text !== '');
    return `{${texts.join(',')}}`;
  }

  #addBlock(block: HeaderBlock): void {
    if (this.#parts.some((part) => holdsSome(part, block.prefix))) this.add(block.headers.map(pairOf));
    else this.#parts.push(block);
  }

  #set(name: string, value: EslEventValue): void {
    if (this.#parts.some((part) => part instanceof HeaderBlock && name.startsWith(part.prefix))) {
      // It may overwrite one of the block's, which others share.
      this.#parts = [this.#flat()];
    }
    const last = this.#parts.at(-1);
    const there = this.#parts.find((part): part is Loose => part instanceof Map && part.has(name));
    if (there) there.set(name, value);
    else if (last instanceof Map) last.set(name, value);
    else this.#parts.push(new Map([[name, value]]));
  }

  #flat(): Loose {
    const flat: Loose = new Map();
    for (const part of this.#parts) {
      if (part instanceof Map) for (const [name, value] of part) flat.set(name, value);
      else for (const { name, value } of part.headers) flat.set(name, value);
    }
    return flat;
  }

  #find(name: string): EslEventValue | undefined {
    for (const part of this.#parts) {
      const value = part.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #asWritten(name: string): string {
    this.#written ??= new Map([...this.headers.keys()].map((key) => [key.toLowerCase(), key]));
    return this.#written.get(name.toLowerCase()) ?? name;
  }
}

function pairOf({ name, value }: { readonly name: string; readonly value: EslEventValue }): EventHeader {
  return [name, value];
}

function holdsSome(part: Loose | HeaderBlock, prefix: string): boolean {
  if (part instanceof HeaderBlock) return part.prefix.startsWith(prefix) || prefix.startsWith(part.prefix);
  for (const name of part.keys()) if (name.startsWith(prefix)) return true;
  return false;
}

function plainOf(part: Loose | HeaderBlock): string {
  if (part instanceof HeaderBlock) return part.plain;
  let text = '';
  for (const [name, value] of part) text += plainLine(name, value);
  return text;
}

function jsonOf(part: Loose | HeaderBlock): string {
  if (part instanceof HeaderBlock) return part.json;
  let text = '';
  for (const [name, value] of part) text += `${text === '' ? '' : ','}${jsonMember(name, value)}`;
  return text;
}
