/**
 * Channel variables: text or lists, in the order in which they were last set. `${name}` in a text is replaced by a
 * variable; nothing else is: no API is ever run from a text, whoever wrote it.
 */
import { HeaderBlock, KeptHeader } from '../core/header-block.ts';
import type { EslEventValue } from '../../wire/esl-event.ts';

export const MAX_VARIABLES = 512;
export const MAX_VALUE_LENGTH = 65_536;
const MAX_EXPANDED_LENGTH = 65_536;
/** Of the headers by which events tell variables. */
const PREFIX = 'variable_';
/** A line break in a name would begin another header. */
const CONTROL = /[\x00-\x1f\x7f]/;
const REFERENCE = /\$\{([A-Za-z0-9_.:-]{1,200})\}/g;

export class ChannelVariables {
  readonly #headers = new Map<string, KeptHeader>();
  #block: HeaderBlock | undefined;

  get(name: string): string | undefined {
    const value = this.#headers.get(name)?.value;
    return value === undefined || typeof value === 'string' ? value : (value[0] ?? '');
  }

  /** One element of a list; a plain value counts as a list of one. */
  getElement(name: string, index: number): string | undefined {
    const value = this.#headers.get(name)?.value;
    return typeof value === 'string' ? (index === 0 ? value : undefined) : value?.[index];
  }

  isTrue(name: string): boolean {
    return isTrue(this.get(name));
  }

  /** Undefined or '' removes it. More or longer ones than allowed are not kept, nor are names that are none. */
  set(name: string, value: EslEventValue | undefined): void {
    const before = this.#headers.get(name);
    if (this.#headers.delete(name)) this.#block = undefined;
    if (name === '' || CONTROL.test(name) || value === undefined || value === '') return;
    const fits = typeof value !== 'string' || value.length <= MAX_VALUE_LENGTH;
    if (!fits || this.#headers.size >= MAX_VARIABLES) return;
    this.#headers.set(name, before?.value === value ? before : new KeptHeader(`${PREFIX}${name}`, value));
    this.#block = undefined;
  }

  setAll(values: Iterable<readonly [string, EslEventValue | undefined]>): void {
    for (const [name, value] of values) this.set(name, value);
  }

  expand(text: string): string {
    if (!text.includes('${')) return text;
    return text.replace(REFERENCE, (_all, name: string) => this.get(name) ?? '').slice(0, MAX_EXPANDED_LENGTH);
  }

  /** Each as `variable_<name>`. */
  get block(): HeaderBlock {
    return (this.#block ??= new HeaderBlock(PREFIX, [...this.#headers.values()]));
  }

  *[Symbol.iterator](): IterableIterator<[string, EslEventValue]> {
    for (const [name, { value }] of this.#headers) yield [name, value];
  }
}

export function isTrue(value: string | undefined): boolean {
  if (value === undefined) return false;
  if (/^-?\d+$/.test(value)) return Number(value) !== 0;
  return ['yes', 'on', 'true', 't', 'enabled', 'active', 'allow'].includes(value.toLowerCase());
}

export function isFalse(value: string | undefined): boolean {
  if (value === undefined) return false;
  if (/^-?\d+$/.test(value)) return Number(value) === 0;
  return ['no', 'off', 'false', 'f', 'disabled', 'inactive', 'disallow'].includes(value.toLowerCase());
}
