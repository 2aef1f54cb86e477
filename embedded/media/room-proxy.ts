/** A room as the main thread sees it. */
import type { Logger } from '../../config/index.ts';
import type { RoomEvent } from './messages.ts';
import type { Plays } from './plays.ts';
import { TypedEvents } from './typed-events.ts';
import { SAMPLES_PER_MS } from './audio.ts';
import type { MediaPort, MediaRoom, MediaRoomEvents, MemberAudio, RoomPlayHandle, RoomPlayOptions } from './types.ts';
import type { WorkerLink } from './worker-link.ts';

export interface RoomProxyOptions {
  readonly id: string;
  /** The worker's name for it: unlike `id` never used twice. */
  readonly roomId: string;
  readonly link: WorkerLink;
  readonly plays: Plays;
  readonly logger: Logger;
  /** Brings a port to the worker of this room, and asks there what `arrived` asks. */
  readonly bring: (portId: string, arrived: () => Promise<void>) => Promise<void>;
  readonly onClosed: () => void;
}

interface RunningPlay {
  readonly memberId: number | undefined;
  readonly async: boolean;
}

export class RoomProxy implements MediaRoom {
  readonly id: string;
  readonly #options: RoomProxyOptions;
  readonly #events: TypedEvents<MediaRoomEvents>;
  /** In the order in which they were asked for. */
  readonly #running = new Map<number, RunningPlay>();
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: RoomProxyOptions) {
    this.#options = options;
    this.id = options.id;
    this.#events = new TypedEvents(options.logger);
  }

  on<E extends keyof MediaRoomEvents>(event: E, listener: (...args: MediaRoomEvents[E]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  off<E extends keyof MediaRoomEvents>(event: E, listener: (...args: MediaRoomEvents[E]) => void): this {
    this.#events.off(event, listener);
    return this;
  }

  addMember(memberId: number, port: MediaPort, audio: MemberAudio): Promise<void> {
    const member = { roomId: this.#roomId, memberId, portId: port.id, audio };
    return this.#options.bring(port.id, () => this.#link.request('add-member', member));
  }

  removeMember(memberId: number): Promise<void> {
    return this.#link.request('remove-member', { roomId: this.#roomId, memberId });
  }

  setAudio(memberId: number, audio: Partial<MemberAudio>): void {
    this.#link.order('set-audio', { roomId: this.#roomId, memberId, audio });
  }

  setRelation(a: number, b: number, relation: { nospeak: boolean; nohear: boolean }): void {
    this.#link.order('set-relation', { roomId: this.#roomId, a, b, ...relation });
  }

  play(uri: string, options: RoomPlayOptions = {}): RoomPlayHandle {
    const { plays } = this.#options;
    const { memberId, volume, async = false, times = 1, alone = false } = options;
    const { playId, handle } = plays.begin(
      (id) => this.#stopPlay(id),
      (id) => this.#running.delete(id),
    );
    const roomHandle = { ...handle, ...this.#controls(playId) };
    if (this.#closed || this.#link.ended) {
      plays.end(playId);
      return roomHandle;
    }
    const roomId = this.#roomId;
    this.#running.set(playId, { memberId, async });
    this.#link.order('play-to-room', { roomId, playId, uri, memberId, volume, async, times, alone });
    return roomHandle;
  }

  #controls(playId: number): Omit<RoomPlayHandle, 'result' | 'stop'> {
    const which = { roomId: this.#roomId, playId };
    return {
      pause: (paused) => this.#link.order('pause-room-play', { ...which, paused }),
      setVolume: (volume) => this.#link.order('set-room-play-volume', { ...which, volume }),
      seek: (milliseconds, from) => {
        const samples = Math.round(milliseconds * SAMPLES_PER_MS);
        return this.#link.request('seek-room-play', { ...which, samples, relative: from === 'here' });
      },
    };
  }

  setFloor(memberId: number | null): void {
    this.#link.order('set-floor', { roomId: this.#roomId, memberId });
  }

  stopPlaying(which: 'current' | 'all' | 'async' | 'last', memberId?: number): number {
    const mine = [...this.#running].filter(([, play]) => play.memberId === memberId);
    const queued = mine.filter(([, play]) => !play.async);
    const chosen = {
      all: mine,
      async: mine.filter(([, play]) => play.async),
      current: queued.slice(0, 1),
      last: queued.slice(-1),
    }[which];
    for (const [playId] of chosen) {
      this.#running.delete(playId);
      this.#stopPlay(playId);
    }
    return chosen.length;
  }

  startRecording(path: string): Promise<void> {
    return this.#link.request('start-room-recording', { roomId: this.#roomId, path });
  }

  pauseRecording(path: string, paused: boolean): Promise<void> {
    return this.#link.request('pause-room-recording', { roomId: this.#roomId, path, paused });
  }

  stopRecording(path: string): Promise<{ milliseconds: number }> {
    return this.#link.request('stop-room-recording', { roomId: this.#roomId, path });
  }

  members(): ReturnType<MediaRoom['members']> {
    return this.#link.request('members', { roomId: this.#roomId });
  }

  close(): Promise<void> {
    this.#closing ??= this.#link.request('close-room', { roomId: this.#roomId }).then(
      () => this.closed(),
      () => this.closed(),
    );
    return this.#closing;
  }

  /** From the worker. */
  receive(event: RoomEvent): void {
    switch (event.name) {
      case 'start-talking':
      case 'stop-talking':
        this.#events.emit(event.name, { memberId: event.memberId, energy: event.energy });
        break;
      case 'mute-detect':
        this.#events.emit('mute-detect', { memberId: event.memberId });
        break;
      case 'floor-change':
        this.#events.emit('floor-change', { from: event.from, to: event.to });
    }
  }

  /** It is over, whoever ended it. Idempotent. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const playId of [...this.#running.keys()]) this.#options.plays.end(playId);
    this.#options.onClosed();
    this.#events.emit('closed');
  }

  get #link(): WorkerLink {
    return this.#options.link;
  }

  get #roomId(): string {
    return this.#options.roomId;
  }

  #stopPlay(playId: number): void {
    this.#link.order('stop-room-play', { roomId: this.#roomId, playId });
  }
}
