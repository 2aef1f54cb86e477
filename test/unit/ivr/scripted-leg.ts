/** A caller who presses keys at given times, on a leg whose prompts all last as long as told. */
import { LegGone, type DialogueLeg, type Digit } from '../../../ivr/leg.ts';
import type { Prompt } from '../../../ivr/prompts.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Played {
  readonly prompts: readonly Prompt[];
  readonly from: number;
  readonly to: number;
  readonly stopped: boolean;
}

export class ScriptedLeg implements DialogueLeg {
  readonly language = 'en';
  readonly played: Played[] = [];
  /** Keys nobody has taken yet. */
  readonly queue: Digit[] = [];
  readonly #clock: VirtualClock;
  readonly #promptMs: number;
  readonly #hangUp = new AbortController();
  readonly #busy = { play: 0, nextDigit: 0 };
  #arrived = new AbortController();
  #toCome = 0;

  constructor(clock: VirtualClock, { promptMs = 1_000 } = {}) {
    this.#clock = clock;
    this.#promptMs = promptMs;
  }

  get signal(): AbortSignal {
    return this.#hangUp.signal;
  }

  /** Calls of play and nextDigit that have not ended. */
  get pending(): number {
    return this.#busy.play + this.#busy.nextDigit;
  }

  /** Keys of the script that are not pressed yet. */
  get toCome(): number {
    return this.#toCome;
  }

  get words(): readonly Prompt[] {
    return this.played.flatMap(({ prompts }) => prompts);
  }

  hangUp(): void {
    this.#hangUp.abort();
  }

  press(keys: string): void {
    this.queue.push(...(keys.split('') as Digit[]));
    this.#arrived.abort();
    this.#arrived = new AbortController();
  }

  /** @param script `[milliseconds, keys]` pairs */
  pressAt(...script: readonly (readonly [number, string])[]): this {
    for (const [at, keys] of script) {
      this.#toCome += 1;
      this.#clock.at(at, () => {
        this.#toCome -= 1;
        this.press(keys);
      });
    }
    return this;
  }

  play(prompts: readonly Prompt[], options: { signal?: AbortSignal } = {}): Promise<'done' | 'stopped'> {
    return this.#alone('play', async () => {
      const from = this.#clock.now();
      const stop = AbortSignal.any([this.signal, ...(options.signal ? [options.signal] : [])]);
      if (stop.aborted && !this.signal.aborted) return 'stopped';
      await this.#clock.sleep(this.#promptMs * prompts.length, stop);
      const stopped = this.#clock.now() - from < this.#promptMs * prompts.length;
      this.played.push({ prompts, from, to: this.#clock.now(), stopped });
      return stopped ? 'stopped' : 'done';
    });
  }

  nextDigit({ timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<Digit | null> {
    return this.#alone('nextDigit', async () => {
      if (this.queue.length === 0 && timeoutMs > 0 && signal?.aborted !== true) {
        const any = [this.signal, this.#arrived.signal, ...(signal ? [signal] : [])];
        await this.#clock.sleep(timeoutMs, AbortSignal.any(any));
      }
      return this.signal.aborted ? null : (this.queue.shift() ?? null);
    });
  }

  flushDigits(): void {
    this.queue.length = 0;
  }

  /** One call at a time of each kind, and LegGone once the caller is gone. */
  async #alone<T>(kind: 'play' | 'nextDigit', work: () => Promise<T>): Promise<T> {
    if (this.#busy[kind] > 0) throw new Error(`two calls of ${kind} at once`);
    this.#busy[kind] += 1;
    try {
      const result = await work();
      if (this.signal.aborted) throw new LegGone('hung up');
      return result;
    } finally {
      this.#busy[kind] -= 1;
    }
  }
}
