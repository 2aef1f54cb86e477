/** An event emitter whose names and arguments are checked, and whose listeners cannot stop the one who tells. */
import { EventEmitter } from 'node:events';
import type { Logger } from '../../config/index.ts';

export class TypedEvents<E extends object> {
  readonly #emitter = new EventEmitter();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#emitter.setMaxListeners(0);
  }

  on<N extends keyof E & string>(event: N, listener: (...args: E[N] & unknown[]) => void): void {
    this.#emitter.on(event, listener);
  }

  off<N extends keyof E & string>(event: N, listener: (...args: E[N] & unknown[]) => void): void {
    this.#emitter.off(event, listener);
  }

  emit<N extends keyof E & string>(event: N, ...args: E[N] & unknown[]): void {
    for (const listener of this.#emitter.listeners(event)) {
      try {
        listener(...args);
      } catch (error) {
        this.#logger.error({ err: error, event }, 'a listener of the media engine failed');
      }
    }
  }
}
