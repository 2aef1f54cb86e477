/** The plays that are under way, as the main thread knows them: each is settled exactly once. */
import type { PlayHandle, PlayResult } from './types.ts';

const STOPPED: PlayResult = { outcome: 'stopped', playedMilliseconds: 0, lastOffset: 0 };

export class Plays {
  readonly #settle = new Map<number, (result: PlayResult) => void>();
  #nextId = 1;

  /** @param stop asks the worker to end the play. @param ended called before the result is told */
  begin(stop: (playId: number) => void, ended?: (playId: number) => void): { playId: number; handle: PlayHandle } {
    const playId = this.#nextId++;
    const result = new Promise<PlayResult>((resolve) => {
      this.#settle.set(playId, (value) => {
        ended?.(playId);
        resolve(value);
      });
    });
    return { playId, handle: { result, stop: () => this.#settle.has(playId) && stop(playId) } };
  }

  end(playId: number, result: PlayResult = STOPPED): void {
    const settle = this.#settle.get(playId);
    this.#settle.delete(playId);
    settle?.(result);
  }
}
