/** Events whose names and arguments are checked, and whose listeners cannot stop the one who tells. */
import type { Logger } from '../../config/index.ts';

type Listeners<E extends Record<keyof E, unknown[]>> = { [N in keyof E]?: Set<(...args: E[N]) => void> };

export class TypedEvents<E extends Record<keyof E, unknown[]>> {
  readonly #logger: Logger;
  readonly #listeners: Listeners<E> = {};

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<N extends keyof E>(event: N, listener: (...args: E[N]) => void): void {
    (this.#listeners[event] ??= new Set()).add(listener);
  }

  off<N extends keyof E>(event: N, listener: (...args: E[N]) => void): void {
    this.#listeners[event]?.delete(listener);
  }

  emit<N extends keyof E>(event: N, ...args: E[N]): void {
    for (const listener of [...(this.#listeners[event] ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        this.#logger.error({ err: error, event: String(event) }, 'a listener of the media engine failed');
      }
    }
  }
}
