/**
 * What somebody wants to be silent for, until the room says the same: from the click on, whatever becomes of the command.
 * Only the room's word, or the person's own, opens the microphone again.
 */
import type { ParticipantView, RoomCommandInput } from '../../../../config/contract/index.ts';
import { Observable } from './observable.ts';

/** Whoever leaves is not heard while the answer is on its way. */
const SILENCING: ReadonlySet<RoomCommandInput['type']> = new Set(['mute-self', 'leave', 'leave-without-ending']);

/** True: they want to be silent, and the room does not say so yet. */
export class SilenceWish extends Observable<boolean> {
  #mutedByRoom = false;

  constructor() {
    super(false);
  }

  get microphoneOn(): boolean {
    return !this.state && !this.#mutedByRoom;
  }

  /** The person asks for something. */
  asked({ type }: RoomCommandInput): void {
    if (SILENCING.has(type)) this.set(true);
    else if (type === 'unmute-self') this.set(false);
  }

  /** Another line has the sound, and knows nothing of the wish. */
  forget(): void {
    this.set(false);
  }

  /** The room tells of their row. */
  told({ mutedBy }: Pick<ParticipantView, 'mutedBy'>): void {
    this.#mutedByRoom = mutedBy.includes('self');
    if (this.#mutedByRoom && this.state) this.set(false);
  }
}

/** One's own row as it is meant to be: the page shows at once that nobody hears them. */
export function asWished(me: ParticipantView | undefined, wantsSilence: boolean): ParticipantView | undefined {
  if (me === undefined || !wantsSilence || me.mutedBy.includes('self')) return me;
  return { ...me, muted: true, mutedBy: [...me.mutedBy, 'self'], canUnmute: me.canUnmute || !me.muted };
}
