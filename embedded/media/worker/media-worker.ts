/** The worker's side of the engine: legs, rooms and the clock that drives them. Talks through one function each way. */
import { performance } from 'node:perf_hooks';
import type { FromWorker, Order, RequestName, Requests, ToWorker, WorkerSettings } from '../messages.ts';
import { MediaError } from '../errors.ts';
import { Room } from '../room/room.ts';
import { SoundLibrary } from '../sources/sound-library.ts';
import { FrameClock } from './clock.ts';
import { Leg } from './leg.ts';
import { PortPool } from './port-pool.ts';
import { DgramNetwork, type UdpNetwork } from './udp-port.ts';

export type Post = (message: FromWorker) => void;

type Handlers = {
  [N in RequestName]: (ask: Requests[N]['ask']) => Promise<Requests[N]['answer']> | Requests[N]['answer'];
};

const FRAMES_PER_LOAD_REPORT = 50;

export class MediaWorker {
  readonly #post: Post;
  readonly #network: UdpNetwork = new DgramNetwork();
  readonly #sounds = new SoundLibrary();
  readonly #ports: PortPool;
  readonly #legs = new Map<string, Leg>();
  readonly #rooms = new Map<string, Room>();
  readonly #clock: FrameClock;
  #framesSinceReport = 0;

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
      onFrame: (skipped) => this.#frame(skipped),
    });
  }

  async receive(message: ToWorker): Promise<void> {
    if (message.kind === 'order') {
      this.#obey(message.order);
      return;
    }
    const { id, name, ask } = message;
    try {
      // The name decides the type of what is asked; the compiler cannot follow that through a lookup.
      const handler = this.#handlers[name] as (ask: unknown) => unknown;
      this.#post({ kind: 'answer', id, answer: await handler(ask) });
    } catch (error) {
      const failure = error instanceof MediaError ? error : new MediaError('media/engine-failed', String(error));
      this.#post({ kind: 'failure', id, code: failure.code, detail: failure.message });
    }
  }

  readonly #handlers: Handlers = {
    ready: () => undefined,
    'open-port': (ask) => this.#openPort(ask),
    'close-port': ({ portId }) => this.#closePort(portId),
    statistics: ({ portId }) => this.#leg(portId).statistics(),
    'start-port-recording': ({ portId, path }) => this.#nothing(this.#leg(portId).startRecording(path)),
    'stop-port-recording': ({ portId, path }) => this.#nothing(this.#leg(portId).stopRecording(path)),
    'open-room': ({ roomId }) => this.#openRoom(roomId),
    'close-room': ({ roomId }) => this.#closeRoom(roomId),
    'add-member': ({ roomId, memberId, portId, audio }) => {
      this.#room(roomId).addMember(memberId, this.#leg(portId), audio);
      return undefined;
    },
    'remove-member': ({ roomId, memberId }) => {
      this.#room(roomId).removeMember(memberId);
      return undefined;
    },
    members: ({ roomId }) => this.#room(roomId).members(),
    'start-room-recording': ({ roomId, path }) => this.#nothing(this.#room(roomId).startRecording(path)),
    'pause-room-recording': ({ roomId, path, paused }) => {
      this.#room(roomId).pauseRecording(path, paused);
      return undefined;
    },
    'stop-room-recording': ({ roomId, path }) => this.#room(roomId).stopRecording(path),
    stop: () => this.#stop(),
  };

  async #openPort({ portId, address, inactivityTimeoutSeconds, remote }: Requests['open-port']['ask']) {
    const leg = new Leg({ inactivityTimeoutSeconds, now: () => performance.now(), events: this.#legEvents(portId) });
    const pair = await this.#ports.take(address, {
      rtp: (bytes, from, port) => leg.receiveRtp(bytes, from, port),
      rtcp: (bytes, from, port) => leg.receiveRtcp(bytes, from, port),
    });
    leg.attach(pair);
    if (remote) leg.setRemote(remote);
    this.#legs.set(portId, leg);
    this.#clock.start();
    return { localAddress: pair.rtp.address, localPort: pair.rtp.port };
  }

  async #closePort(portId: string): Promise<undefined> {
    const leg = this.#legs.get(portId);
    if (!leg) return undefined;
    this.#legs.delete(portId);
    for (const room of this.#rooms.values()) room.removeLeg(leg);
    const pair = await leg.close();
    if (pair) await this.#ports.give(pair);
    this.#restIfIdle();
    return undefined;
  }

  #openRoom(roomId: string): undefined {
    if (this.#rooms.has(roomId)) throw new MediaError('media/unknown-room', `room ${roomId} is already open`);
    this.#rooms.set(roomId, new Room(this.#roomEvents(roomId)));
    this.#clock.start();
    return undefined;
  }

  async #closeRoom(roomId: string): Promise<undefined> {
    const room = this.#rooms.get(roomId);
    this.#rooms.delete(roomId);
    await room?.close();
    this.#restIfIdle();
    return undefined;
  }

  async #stop(): Promise<undefined> {
    await Promise.all([...this.#rooms.keys()].map((roomId) => this.#closeRoom(roomId)));
    await Promise.all([...this.#legs.keys()].map((portId) => this.#closePort(portId)));
    this.#clock.stop();
    return undefined;
  }

  async #nothing(work: Promise<unknown>): Promise<undefined> {
    await work;
    return undefined;
  }

  #obey(order: Order): void {
    if ('portId' in order) this.#obeyForPort(order);
    else this.#obeyForRoom(order);
  }

  #obeyForPort(order: Extract<Order, { portId: string }>): void {
    const leg = this.#legs.get(order.portId);
    switch (order.name) {
      case 'set-remote':
        return leg?.setRemote(order.remote);
      case 'play-to-port':
        if (leg) { leg.play({ playId: order.playId, source: this.#sounds.open(order.uri) }); return; }
        { this.#playOver(order.playId); return; }
      case 'stop-port-play':
        return leg?.stopPlaying(order.playId);
      case 'send-digits':
        return leg?.sendDigits(order.digits, order.durationMs);
      case 'inject-digit':
        return leg?.injectDigit(order.digit, order.durationMs);
      case 'set-echo':
        return leg?.setEcho(order.on);
    }
  }

  #obeyForRoom(order: Extract<Order, { roomId: string }>): void {
    const room = this.#rooms.get(order.roomId);
    switch (order.name) {
      case 'set-audio':
        return room?.setAudio(order.memberId, order.audio);
      case 'set-relation':
        return room?.setRelation(order.a, order.b, { nospeak: order.nospeak, nohear: order.nohear });
      case 'play-to-room': {
        if (!room) { this.#playOver(order.playId); return; }
        const { playId, uri, memberId, volume, async } = order;
        room.play({
          playId,
          source: this.#sounds.open(uri),
          async,
          ...(memberId !== undefined && { memberId }),
          ...(volume !== undefined && { volume }),
        }); return;
      }
      case 'stop-room-play':
        return room?.stopPlaying(order.playId);
    }
  }

  #playOver(playId: number): void {
    this.#post({ kind: 'play-ended', playId, result: { outcome: 'stopped', playedMilliseconds: 0, lastOffset: 0 } });
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

  #legEvents(portId: string) {
    return {
      digit: (digit: { digit: string; duration: number; source: 'RTP' | 'INFO' }) =>
        this.#post({ kind: 'port-event', portId, event: { name: 'digit', digit } }),
      mediaStarted: () => this.#post({ kind: 'port-event', portId, event: { name: 'media-started' } }),
      mediaTimeout: () => this.#post({ kind: 'port-event', portId, event: { name: 'media-timeout' } }),
      ...this.#commonEvents,
    };
  }

  #roomEvents(roomId: string) {
    const tell = (event: Extract<FromWorker, { kind: 'room-event' }>['event']): void =>
      this.#post({ kind: 'room-event', roomId, event });
    return {
      startTalking: (memberId: number, energy: number) => tell({ name: 'start-talking', memberId, energy }),
      stopTalking: (memberId: number, energy: number) => tell({ name: 'stop-talking', memberId, energy }),
      muteDetect: (memberId: number) => tell({ name: 'mute-detect', memberId }),
      floorChange: (from: number | null, to: number | null) => tell({ name: 'floor-change', from, to }),
      ...this.#commonEvents,
    };
  }

  get #commonEvents() {
    return {
      playEnded: (playId: number, result: Extract<FromWorker, { kind: 'play-ended' }>['result']) =>
        this.#post({ kind: 'play-ended', playId, result }),
      fault: (text: string) => this.#post({ kind: 'fault', text }),
    };
  }

  #leg(portId: string): Leg {
    const leg = this.#legs.get(portId);
    if (!leg) throw new MediaError('media/unknown-port', `no port ${portId}`);
    return leg;
  }

  #room(roomId: string): Room {
    const room = this.#rooms.get(roomId);
    if (!room) throw new MediaError('media/unknown-room', `no room ${roomId}`);
    return room;
  }
}
