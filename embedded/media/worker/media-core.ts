/** The worker's heart: owns the ports, legs, rooms and sounds, and the clock that drives them. */
import { performance } from 'node:perf_hooks';
import { MediaError } from '../errors.ts';
import type { Answer, Ask, FromWorker, PortEvent, RoomEvent, WorkerSettings } from '../messages.ts';
import { Room, type RoomEvents } from '../room/room.ts';
import { SoundLibrary } from '../sources/sound-library.ts';
import type { PlayResult } from '../types.ts';
import { FrameClock } from './clock.ts';
import { Leg, type LegEvents } from './leg.ts';
import { PortPool } from './port-pool.ts';
import { DgramNetwork, type UdpNetwork } from './udp-port.ts';

export type Post = (message: FromWorker) => void;

const FRAMES_PER_LOAD_REPORT = 50;

export class MediaCore {
  readonly sounds = new SoundLibrary();
  readonly #post: Post;
  readonly #network: UdpNetwork = new DgramNetwork();
  readonly #ports: PortPool;
  readonly #legs = new Map<string, Leg>();
  readonly #rooms = new Map<string, Room>();
  readonly #clock: FrameClock;
  #framesSinceReport = 0;
  #stopped = false;

  constructor(settings: WorkerSettings, post: Post) {
    this.#post = post;
    this.#ports = new PortPool({
      range: settings.rtpPorts,
      quarantineMs: settings.portQuarantineMs,
      network: this.#network,
      now: () => performance.now(),
    });
    this.#clock = new FrameClock({
      now: () => performance.now(),
      setTimer: (callback, delayMs) => {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
      afterInput: (callback) => {
        const immediate = setImmediate(callback);
        return () => clearImmediate(immediate);
      },
      onFrame: (skipped) => this.#frame(skipped),
    });
  }

  /** @throws MediaError `media/unknown-port` */
  leg(portId: string): Leg {
    const leg = this.#legs.get(portId);
    if (!leg) throw new MediaError('media/unknown-port', `no port ${portId}`);
    return leg;
  }

  /** @throws MediaError `media/unknown-room` */
  room(roomId: string): Room {
    const room = this.#rooms.get(roomId);
    if (!room) throw new MediaError('media/unknown-room', `no room ${roomId}`);
    return room;
  }

  findLeg(portId: string): Leg | undefined {
    return this.#legs.get(portId);
  }

  findRoom(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  async openPort(ask: Ask<'open-port'>): Promise<Answer<'open-port'>> {
    const { portId, address, inactivityTimeoutSeconds, remote } = ask;
    const leg = new Leg({ inactivityTimeoutSeconds, now: () => performance.now(), events: this.#legEvents(portId) });
    const pair = await this.#ports.take(address, {
      rtp: (bytes, from, port) => leg.receiveRtp(bytes, from, port),
      rtcp: (bytes, from, port) => leg.receiveRtcp(bytes, from, port),
    });
    if (this.#stopped) {
      await this.#ports.give(pair);
      throw new MediaError('media/engine-stopped', 'the media engine was stopped');
    }
    leg.attach(pair);
    if (remote) leg.setRemote(remote);
    this.#legs.set(portId, leg);
    this.#clock.start();
    return { localAddress: pair.rtp.address, localPort: pair.rtp.port };
  }

  /** A port that is not there is closed already. */
  async closePort(portId: string): Promise<void> {
    const leg = this.#legs.get(portId);
    if (!leg) return;
    this.#legs.delete(portId);
    for (const room of this.#rooms.values()) room.removeLeg(leg);
    const pair = await leg.close();
    if (pair) await this.#ports.give(pair);
    this.#restIfIdle();
  }

  openRoom(roomId: string): void {
    this.#rooms.set(roomId, new Room(this.#roomEvents(roomId)));
    this.#clock.start();
  }

  async closeRoom(roomId: string): Promise<void> {
    const room = this.#rooms.get(roomId);
    this.#rooms.delete(roomId);
    await room?.close();
    this.#restIfIdle();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#rooms.keys()].map((roomId) => this.closeRoom(roomId)));
    await Promise.all([...this.#legs.keys()].map((portId) => this.closePort(portId)));
    this.#clock.stop();
  }

  /** Tells the main thread how a play ended. */
  playEnded(playId: number, result: PlayResult): void {
    this.#post({ kind: 'play-ended', playId, result });
  }

  #frame(skipped: number): void {
    const nowMs = performance.now();
    this.#network.poll();
    if (skipped > 0) for (const leg of this.#legs.values()) leg.skip(skipped);
    for (const room of this.#rooms.values()) room.tick(nowMs);
    for (const leg of this.#legs.values()) if (!leg.inRoom) leg.tickAlone(nowMs);
    this.#network.flush();
    if (++this.#framesSinceReport >= FRAMES_PER_LOAD_REPORT) this.#reportLoad();
  }

  /** Nobody there: the clock stands still and costs nothing. */
  #restIfIdle(): void {
    if (this.#legs.size > 0 || this.#rooms.size > 0) return;
    this.#clock.stop();
    this.#reportLoad();
  }

  #reportLoad(): void {
    this.#framesSinceReport = 0;
    this.#post({
      kind: 'load',
      load: {
        ports: this.#legs.size,
        rooms: this.#rooms.size,
        latenessP50Ms: this.#clock.latenessPercentile(0.5),
        latenessP95Ms: this.#clock.latenessPercentile(0.95),
        ticksLate: this.#clock.ticksLate,
      },
    });
  }

  #legEvents(portId: string): LegEvents {
    const tell = (event: PortEvent): void => this.#post({ kind: 'port-event', portId, event });
    return {
      digit: (digit) => tell({ name: 'digit', digit }),
      mediaStarted: () => tell({ name: 'media-started' }),
      mediaTimeout: () => tell({ name: 'media-timeout' }),
      playEnded: (playId, result) => this.playEnded(playId, result),
      fault: (text) => this.#post({ kind: 'fault', text }),
    };
  }

  #roomEvents(roomId: string): RoomEvents {
    const tell = (event: RoomEvent): void => this.#post({ kind: 'room-event', roomId, event });
    return {
      startTalking: (memberId, energy) => tell({ name: 'start-talking', memberId, energy }),
      stopTalking: (memberId, energy) => tell({ name: 'stop-talking', memberId, energy }),
      muteDetect: (memberId) => tell({ name: 'mute-detect', memberId }),
      floorChange: (from, to) => tell({ name: 'floor-change', from, to }),
      playEnded: (playId, result) => this.playEnded(playId, result),
      fault: (text) => this.#post({ kind: 'fault', text }),
    };
  }
}
