import type { Logger } from '../config/index.ts';
import { CorruptValue } from './errors.ts';

/** Reads each item; what is damaged is logged and left out, so that one bad value does not hide all the others. */
export async function readEach<Item, Result>(
  logger: Logger,
  items: readonly Item[],
  read: (item: Item) => Result | Promise<Result>,
): Promise<Result[]> {
  const results = await Promise.all(
    items.map(async (item) => {
      try {
        return [await read(item)];
      } catch (error) {
        if (!(error instanceof CorruptValue)) throw error;
        logger.error({ err: error }, 'a damaged value was left out of a list');
        return [];
      }
    }),
  );
  return results.flatMap((each) => each);
}
