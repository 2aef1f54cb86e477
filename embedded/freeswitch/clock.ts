/** Time, so that tests can move it. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once. The name says in logs and tests what is waited for. */
  startTimer(name: string, milliseconds: number, run: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  startTimer: (_name, milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Microseconds, as FreeSWITCH stamps everything. */
export function microseconds(clock: Clock): string {
  return String(Math.round(clock.now() * 1_000));
}
