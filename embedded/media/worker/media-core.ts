/** The worker's heart: owns the ports, legs, rooms and sounds, and the clock that drives them. */
import { MediaError } from '../errors.ts';
import type { Answer, Ask, FromWorker, PortEvent, RoomEvent, TravellingPort, WorkerSettings } from '../messages.ts';
import { Room, type RoomEvents } from '../room/room.ts';
import { DtlsContext } from '../webrtc/dtls.ts';
import { loadOpenSsl } from '../webrtc/openssl.ts';
import { SecureTransport, type SecureState, type SecureTransportEvents } from '../webrtc/secure-transport.ts';
import { SoundLibrary } from '../sources/sound-library.ts';
import type { PlayResult } from '../types.ts';
import { chooseNetwork } from './choose-network.ts';
import { FrameClock } from './clock.ts';
import { engineNow } from './engine-clock.ts';
import { Leg, type LegEvents, type LegState } from './leg.ts';
import { arrivePair, closePair, departPair, openPair, type PortListeners, type PortPair } from './port-pair.ts';
import type { UdpNetwork } from './udp-port.ts';

export type Post = (message: FromWorker) => void;

const FRAMES_PER_LOAD_REPORT = 50;

export class MediaCore {
  readonly sounds: SoundLibrary;
  readonly #post: Post;
  readonly #network: UdpNetwork;
  readonly #legs = new Map<string, Leg>();
  readonly #rooms = new Map<string, Room>();
  readonly #clock: FrameClock;
  /** Absent when OpenSSL cannot be called: then browsers are refused. */
  readonly #dtls: DtlsContext | undefined;
  #framesSinceReport = 0;
  #stopped = false;

  /** @throws Error when the way of UDP that is demanded cannot be had */
  constructor(settings: WorkerSettings, post: Post) {
    this.#post = post;
    this.sounds = new SoundLibrary(settings.music);
    this.#network = chooseNetwork(settings.udp);
    this.#dtls = openDtls(settings, post);
    this.#clock = new FrameClock({
      now: engineNow,
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

  get udp(): UdpNetwork['kind'] {
    return this.#network.kind;
  }

  get canSecure(): boolean {
    return this.#dtls !== undefined;
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
    const { portId, address, port, inactivityTimeoutSeconds, remote } = ask;
    const leg = this.#createLeg(portId, inactivityTimeoutSeconds);
    const pair = await openPair(this.#network, address, port, this.#listeners(portId, leg));
    await this.#admit(portId, leg, pair);
    if (remote) leg.setRemote(remote);
    return { localAddress: pair.rtp.address, localPort: pair.rtp.port, ssrc: leg.ssrc };
  }

  #createLeg(portId: string, inactivityTimeoutSeconds: number, state?: LegState): Leg {
    return new Leg({
      inactivityTimeoutSeconds,
      now: engineNow,
      events: this.#legEvents(portId),
      secureTransport: (events, secure) => this.#secureTransport(events, secure),
      state,
    });
  }

  /**
   * The port goes to another worker, sockets and all.
   * @throws MediaError `media/unknown-port`; `media/member-exists` while it is in a room
   */
  async departPort(portId: string): Promise<TravellingPort> {
    const leg = this.leg(portId);
    const { pair } = leg;
    if (leg.inRoom || !pair) throw new MediaError('media/member-exists', `port ${portId} is in a room`);
    this.#legs.delete(portId);
    const [state, sockets] = await Promise.all([leg.depart(), departPair(pair)]);
    this.#restIfIdle();
    return { leg: state, sockets };
  }

  /** @throws MediaError `media/no-free-port` when its socket was lost on the way; nothing is left of it then */
  async arrivePort(portId: string, { leg: state, sockets }: TravellingPort): Promise<void> {
    const leg = this.#createLeg(portId, state.inactivityTimeoutSeconds, state);
    const pair = await arrivePair(this.#network, sockets, this.#listeners(portId, leg));
    await leg.resumeRecordings(state.recordings);
    await this.#admit(portId, leg, pair);
    for (const play of state.plays) leg.play({ ...play, source: this.sounds.open(play.uri) });
  }

  abandonPort({ sockets }: TravellingPort): void {
    this.#network.abandon(sockets.rtp);
    this.#network.abandon(sockets.rtcp);
  }

  async #admit(portId: string, leg: Leg, pair: PortPair): Promise<void> {
    if (this.#stopped) {
      await closePair(pair);
      throw new MediaError('media/engine-stopped', 'the media engine was stopped');
    }
    leg.attach(pair);
    this.#legs.set(portId, leg);
    this.#clock.start();
  }

  /** A port that is not there is closed already. */
  async closePort(portId: string): Promise<void> {
    const leg = this.#legs.get(portId);
    if (!leg) return;
    this.#legs.delete(portId);
    for (const room of this.#rooms.values()) room.removeLeg(leg);
    const { pair } = leg;
    try {
      await leg.close();
    } finally {
      if (pair) await closePair(pair);
      this.#restIfIdle();
    }
  }

  openRoom(roomId: string, comfortNoiseLevel: number | undefined): void {
    this.#rooms.set(roomId, new Room(this.#roomEvents(roomId), { comfortNoiseLevel }));
    this.#clock.start();
  }

  async closeRoom(roomId: string): Promise<void> {
    const room = this.#rooms.get(roomId);
    this.#rooms.delete(roomId);
    await room?.close();
    this.#restIfIdle();
  }

  /** What waits in no other place when the thread dies. Idempotent. */
  releaseSockets(): void {
    this.#network.closeAll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#rooms.keys()].map((roomId) => this.closeRoom(roomId)));
    await Promise.all([...this.#legs.keys()].map((portId) => this.closePort(portId)));
    this.#clock.stop();
    this.#dtls?.free();
  }

  /** Tells the main thread how a play ended. */
  playEnded(playId: number, result: PlayResult): void {
    this.#post({ kind: 'play-ended', playId, result });
  }

  #frame(skipped: number): void {
    const nowMs = engineNow();
    this.#network.poll();
    if (skipped > 0) for (const leg of this.#legs.values()) leg.skip(skipped);
    for (const [roomId, room] of this.#rooms) this.#tickRoom(roomId, room, nowMs);
    for (const [portId, leg] of this.#legs) if (!leg.inRoom) this.#tickLeg(portId, leg, nowMs);
    if (++this.#framesSinceReport >= FRAMES_PER_LOAD_REPORT) this.#reportLoad();
  }

  #tickRoom(roomId: string, room: Room, nowMs: number): void {
    try {
      room.tick(nowMs);
    } catch (error) {
      this.#post({ kind: 'room-failed', roomId, text: textOf(error) });
      void this.closeRoom(roomId).catch((failure: unknown) => this.#fault(`closing a room: ${String(failure)}`));
    }
  }

  #tickLeg(portId: string, leg: Leg, nowMs: number): void {
    try {
      leg.tickAlone(nowMs);
    } catch (error) {
      this.#failLeg(portId, error);
    }
  }

  /** Whatever a stranger's packet does to one leg, the others go on. */
  #listeners(portId: string, leg: Leg): PortListeners {
    return {
      rtp: (bytes, from, port, atMs) => {
        try {
          leg.receiveRtp(bytes, from, port, atMs);
        } catch (error) {
          this.#failLeg(portId, error);
        }
      },
      rtcp: (bytes, from, port) => {
        try {
          leg.receiveRtcp(bytes, from, port);
        } catch (error) {
          this.#failLeg(portId, error);
        }
      },
    };
  }

  /** A leg that throws is closed, once. */
  #failLeg(portId: string, error: unknown): void {
    if (!this.#legs.has(portId)) return;
    this.#post({ kind: 'port-failed', portId, text: textOf(error) });
    void this.closePort(portId).catch((failure: unknown) => this.#fault(`closing a port: ${String(failure)}`));
  }

  #secureTransport(events: SecureTransportEvents, state?: SecureState): SecureTransport {
    if (!this.#dtls) throw new MediaError('media/engine-failed', 'OpenSSL cannot be called here');
    return new SecureTransport(this.#dtls, events, state);
  }

  #fault(text: string): void {
    this.#post({ kind: 'fault', text });
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
        latenessP50Ms: this.#clock.lateness.percentile(0.5),
        latenessP95Ms: this.#clock.lateness.percentile(0.95),
        doneP50Ms: this.#clock.done.percentile(0.5),
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
      secured: () => tell({ name: 'secured' }),
      secureFailed: (reason) => tell({ name: 'secure-failed', reason }),
      playEnded: (playId, result) => this.playEnded(playId, result),
      fault: (text) => this.#fault(text),
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
      legFailed: (leg, error) => {
        for (const [portId, candidate] of this.#legs) if (candidate === leg) this.#failLeg(portId, error);
      },
      fault: (text) => this.#fault(text),
    };
  }
}

function openDtls({ certificate }: WorkerSettings, post: Post): DtlsContext | undefined {
  try {
    return new DtlsContext(loadOpenSsl(), certificate);
  } catch (error) {
    post({ kind: 'fault', text: `browsers cannot be served: ${String(error)}` });
    return undefined;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
