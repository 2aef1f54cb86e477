/** A value that tells when it is replaced; made for React's useSyncExternalStore. */
import { useSyncExternalStore } from 'react';

export class Observable<T> {
  readonly #listeners = new Set<() => void>();
  #state: T;

  constructor(state: T) {
    this.#state = state;
  }

  get state(): T {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  protected set(state: T): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** @param source its `subscribe` is a function of its own: a new one at each rendering would subscribe anew */
export function useObservable<T>(source: {
  readonly state: T;
  readonly subscribe: (listener: () => void) => () => void;
}): T {
  return useSyncExternalStore(source.subscribe, () => source.state);
}
