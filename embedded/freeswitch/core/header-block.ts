/**
 * Headers that stay as they are from event to event, kept as they are written: a channel's events repeat its hundred
 * variables, of which one or two have changed.
 */
import { jsonMember, plainLine, type EslEventValue } from '../../wire/esl-event.ts';

/** One header, written once per format. */
export class KeptHeader {
  readonly name: string;
  readonly value: EslEventValue;
  #json: string | undefined;
  #plain: string | undefined;

  constructor(name: string, value: EslEventValue) {
    this.name = name;
    this.value = value;
  }

  get json(): string {
    return (this.#json ??= jsonMember(this.name, this.value));
  }

  get plain(): string {
    return (this.#plain ??= plainLine(this.name, this.value));
  }
}

export class HeaderBlock {
  /** All its headers begin with it, and no others of an event that has the block. */
  readonly prefix: string;
  readonly headers: readonly KeptHeader[];
  #json: string | undefined;
  #plain: string | undefined;

  constructor(prefix: string, headers: readonly KeptHeader[]) {
    this.prefix = prefix;
    this.headers = headers;
  }

  get(name: string): EslEventValue | undefined {
    if (!name.startsWith(this.prefix)) return undefined;
    return this.headers.find((header) => header.name === name)?.value;
  }

  /** Members of an object, without its braces. */
  get json(): string {
    return (this.#json ??= this.headers.map(({ json }) => json).join(','));
  }

  get plain(): string {
    return (this.#plain ??= this.headers.map(({ plain }) => plain).join(''));
  }
}
