/** All media servers: which of them takes a call, and whether there is any. */
import { PartylineError } from '../../config/contract/index.ts';
import type { Leg } from './leg.ts';
import type { LegRequest, MediaServer } from './media-server.ts';

const POLL_MS = 25;
/** What another server may do better. */
const OF_ITS_OWN: ReadonlySet<string> = new Set(['media/unavailable', 'sip/overloaded']);

export class MediaPool {
  readonly #servers: readonly MediaServer[];

  constructor(servers: readonly MediaServer[]) {
    this.#servers = servers;
  }

  get ready(): boolean {
    return this.#servers.some((server) => server.ready);
  }

  get legCount(): number {
    return this.#servers.reduce((sum, server) => sum + server.legCount, 0);
  }

  get servers(): readonly MediaServer[] {
    return this.#servers;
  }

  server(name: string): MediaServer | undefined {
    return this.#servers.find((server) => server.name === name);
  }

  start(): void {
    for (const server of this.#servers) server.start();
  }

  /** Resolves with true once one of them is ready, with false after `deadlineMs`. */
  async whenReady(deadlineMs: number): Promise<boolean> {
    const end = performance.now() + deadlineMs;
    while (!this.ready && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    return this.ready;
  }

  /**
   * The one with the fewest legs; if it fails for a reason of its own, the next one is asked. Or the one named.
   * @throws PartylineError media/unavailable, sip/overloaded, sip/no-common-codec
   */
  async createLeg(request: LegRequest & { readonly mediaServer?: string }): Promise<Leg> {
    const { mediaServer } = request;
    const candidates = this.#servers
      .filter(({ ready, name }) => ready && (mediaServer === undefined || name === mediaServer))
      .sort((a, b) => a.legCount - b.legCount);
    let last = new PartylineError('media/unavailable');
    for (const server of candidates) {
      try {
        return await server.createLeg(request);
      } catch (error) {
        if (!(error instanceof PartylineError) || !OF_ITS_OWN.has(error.code) || request.signal.aborted) throw error;
        last = error;
      }
    }
    throw last;
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}
