/** Events as a typed map: name → tuple. A listener that throws is reported and does not stop the others. */
export type EventMap = Record<string, readonly unknown[]>;

type AnyListener = (...args: readonly unknown[]) => void;

export class TypedEmitter<Events extends EventMap> {
  readonly #listeners = new Map<keyof Events, Set<AnyListener>>();
  readonly #onListenerError: (error: unknown, event: string) => void;

  /** @param onListenerError told of every exception of a listener */
  constructor(onListenerError: (error: unknown, event: string) => void) {
    this.#onListenerError = onListenerError;
  }

  /** @returns how to stop listening */
  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): () => void {
    const known = this.#listeners.get(event) ?? new Set<AnyListener>();
    // The map forgets which event a listener belongs to; `on` and `emit` agree on it through the key.
    const stored = listener as unknown as AnyListener;
    known.add(stored);
    this.#listeners.set(event, known);
    return () => {
      known.delete(stored);
    };
  }

  listenerCount(event: keyof Events): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  emit<E extends keyof Events & string>(event: E, ...args: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        this.#onListenerError(error, event);
      }
    }
  }

  removeAll(): void {
    this.#listeners.clear();
  }
}
