/**
 * The engine as the main thread sees it: owns the workers, hands out ports and rooms, closes what is left. A room lives in
 * one worker; a port is opened in the one with the least to do and moves to its room's.
 */
import { availableParallelism } from 'node:os';
import type { Logger } from '../../config/index.ts';
import { EngineWorker } from './engine-worker.ts';
import { MediaError } from './errors.ts';
import type { TravellingPort } from './messages.ts';
import { Plays } from './plays.ts';
import { PortNumbers } from './port-numbers.ts';
import { PortProxy } from './port-proxy.ts';
import { RoomProxy } from './room-proxy.ts';
import { Seat, StayedError } from './seat.ts';
import type {
  EngineLoad,
  EngineOptions,
  MediaEngine,
  MediaPort,
  MediaRoom,
  PortOptions,
  RoomOptions,
} from './types.ts';
import { createDtlsCertificate } from './webrtc/certificate.ts';
import { startMediaWorker, type StartWorker, type WorkerEvent, type WorkerLink } from './worker-link.ts';

const DEFAULT_QUARANTINE_MS = 30_000;
const DEFAULT_LATENESS_LIMIT_MS = 16;
const MOST_WORKERS_BY_DEFAULT = 4;
const STOP_DEADLINE_MS = 5000;
const FIRST_RESTART_MS = 100;
const LONGEST_RESTART_MS = 10_000;
/** A room is opened beside its first port unless that worker has so many more ports than the least busy one. */
const UNEVEN_PORTS = 20;

export class Engine implements MediaEngine {
  readonly #logger: Logger;
  readonly #options: EngineOptions;
  readonly #startWorker: StartWorker;
  readonly #certificate = createDtlsCertificate();
  readonly #numbers: PortNumbers;
  readonly #workers: EngineWorker[];
  readonly #restarts = new Map<number, { timer: NodeJS.Timeout; delayMs: number }>();
  readonly #plays = new Plays();
  readonly #ports = new Map<string, { readonly proxy: PortProxy; worker: EngineWorker }>();
  readonly #rooms = new Map<string, { readonly proxy: RoomProxy; readonly worker: EngineWorker }>();
  #nextId = 1;
  #canSecure = false;
  #stopping: Promise<void> | undefined;

  constructor(options: EngineOptions & { logger: Logger }, startWorker: StartWorker = startMediaWorker) {
    const { rtpPorts, portQuarantineMs, logger } = options;
    this.#logger = logger;
    this.#options = options;
    this.#startWorker = startWorker;
    const systemChosen = rtpPorts[0] === 0 && rtpPorts[1] === 0;
    const quarantineMs = systemChosen ? 0 : (portQuarantineMs ?? DEFAULT_QUARANTINE_MS);
    this.#numbers = new PortNumbers({ range: rtpPorts, quarantineMs, now: () => performance.now() });
    this.#workers = Array.from({ length: workerCount(options.workers) }, (_, index) => this.#start(index));
  }

  /** Rejects when a worker cannot be started. */
  async ready(): Promise<void> {
    const found = await Promise.all(this.#workers.map((worker) => worker.ready()));
    const udp = found[0]?.udp;
    this.#canSecure = found.every(({ dtls }) => dtls);
    this.#logger.info({ udp, browsers: this.#canSecure, workers: this.#workers.length }, 'media engine started');
  }

  get dtlsFingerprint(): string | undefined {
    return this.#canSecure ? this.#certificate.fingerprint : undefined;
  }

  async openPort({ address, remote, inactivityTimeoutSeconds = 0 }: PortOptions): Promise<MediaPort> {
    this.#refuseWhenStopping();
    const worker = this.#leastBusy();
    const portId = `port-${this.#nextId++}`;
    worker.ports++;
    try {
      const ask = { portId, address, inactivityTimeoutSeconds, remote };
      const { number, local } = await this.#bind(worker, ask);
      const seat = new Seat(worker.link);
      const proxy = new PortProxy({
        ...local,
        id: portId,
        seat,
        plays: this.#plays,
        logger: this.#logger,
        onClosed: () => this.#portClosed(portId, number),
      });
      this.#ports.set(portId, { proxy, worker });
      return proxy;
    } catch (error) {
      worker.ports--;
      throw error;
    }
  }

  async openRoom(id: string, { near, comfortNoiseLevel }: RoomOptions = {}): Promise<MediaRoom> {
    this.#refuseWhenStopping();
    const worker = this.#workerNear(near);
    const roomId = `room-${this.#nextId++}`;
    worker.rooms++;
    try {
      await worker.link.request('open-room', { roomId, comfortNoiseLevel });
    } catch (error) {
      worker.rooms--;
      throw error;
    }
    const proxy = new RoomProxy({
      id,
      roomId,
      link: worker.link,
      plays: this.#plays,
      logger: this.#logger,
      bring: (portId, arrived) => this.#bring(portId, worker, arrived),
      onClosed: () => {
        if (this.#rooms.delete(roomId)) worker.rooms--;
      },
    });
    this.#rooms.set(roomId, { proxy, worker });
    return proxy;
  }

  load(): EngineLoad {
    const workers = this.#workers.map((worker) => worker.load);
    const worst = (of: 'latenessP50Ms' | 'latenessP95Ms' | 'doneP50Ms'): number =>
      Math.max(...workers.map((load) => load[of]));
    return {
      ports: this.#ports.size,
      rooms: this.#rooms.size,
      latenessP50Ms: worst('latenessP50Ms'),
      latenessP95Ms: worst('latenessP95Ms'),
      doneP50Ms: worst('doneP50Ms'),
      ticksLate: workers.reduce((sum, { ticksLate }) => sum + ticksLate, 0),
      overloaded: this.#workers.some((worker) => worker.late || worker.link.ended),
      workers,
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const { timer } of this.#restarts.values()) clearTimeout(timer);
    await Promise.all(this.#workers.map(({ link }) => link.stop(STOP_DEADLINE_MS)));
  }

  #start(index: number): EngineWorker {
    const { udp = 'auto', latenessLimitMs = DEFAULT_LATENESS_LIMIT_MS, music } = this.#options;
    const worker = new EngineWorker({
      index,
      start: this.#startWorker,
      settings: { udp, music, certificate: this.#certificate },
      latenessLimitMs,
      onEvent: (event) => this.#receive(event),
      onEnd: (error) => this.#workerEnded(worker, error),
    });
    return worker;
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new MediaError('media/engine-stopped', 'the media engine is stopping');
  }

  /** The first number of the range that nobody else on this machine holds. */
  async #bind(worker: EngineWorker, ask: BindAsk): Promise<{ number: number; local: LocalAddress }> {
    let refusal: unknown = new MediaError('media/no-free-port', `none of ${this.#options.rtpPorts.join('-')} is free`);
    for (const number of this.#numbers.candidates()) {
      try {
        return { number, local: await worker.link.request('open-port', { ...ask, port: number }) };
      } catch (error) {
        this.#numbers.giveUp(number);
        if (!(error instanceof MediaError && error.code === 'media/no-free-port')) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  /** @throws MediaError `media/engine-failed` while none runs */
  #leastBusy(): EngineWorker {
    const running = this.#workers.filter(({ link }) => !link.ended);
    const onTime = running.filter(({ late }) => !late);
    const [first, ...others] = onTime.length > 0 ? onTime : running;
    if (!first) throw new MediaError('media/engine-failed', 'the media worker died and is being started again');
    return others.reduce((least, worker) => (worker.ports < least.ports ? worker : least), first);
  }

  #workerNear(near: MediaPort | undefined): EngineWorker {
    const least = this.#leastBusy();
    const beside = near && this.#ports.get(near.id)?.worker;
    if (!beside || beside.late || beside.link.ended) return least;
    return beside.ports > least.ports + UNEVEN_PORTS ? least : beside;
  }

  /** @throws MediaError when it cannot leave, or was lost on the way: then it is closed */
  async #bring(portId: string, to: EngineWorker, arrived: () => Promise<void>): Promise<void> {
    const entry = this.#ports.get(portId);
    if (!entry) return arrived();
    try {
      const carry = async (from: WorkerLink): Promise<void> => {
        const travelling = await from.request('depart-port', { portId }).catch((error: unknown) => {
          throw new StayedError(error);
        });
        await to.link.request('arrive-port', { portId, travelling }).catch((error: unknown) => {
          this.#abandon(travelling, error);
          throw error;
        });
        entry.worker.ports--;
        to.ports++;
        entry.worker = to;
      };
      await entry.proxy.seat.move(to.link, carry, arrived);
    } catch (error) {
      if (entry.proxy.seat.ended) entry.proxy.closed();
      throw error;
    }
  }

  /** A worker that refuses has closed the sockets; one that died has not: any other can. */
  #abandon(travelling: TravellingPort, error: unknown): void {
    const refused = error instanceof MediaError && error.code !== 'media/engine-failed';
    const other = this.#workers.find(({ link }) => !link.ended);
    if (!refused) void other?.link.request('abandon-port', { travelling }).catch(() => undefined);
  }

  #portClosed(portId: string, number: number): void {
    const entry = this.#ports.get(portId);
    if (!this.#ports.delete(portId) || !entry) return;
    entry.worker.ports--;
    if (number > 0) this.#numbers.giveBack(number);
  }

  #receive(event: Exclude<WorkerEvent, { kind: 'load' }>): void {
    switch (event.kind) {
      case 'port-event':
        this.#ports.get(event.portId)?.proxy.receive(event.event);
        break;
      case 'room-event':
        this.#rooms.get(event.roomId)?.proxy.receive(event.event);
        break;
      case 'play-ended':
        this.#plays.end(event.playId, event.result);
        break;
      case 'port-failed':
        this.#logger.error({ portId: event.portId, fault: event.text }, 'a media port failed and is closed');
        this.#ports.get(event.portId)?.proxy.closed();
        break;
      case 'room-failed':
        this.#logger.error({ roomId: event.roomId, fault: event.text }, 'a media room failed and is closed');
        this.#rooms.get(event.roomId)?.proxy.closed();
        break;
      case 'fault':
        this.#logger.warn({ fault: event.text }, 'media engine fault');
    }
  }

  /** What lived there is closed; unless we stop, another worker takes the place. */
  #workerEnded(worker: EngineWorker, error: Error | undefined): void {
    if (error) this.#logger.error({ err: error }, 'a media worker died; its ports and rooms are closed');
    for (const { proxy, worker: home } of [...this.#rooms.values()]) if (home === worker) proxy.closed();
    for (const { proxy } of [...this.#ports.values()]) if (proxy.seat.link === worker.link) proxy.closed();
    if (!error || this.#stopping) return;
    this.#restart(worker);
  }

  /** At once; one that dies again and again has to wait longer each time. */
  #restart({ index, startedAtMs }: EngineWorker): void {
    const lived = performance.now() - startedAtMs > LONGEST_RESTART_MS;
    const before = lived ? 0 : (this.#restarts.get(index)?.delayMs ?? 0);
    const delayMs = Math.min(LONGEST_RESTART_MS, Math.max(FIRST_RESTART_MS, 2 * before));
    const timer = setTimeout(() => (this.#workers[index] = this.#start(index)), delayMs);
    timer.unref();
    this.#restarts.set(index, { timer, delayMs });
  }
}

interface LocalAddress {
  readonly localAddress: string;
  readonly localPort: number;
  readonly ssrc: number;
}

type BindAsk = { portId: string } & Required<Omit<PortOptions, 'remote'>> & { remote: PortOptions['remote'] };

/** One core is left for signalling and the rest of the process. */
function workerCount(asked = 0): number {
  if (asked > 0) return asked;
  return Math.max(1, Math.min(MOST_WORKERS_BY_DEFAULT, availableParallelism() - 1));
}
