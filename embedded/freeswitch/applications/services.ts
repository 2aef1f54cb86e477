/** What applications need besides the channel they run on. */
import type { Clock } from '../clock.ts';

export interface ApplicationServices {
  readonly clock: Clock;
  /** Can this be played: is the file there, or is it a generated sound? */
  readonly playable: (uri: string) => Promise<boolean>;
}
