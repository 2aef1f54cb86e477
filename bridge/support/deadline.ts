/** Third-party promises may never settle: nothing of theirs is awaited without a deadline. */

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * @param what names the work in the error
 * @param onLate receives a result that comes after the deadline, to be put away
 * @throws DeadlineError after `milliseconds`
 */
export function withDeadline<T>(
  work: Promise<T>,
  milliseconds: number,
  what: string,
  onLate?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      reject(new DeadlineError(`${what} took longer than ${milliseconds} ms`));
    }, milliseconds);
    work.then(
      (value) => {
        clearTimeout(timer);
        if (over) onLate?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        if (!over) reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** Waits for `work` for so long at most; never throws. Resolves with true when it settled in time. */
export async function settled(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  try {
    await withDeadline(work, milliseconds, 'work');
    return true;
  } catch (error) {
    return !(error instanceof DeadlineError);
  }
}
