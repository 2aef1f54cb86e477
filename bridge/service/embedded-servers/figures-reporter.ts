/** Tells the figures of the servers when they have changed, ten times a second at most; idle servers tell nothing. */
import type { Figures } from './messages.ts';
import type { Servers } from './start-servers.ts';

const INTERVAL_MS = 100;

export class FiguresReporter {
  readonly #servers: Servers;
  readonly #tell: (figures: Figures) => void;
  readonly #timer: NodeJS.Timeout;
  #told = '';

  constructor(servers: Servers, tell: (figures: Figures) => void) {
    this.#servers = servers;
    this.#tell = tell;
    this.#timer = setInterval(() => this.report(), INTERVAL_MS);
    this.report();
  }

  report(): void {
    const { drachtio, freeswitch } = this.#servers;
    const figures = {
      drachtio: drachtio.counts(),
      freeswitch: freeswitch.counts(),
      lateness: freeswitch.lateness(),
      overloaded: freeswitch.overloaded,
    };
    const text = JSON.stringify(figures);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell(figures);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
