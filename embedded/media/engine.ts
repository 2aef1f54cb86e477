/** The engine as the main thread sees it: owns the worker, hands out ports and rooms, closes what is left. */
import type { Logger } from '../../config/index.ts';
import { MediaError } from './errors.ts';
import { createDtlsCertificate } from './webrtc/certificate.ts';
import { Plays } from './plays.ts';
import { PortProxy } from './port-proxy.ts';
import { RoomProxy } from './room-proxy.ts';
import type { EngineLoad, EngineOptions, MediaEngine, MediaPort, MediaRoom, PortOptions } from './types.ts';
import { WorkerLink, startMediaWorker, type StartWorker, type WorkerEvent } from './worker-link.ts';

const DEFAULT_QUARANTINE_MS = 30_000;
const STOP_DEADLINE_MS = 5000;
const IDLE: EngineLoad = { ports: 0, rooms: 0, latenessP50Ms: 0, latenessP95Ms: 0, ticksLate: 0 };

export class Engine implements MediaEngine {
  readonly #logger: Logger;
  readonly #link: WorkerLink;
  readonly #certificate = createDtlsCertificate();
  readonly #plays = new Plays();
  readonly #ports = new Map<string, PortProxy>();
  readonly #rooms = new Map<string, RoomProxy>();
  #nextId = 1;
  #load = IDLE;
  #canSecure = false;
  #stopping: Promise<void> | undefined;

  constructor(options: EngineOptions & { logger: Logger }, startWorker: StartWorker = startMediaWorker) {
    const { rtpPorts, portQuarantineMs, udp = 'auto', logger } = options;
    this.#logger = logger;
    if ((options.workers ?? 1) > 1) logger.warn('more than one media worker is not built yet: one is used');
    const systemChosen = rtpPorts[0] === 0 && rtpPorts[1] === 0;
    const quarantine = portQuarantineMs ?? (systemChosen ? 0 : DEFAULT_QUARANTINE_MS);
    const settings = { rtpPorts, portQuarantineMs: quarantine, udp, certificate: this.#certificate };
    this.#link = new WorkerLink(startWorker(settings), {
      onEvent: (event) => this.#receive(event),
      onEnd: (error) => this.#ended(error),
    });
  }

  /** Rejects when the worker cannot be started. */
  async ready(): Promise<void> {
    const { udp, dtls } = await this.#link.request('ready', {});
    this.#canSecure = dtls;
    this.#logger.info({ udp, browsers: dtls }, 'media engine started');
  }

  get dtlsFingerprint(): string | undefined {
    return this.#canSecure ? this.#certificate.fingerprint : undefined;
  }

  async openPort({ address, remote, inactivityTimeoutSeconds = 0 }: PortOptions): Promise<MediaPort> {
    this.#refuseWhenStopping();
    const portId = `port-${this.#nextId++}`;
    const local = await this.#link.request('open-port', { portId, address, inactivityTimeoutSeconds, remote });
    const port = new PortProxy({
      ...local,
      id: portId,
      link: this.#link,
      plays: this.#plays,
      logger: this.#logger,
      onClosed: () => this.#ports.delete(portId),
    });
    this.#ports.set(portId, port);
    return port;
  }

  async openRoom(id: string): Promise<MediaRoom> {
    this.#refuseWhenStopping();
    const roomId = `room-${this.#nextId++}`;
    await this.#link.request('open-room', { roomId });
    const room = new RoomProxy({
      id,
      roomId,
      link: this.#link,
      plays: this.#plays,
      logger: this.#logger,
      onClosed: () => this.#rooms.delete(roomId),
    });
    this.#rooms.set(roomId, room);
    return room;
  }

  load(): EngineLoad {
    return { ...this.#load, ports: this.#ports.size, rooms: this.#rooms.size };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#link.stop(STOP_DEADLINE_MS);
    return this.#stopping;
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new MediaError('media/engine-stopped', 'the media engine is stopping');
  }

  #receive(event: WorkerEvent): void {
    switch (event.kind) {
      case 'port-event':
        this.#ports.get(event.portId)?.receive(event.event);
        break;
      case 'room-event':
        this.#rooms.get(event.roomId)?.receive(event.event);
        break;
      case 'play-ended':
        this.#plays.end(event.playId, event.result);
        break;
      case 'load':
        this.#load = event.load;
        break;
      case 'port-failed':
        this.#logger.error({ portId: event.portId, fault: event.text }, 'a media port failed and is closed');
        this.#ports.get(event.portId)?.closed();
        break;
      case 'room-failed':
        this.#logger.error({ roomId: event.roomId, fault: event.text }, 'a media room failed and is closed');
        this.#rooms.get(event.roomId)?.closed();
        break;
      case 'fault':
        this.#logger.warn({ fault: event.text }, 'media engine fault');
    }
  }

  #ended(error: Error | undefined): void {
    if (error) this.#logger.error({ err: error }, 'the media worker died; all ports and rooms are closed');
    this.#load = IDLE;
    this.#plays.endAll();
    for (const room of [...this.#rooms.values()]) room.closed();
    for (const port of [...this.#ports.values()]) port.closed();
  }
}
