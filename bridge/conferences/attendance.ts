/** Who of this node's callers is in which room: routes the media server's events to them, and repairs after a gap. */
import type { Logger } from '../../config/index.ts';
import type { ConferenceEvent } from '../media/index.ts';
import type { Participation } from './participation.ts';
import { maySpeak, type RoomEffect } from './reducer.ts';
import type { RoomService, RunEffect } from './room-service.ts';

export class Attendance {
  readonly #byChannel = new Map<string, Participation>();
  readonly #rooms: Pick<RoomService, 'read'>;
  readonly #runEffect: RunEffect;
  readonly #logger: Logger;

  constructor(rooms: Pick<RoomService, 'read'>, runEffect: RunEffect, logger: Logger) {
    this.#rooms = rooms;
    this.#runEffect = runEffect;
    this.#logger = logger;
  }

  get participantCount(): number {
    return this.#byChannel.size;
  }

  get roomCount(): number {
    return new Set([...this.#byChannel.values()].map(({ identity }) => identity.conferenceId)).size;
  }

  add(participation: Participation): void {
    this.#byChannel.set(participation.channelUuid, participation);
  }

  remove(participation: Participation): void {
    this.#byChannel.delete(participation.channelUuid);
  }

  onConferenceEvent(event: ConferenceEvent): void {
    if (event.type !== 'start-talking' && event.type !== 'stop-talking') return;
    this.#byChannel.get(event.channelUuid)?.onTalking(event.type === 'start-talking');
  }

  /**
   * The connection to a media server was away: commands sent meanwhile were lost, so that somebody might be heard who is
   * muted. The documents are applied again.
   */
  async reapply(mediaServer: string): Promise<void> {
    const here = [...this.#byChannel.values()].filter((participation) => participation.mediaServer === mediaServer);
    for (const participation of here) {
      try {
        await this.#reapplyOne(participation);
      } catch (error) {
        this.#logger.warn({ err: error, mediaServer }, 'a participant’s sound could not be put right');
      }
    }
  }

  async #reapplyOne(participation: Participation): Promise<void> {
    const { memberId, participantId, identity, mediaServer } = participation;
    if (memberId === undefined) return;
    const room = await this.#rooms.read(identity);
    const participant = room?.participants.find(({ id }) => id === participantId);
    if (!participant) return;
    const effect: RoomEffect = { type: 'set-speak', participantId, memberId, speak: maySpeak(participant) };
    await this.#runEffect({ ...identity, mediaServer }, effect);
  }
}
