/** Which events one listener wants: names, CUSTOM subclasses, filters. */
import { eventName } from '../core/event-names.ts';
import type { ServerEvent } from '../core/event.ts';

export type EventFormat = 'plain' | 'json';

interface Filter {
  readonly header: string;
  /** As it was asked for. */
  readonly value: string;
  /** What the header has to say, in small letters. */
  readonly sought: string;
  readonly excludes: boolean;
}

const MAX_FILTERS = 256;
const MAX_SUBCLASSES = 256;
const MY_EVENTS = `CHANNEL_ANSWER CHANNEL_APPLICATION CHANNEL_BRIDGE CHANNEL_CREATE CHANNEL_DATA CHANNEL_DESTROY
  CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_ORIGINATE CHANNEL_UUID
  CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_STATE CHANNEL_UNBRIDGE CHANNEL_UNPARK
  DETECTED_SPEECH DTMF NOTALK TALK`.split(/\s+/);

export class Subscription {
  format: EventFormat = 'plain';
  readonly #names = new Set<string>();
  readonly #subclasses = new Set<string>();
  #filters: Filter[] = [];
  /** When all filters ask for channels: theirs, in small letters. An event of another channel cannot pass. */
  #filteredChannels: ReadonlySet<string> | undefined;
  /** Set by `myevents`: only this channel's. */
  #channel: string | undefined;
  #enabled = false;
  /** What it is confined to has changed: only events of these channels can pass, or of any. */
  onConfined: ((channels: ReadonlySet<string> | undefined) => void) | undefined;

  get enabled(): boolean {
    return this.#enabled;
  }

  get ownsChannel(): boolean {
    return this.#channel !== undefined;
  }

  /** See EventListener. */
  wants(name: string, subclass: string | undefined, channel?: string | null): boolean {
    if (!this.#enabled || this.#cannotPass(channel)) return false;
    if (this.#names.has('ALL')) return true;
    return this.#names.has(name) && (name !== 'CUSTOM' || subclass === undefined || this.#subclasses.has(subclass));
  }

  #cannotPass(channel: string | null | undefined): boolean {
    if (channel === undefined) return false;
    if (this.#channel !== undefined && channel !== this.#channel.toLowerCase()) return true;
    return this.#filteredChannels !== undefined && (channel === null || !this.#filteredChannels.has(channel));
  }

  /** After `wants`: do the event's headers pass? */
  accepts(event: ServerEvent): boolean {
    if (this.#filters.length > 0 && !this.#passesFilters(event)) return false;
    return this.#channel === undefined || event.get('Unique-ID') === this.#channel;
  }

  /** `json DTMF CUSTOM a::b`; words after CUSTOM are subclasses. False when no event was named. */
  add(words: readonly string[]): boolean {
    const format = /^(plain|json|xml)$/i.exec(words[0] ?? '')?.[0].toLowerCase();
    if (format !== undefined) this.format = format === 'json' ? 'json' : 'plain';
    const rest = format === undefined ? words : words.slice(1);
    let named = false;
    let custom = false;
    for (const word of rest) {
      if (custom) {
        if (this.#subclasses.size < MAX_SUBCLASSES) this.#subclasses.add(word);
        continue;
      }
      const name = eventName(word);
      if (name === undefined) continue;
      named = true;
      custom = name === 'CUSTOM';
      this.#names.add(name);
    }
    this.#enabled ||= named;
    return named;
  }

  /** False when no event was named. */
  remove(words: readonly string[]): boolean {
    let named = false;
    let custom = false;
    for (const word of words) {
      if (custom) {
        this.#subclasses.delete(word);
        continue;
      }
      const name = eventName(word);
      if (name === undefined) continue;
      named = true;
      custom = name === 'CUSTOM';
      if (name === 'ALL') this.#names.clear();
      else if (!custom) this.#names.delete(name);
    }
    return named;
  }

  /** False when nothing was being listened to. */
  clear(): boolean {
    const was = this.#enabled;
    this.#enabled = false;
    this.#names.clear();
    this.#subclasses.clear();
    return was;
  }

  watchChannel(uuid: string, format: EventFormat | undefined): void {
    this.#channel = uuid;
    this.onConfined?.(this.#confinedTo);
    for (const name of MY_EVENTS) this.#names.add(name);
    this.#enabled = true;
    if (format) this.format = format;
  }

  /** False when there are too many. */
  addFilter(header: string, value: string): boolean {
    if (this.#filters.length >= MAX_FILTERS) return false;
    const mark = /^[+\- ]*/.exec(value)![0];
    const sought = value.slice(mark.length).toLowerCase();
    this.#filters.push({ header, value, sought, excludes: mark.trimEnd().endsWith('-') });
    this.#noteChannels();
    return true;
  }

  /** Without a value every filter on the header goes; `all` takes every filter. */
  deleteFilter(header: string, value: string | undefined): void {
    const all = header.toLowerCase() === 'all';
    this.#filters = this.#filters.filter(
      (filter) => !all && (!same(filter.header, header) || (value !== undefined && !same(filter.value, value))),
    );
    this.#noteChannels();
  }

  #noteChannels(): void {
    const ask = (filter: Filter): boolean => same(filter.header, 'Unique-ID') && !filter.excludes;
    this.#filteredChannels =
      this.#filters.length > 0 && this.#filters.every(ask)
        ? new Set(this.#filters.map(({ sought }) => sought))
        : undefined;
    this.onConfined?.(this.#confinedTo);
  }

  get #confinedTo(): ReadonlySet<string> | undefined {
    return this.#channel === undefined ? this.#filteredChannels : new Set([this.#channel.toLowerCase()]);
  }

  /** One match is enough; a match with `-` before the value excludes. */
  #passesFilters(event: ServerEvent): boolean {
    let pass = false;
    for (const { header, sought, excludes } of this.#filters) {
      if (pass && !excludes) continue;
      if (event.get(header)?.toLowerCase() !== sought) continue;
      if (excludes) return false;
      pass = true;
    }
    return pass;
  }
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
