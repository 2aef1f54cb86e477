/** Who of this node's callers is in which room: routes the media server's events to them. */
import type { Logger } from '../../config/index.ts';
import type { ConferenceEvent } from '../media/index.ts';
import { mediaRoomName, type LocalVoice } from './effects.ts';
import type { Participation } from './participation.ts';
import type { RecordingFolder } from './recordings.ts';
import type { RoomIdentity } from './room/index.ts';
import type { RoomService } from './room-service.ts';

export interface AttendanceDeps {
  readonly rooms: Pick<RoomService, 'apply'>;
  readonly recordings: Pick<RecordingFolder, 'relative'>;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

export class Attendance {
  readonly #deps: AttendanceDeps;
  readonly #byChannel = new Map<string, Participation>();
  /** By FreeSWITCH's name of the room. */
  readonly #rooms = new Map<string, { readonly identity: RoomIdentity; callers: number }>();

  constructor(deps: AttendanceDeps) {
    this.#deps = deps;
  }

  get participantCount(): number {
    return this.#byChannel.size;
  }

  get roomCount(): number {
    return this.#rooms.size;
  }

  /** Rooms with callers of this node. */
  get rooms(): readonly RoomIdentity[] {
    return [...this.#rooms.values()].map(({ identity }) => identity);
  }

  add(participation: Participation): void {
    this.#byChannel.set(participation.channelUuid, participation);
    const name = mediaRoomName(participation.identity.conferenceId);
    const room = this.#rooms.get(name) ?? { identity: participation.identity, callers: 0 };
    room.callers += 1;
    this.#rooms.set(name, room);
  }

  remove(participation: Participation): void {
    if (!this.#byChannel.delete(participation.channelUuid)) return;
    const name = mediaRoomName(participation.identity.conferenceId);
    const room = this.#rooms.get(name);
    if (!room) return;
    room.callers -= 1;
    if (room.callers === 0) this.#rooms.delete(name);
  }

  /** A leg of this node, to be spoken to. */
  voice(channelUuid: string): LocalVoice | undefined {
    return this.#byChannel.get(channelUuid);
  }

  /** The connection to a media server was away. */
  onReconnected(mediaServer: string): void {
    for (const stay of this.#byChannel.values()) if (stay.mediaServer === mediaServer) stay.onReconnected();
  }

  onConferenceEvent(event: ConferenceEvent): void {
    switch (event.type) {
      case 'start-talking':
      case 'stop-talking':
        this.#byChannel.get(event.channelUuid)?.onTalking(event.type === 'start-talking');
        return;
      case 'mute-detect':
        this.#byChannel.get(event.channelUuid)?.onMutedTalk();
        return;
      case 'start-recording':
        this.#onRecording(event.room, event.path, event.failed ? 'failed' : 'started', null);
        return;
      case 'stop-recording':
        this.#onRecording(event.room, event.path, 'stopped', event.milliseconds);
        return;
      default:
    }
  }

  #onRecording(
    roomName: string,
    path: string,
    phase: 'started' | 'stopped' | 'failed',
    milliseconds: number | null,
  ): void {
    const room = this.#rooms.get(roomName);
    const file = this.#deps.recordings.relative(path);
    if (!room || file === null) return;
    const at = this.#deps.wallClock();
    const length = milliseconds === null ? {} : { milliseconds };
    this.#deps.rooms.apply(room.identity, { type: 'recording', at, phase, file, ...length }).catch((error: unknown) => {
      this.#deps.logger.warn({ err: error, phase }, 'a recording’s state could not be written');
    });
  }
}
