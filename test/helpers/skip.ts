import type { Context } from 'mocha';

/**
 * Skips the running test, or everything under a `before` hook, and says why: the reason is printed at the end of `npm test`,
 * and a test skipped without one counts as failed.
 */
export function skipBecause(context: Context, reason: string): never {
  const runnable: { parent?: object | undefined; type?: string } | undefined = context.test;
  const skipped = runnable?.type === 'hook' ? runnable.parent : runnable;
  if (skipped) Object.assign(skipped, { skipReason: reason });
  context.skip();
}
