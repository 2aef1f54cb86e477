/** Time as the dialogues see it: a test moves it by hand. */
export interface Clock {
  /** Milliseconds, only going forward; the zero point means nothing. */
  now(): number;
  /** Resolves after `milliseconds`, or at once when `signal` is aborted: whoever waits looks at the signal itself. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};
