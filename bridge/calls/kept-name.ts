/** A name that a caller has spoken is kept while it may be said: as long as their row is there, and a little longer. */
import type { Participant } from '../../store/index.ts';

/** A name is still said of somebody who has just left. */
const NAME_KEPT_MS = 90_000;

export interface KeptName {
  /** Below the folder of recordings. */
  readonly file: string;
  /** Those in the room it was spoken for, as it is now. */
  readonly people: () => Promise<readonly Pick<Participant, 'nameSound'>[]>;
  readonly remove: (file: string) => Promise<void>;
}

/** After the call: a page of the same row may stay. What is never removed here is when it is a day old. */
export function forgetName(name: KeptName, keptMs = NAME_KEPT_MS): void {
  const look = async () => {
    // While the store is away, nobody knows.
    const people = await name.people().catch(() => [{ nameSound: name.file }]);
    if (people.some(({ nameSound }) => nameSound === name.file)) forgetName(name, keptMs);
    else await name.remove(name.file);
  };
  setTimeout(() => void look(), keptMs).unref();
}
