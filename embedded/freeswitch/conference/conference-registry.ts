/** All conferences by name. One that is ending makes room for a new one of its name. */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../config/index.ts';
import { COMFORT_NOISE_LEVEL, type MediaEngine, type MediaPort } from '../../media/index.ts';
import type { Channel } from '../channel/channel.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../core/event-bus.ts';
import { Conference } from './conference.ts';
import { ConferenceEvents } from './conference-events.ts';
import { parseConferenceFlags, type ConferenceTarget } from './flags.ts';

export interface ConferenceRegistryOptions {
  readonly engine: Pick<MediaEngine, 'openRoom'>;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly domain: string;
}

export class ConferenceRegistry {
  readonly events: ConferenceEvents;
  readonly #options: ConferenceRegistryOptions;
  readonly #byName = new Map<string, Conference>();
  readonly #all = new Set<Conference>();
  #lastMemberId = 0;

  constructor(options: ConferenceRegistryOptions) {
    this.#options = options;
    this.events = new ConferenceEvents(options.bus);
  }

  /** Every one that is not gone, those ending included. */
  get count(): number {
    return this.#all.size;
  }

  get list(): readonly Conference[] {
    return [...this.#byName.values()];
  }

  find(name: string): Conference | undefined {
    const conference = this.#byName.get(name);
    return conference?.ending ? undefined : conference;
  }

  /** @param first port of the one who is about to join */
  open(target: ConferenceTarget, first?: MediaPort): Conference {
    const found = this.find(target.name);
    if (found) return found;
    const { engine, bus: _bus, ...rest } = this.#options;
    const room = engine.openRoom(randomUUID(), { near: first, comfortNoiseLevel: COMFORT_NOISE_LEVEL }); // one that is closing may still have the name
    room.catch(() => undefined); // whoever joins is told
    const conference = new Conference({
      ...rest,
      name: target.name,
      profile: target.profile,
      flags: parseConferenceFlags(target.flags),
      events: this.events,
      room,
      destroyed: (gone) => this.#forget(gone),
    });
    this.#byName.set(target.name, conference);
    this.#all.add(conference);
    return conference;
  }

  /** Unique in this server, and kept by a channel for as long as it lives. */
  memberIdFor(channel: Channel): number {
    return (channel.conferenceMemberId ??= ++this.#lastMemberId);
  }

  /** Ends them all. */
  async stop(): Promise<void> {
    await Promise.all([...this.#all].map((conference) => conference.end()));
  }

  #forget(conference: Conference): void {
    if (this.#byName.get(conference.name) === conference) this.#byName.delete(conference.name);
    this.#all.delete(conference);
  }
}
