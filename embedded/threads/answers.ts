/** The thread's side of the line: who does what is asked. */
import type { Answered, Asked, Reply, Request, Table } from './thread-line.ts';

export type Handlers<R extends Table<R>> = {
  readonly [N in keyof R]: (ask: Asked<R, N>) => Promise<Answered<R, N>> | Answered<R, N>;
};

/**
 * @param describe what the other side is told of an error
 * @returns the function that takes every request; it never rejects
 */
export function answers<R extends Table<R>, F extends object>(
  handlers: Handlers<R>,
  post: (reply: Reply<F>) => void,
  describe: (error: unknown) => F,
): (request: Request<R>) => Promise<void> {
  return async ({ id, name, ask }) => {
    try {
      // The name decides the type of what comes with it; the compiler cannot follow that through a lookup.
      post({ kind: 'answer', id, answer: await (handlers[name] as (ask: unknown) => unknown)(ask) });
    } catch (error) {
      post({ kind: 'failure', id, ...describe(error) });
    }
  };
}
