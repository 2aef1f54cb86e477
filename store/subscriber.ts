/**
 * Channels: one connection of its own, made when somebody first listens. What was missed while it was away is nobody's to
 * tell: `onGap` says that something may have been.
 */
import type { Logger } from '../config/index.ts';
import { reconnectDelay, type SubscriberLink } from './links.ts';

export interface SubscriberOptions {
  readonly createLink: (events: { onChange: () => void; onError: (error: unknown) => void }) => SubscriberLink;
  readonly logger: Logger;
}

export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #listeners = new Map<string, Set<(message: string) => void>>();
  /** Channels that Redis has been told to stop, and has not confirmed: a subscription before that would be taken away by it. */
  readonly #leaving = new Set<string>();
  readonly #gapListeners = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #link: SubscriberLink | undefined;
  #closed = false;

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  /** @returns how to stop listening */
  listen(channel: string, listener: (message: string) => void): () => void {
    let listeners = this.#listeners.get(channel);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(channel, listeners);
      this.#subscribe(channel, 0);
    }
    listeners.add(listener);
    return () => this.#forget(channel, listener);
  }

  /** Called whenever messages may have been missed, and when a channel has begun to be heard. */
  onGap(listener: () => void): () => void {
    this.#gapListeners.add(listener);
    return () => this.#gapListeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#listeners.clear();
    this.#gapListeners.clear();
    this.#link?.destroy();
  }

  #forget(channel: string, listener: (message: string) => void): void {
    const listeners = this.#listeners.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    void this.#leave(channel);
  }

  async #leave(channel: string): Promise<void> {
    if (!this.#link || this.#leaving.has(channel)) return;
    this.#leaving.add(channel);
    try {
      await this.#link.unsubscribe(channel);
    } catch (error) {
      this.#trouble(error);
    }
    this.#leaving.delete(channel);
    // Somebody may have begun to listen meanwhile.
    this.#subscribe(channel, 0);
  }

  #subscribe(channel: string, retries: number): void {
    if (this.#closed || this.#leaving.has(channel) || !this.#listeners.has(channel)) return;
    const hear = (message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) this.#guarded(() => listener(message));
    };
    this.#connected()
      .subscribe(channel, hear)
      .then(
        () => this.#tellGap(),
        (error: unknown) => {
          this.#trouble(error);
          this.#later(retries, () => this.#subscribe(channel, retries + 1));
        },
      );
  }

  #connected(): SubscriberLink {
    if (this.#link) return this.#link;
    const link = this.#options.createLink({
      onChange: () => this.#tellGap(),
      onError: (error) => this.#trouble(error),
    });
    this.#link = link;
    link.connect().catch((error: unknown) => {
      this.#trouble(error);
      // A Cluster none of whose nodes answers gives up by itself.
      if (this.#link === link) this.#replace();
    });
    return link;
  }

  #replace(): void {
    this.#link?.destroy();
    this.#link = undefined;
    this.#later(1, () => {
      for (const channel of this.#listeners.keys()) this.#subscribe(channel, 1);
    });
  }

  #later(retries: number, work: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, reconnectDelay(retries));
    this.#timers.add(timer);
  }

  #tellGap(): void {
    if (this.#closed) return;
    for (const listener of [...this.#gapListeners]) this.#guarded(listener);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.logger.error({ err: error }, 'a listener of a channel failed');
    }
  }

  #trouble(error: unknown): void {
    if (!this.#closed) this.#options.logger.debug({ err: error }, 'trouble with the channels of redis');
  }
}
