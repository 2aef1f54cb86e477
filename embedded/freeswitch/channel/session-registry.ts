/** Every call, and what `status` and HEARTBEAT count. */
import type { Clock } from '../clock.ts';
import type { Session } from './session.ts';

export interface SessionCounters {
  readonly now: number;
  readonly sinceStart: number;
  readonly peak: number;
  readonly lastSecond: number;
  readonly peakPerSecond: number;
}

export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  readonly #clock: Clock;
  #started = 0;
  #peak = 0;
  #second = 0;
  #inThisSecond = 0;
  #inLastSecond = 0;
  #peakPerSecond = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get all(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** FreeSWITCH's number of a new call. */
  nextId(): number {
    return ++this.#started;
  }

  find(uuid: string): Session | undefined {
    return this.#sessions.get(uuid.toLowerCase());
  }

  add(session: Session): void {
    this.#sessions.set(session.uuid, session);
    this.#peak = Math.max(this.#peak, this.#sessions.size);
    this.#turnSecond();
    this.#inThisSecond++;
    this.#peakPerSecond = Math.max(this.#peakPerSecond, this.#inThisSecond);
  }

  delete(session: Session): void {
    this.#sessions.delete(session.uuid);
  }

  counters(): SessionCounters {
    this.#turnSecond();
    return {
      now: this.#sessions.size,
      sinceStart: this.#started,
      peak: this.#peak,
      lastSecond: this.#inLastSecond,
      peakPerSecond: this.#peakPerSecond,
    };
  }

  #turnSecond(): void {
    const second = Math.floor(this.#clock.now() / 1_000);
    if (second === this.#second) return;
    this.#inLastSecond = second === this.#second + 1 ? this.#inThisSecond : 0;
    this.#inThisSecond = 0;
    this.#second = second;
  }
}
