/** Makes events, numbers them and hands them to those who asked. Headers are built only when somebody did. */
import type { Logger } from '../../../config/index.ts';
import { microseconds, type Clock } from '../clock.ts';
import { ServerEvent, type EventHeaders, type EventOrigin } from './event.ts';
import type { ServerIdentity } from './server-identity.ts';

export interface EventListener {
  /**
   * Asked before the event is built.
   * @param channel `Unique-ID` of the channel it tells of, in small letters; null when it tells of none, undefined when that is not known
   */
  wants(name: string, subclass: string | undefined, channel: string | null | undefined): boolean;
  /** Filters what it does not want after all by itself. */
  deliver(event: ServerEvent): void;
}

/** A listener's place at the bus. */
export interface Place {
  /** @param channels in small letters: it wants nothing but events of these any more; undefined: it may want others, too */
  confine(channels: ReadonlySet<string> | undefined): void;
  leave(): void;
}

export interface EventDraft {
  readonly name: string;
  readonly subclass?: string;
  readonly origin: EventOrigin;
  /** See EventListener.wants. */
  readonly channel?: string | null;
  readonly headers: () => EventHeaders;
  readonly body?: string;
}

export interface EventBusOptions {
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class EventBus {
  readonly #options: EventBusOptions;
  readonly #unconfined = new Set<EventListener>();
  /** By channel. Nearly all listeners are sockets that want one channel's events: asking each of them would cost most. */
  readonly #confined = new Map<string, Set<EventListener>>();
  #sequence = 0;

  constructor(options: EventBusOptions) {
    this.#options = options;
  }

  subscribe(listener: EventListener): Place {
    let confinedTo: ReadonlySet<string> | undefined;
    this.#unconfined.add(listener);
    const leave = () => {
      this.#unconfined.delete(listener);
      for (const channel of confinedTo ?? []) this.#forget(channel, listener);
    };
    return {
      leave,
      confine: (channels) => {
        leave();
        confinedTo = channels && new Set(channels);
        if (!confinedTo) this.#unconfined.add(listener);
        for (const channel of confinedTo ?? []) this.#remember(channel, listener);
      },
    };
  }

  #remember(channel: string, listener: EventListener): void {
    const there = this.#confined.get(channel);
    if (there) there.add(listener);
    else this.#confined.set(channel, new Set([listener]));
  }

  #forget(channel: string, listener: EventListener): void {
    const there = this.#confined.get(channel);
    there?.delete(listener);
    if (there?.size === 0) this.#confined.delete(channel);
  }

  fire(draft: EventDraft): void {
    const interested = this.#interestedIn(draft);
    if (interested.length === 0) {
      this.#sequence++;
      return;
    }
    const event = this.create(draft);
    for (const listener of interested) {
      try {
        listener.deliver(event);
      } catch (error) {
        this.#options.logger.error({ err: error, event: draft.name }, 'an event listener failed');
      }
    }
  }

  #interestedIn({ name, subclass, channel: asWritten }: EventDraft): EventListener[] {
    const channel = asWritten?.toLowerCase() ?? asWritten;
    const interested: EventListener[] = [];
    const ask = (listener: EventListener) => {
      if (listener.wants(name, subclass, channel)) interested.push(listener);
    };
    this.#unconfined.forEach(ask);
    if (channel === undefined) new Set([...this.#confined.values()].flatMap((some) => [...some])).forEach(ask);
    else if (channel !== null) this.#confined.get(channel)?.forEach(ask);
    return interested;
  }

  /** The event without handing it out: for uuid_dump and the answer to `connect`. */
  create(draft: EventDraft): ServerEvent {
    const event = new ServerEvent(draft.name, draft.subclass);
    event.add([['Event-Subclass', draft.subclass]]);
    event.add(this.#standardHeaders(draft));
    event.add(draft.headers());
    event.body = draft.body;
    return event;
  }

  #standardHeaders(draft: EventDraft): [string, string][] {
    const { identity, clock } = this.#options;
    const now = new Date(clock.now());
    const [file, callingFunction, line] = draft.origin;
    return [
      ['Event-Name', draft.name],
      ['Core-UUID', identity.coreUuid],
      ['FreeSWITCH-Hostname', identity.hostname],
      ['FreeSWITCH-Switchname', identity.hostname],
      ['FreeSWITCH-IPv4', identity.ipv4],
      ['FreeSWITCH-IPv6', identity.ipv6],
      ['Event-Date-Local', localStamp(now)],
      ['Event-Date-GMT', now.toUTCString()],
      ['Event-Date-Timestamp', microseconds(clock)],
      ['Event-Calling-File', file],
      ['Event-Calling-Function', callingFunction],
      ['Event-Calling-Line-Number', String(line)],
      ['Event-Sequence', String(++this.#sequence)],
    ];
  }
}

/** `2026-11-22 08:27:28` in local time. */
export function localStamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
