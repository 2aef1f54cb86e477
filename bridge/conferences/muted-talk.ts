/**
 * When to tell somebody that they speak and are not heard: not while they finish the sentence in which they were muted, and
 * not again and again. The media server tells of a muted talker once, so after waiting it has to listen anew.
 */
import type { Clock } from '../support/clock.ts';

/** Whoever has just been muted, or let in muted, was told so. */
const SETTLE_MS = 3_000;
const HINT_EVERY_MS = 20_000;

export interface MutedTalkDeps {
  readonly clock: Clock;
  /** Of the leg: nothing is told after it. */
  readonly signal: AbortSignal;
  /** Tells them, and listens on. */
  readonly hint: () => void;
  /** Listens on, so that whoever still speaks is noticed. */
  readonly listenAgain: () => void;
}

export class MutedTalk {
  readonly #deps: MutedTalkDeps;
  #muted = false;
  #quietUntil = -Infinity;
  #waits = false;

  constructor(deps: MutedTalkDeps) {
    this.#deps = deps;
  }

  /** Whether they are muted now. */
  follow(muted: boolean): void {
    if (muted && !this.#muted) this.#quietUntil = this.#deps.clock.now() + SETTLE_MS;
    this.#muted = muted;
  }

  /** The media server heard them. */
  onTalk(): void {
    const { clock, hint, signal } = this.#deps;
    if (signal.aborted) return;
    const now = clock.now();
    if (now >= this.#quietUntil) {
      this.#quietUntil = now + HINT_EVERY_MS;
      hint();
    } else if (!this.#waits) {
      this.#waits = true;
      void this.#listenLater(this.#quietUntil - now);
    }
  }

  async #listenLater(afterMs: number): Promise<void> {
    const { clock, signal, listenAgain } = this.#deps;
    await clock.sleep(afterMs, signal);
    this.#waits = false;
    if (this.#muted && !signal.aborted) listenAgain();
  }
}
