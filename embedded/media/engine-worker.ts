/** One media worker as the engine sees it: its thread, how busy it is, and whether its clock keeps up. */
import type { WorkerSettings } from './messages.ts';
import type { WorkerLoad } from './types.ts';
import { WorkerLink, type StartWorker, type WorkerEvent } from './worker-link.ts';

export interface EngineWorkerOptions {
  readonly index: number;
  readonly start: StartWorker;
  readonly settings: WorkerSettings;
  /** The clock counts as late when the median tick is done later than this after its time; 0 = never. */
  readonly latenessLimitMs: number;
  readonly onEvent: (event: Exclude<WorkerEvent, { kind: 'load' }>) => void;
  /** Without error when it was asked to stop. */
  readonly onEnd: (error: Error | undefined) => void;
}

const IDLE: WorkerLoad = { ports: 0, rooms: 0, latenessP50Ms: 0, latenessP95Ms: 0, doneP50Ms: 0, ticksLate: 0 };
/** One bad second may be the machine's; two in a row are ours. */
const LATE_REPORTS = 2;

export class EngineWorker {
  readonly index: number;
  readonly link: WorkerLink;
  /** Ports and rooms that live here, as the main thread counts them. */
  ports = 0;
  rooms = 0;
  readonly startedAtMs = performance.now();
  readonly #options: EngineWorkerOptions;
  #load = IDLE;
  #lateReports = 0;

  constructor(options: EngineWorkerOptions) {
    this.#options = options;
    this.index = options.index;
    this.link = new WorkerLink(options.start(options.settings), {
      onEvent: (event) => (event.kind === 'load' ? this.#takeLoad(event.load) : options.onEvent(event)),
      onEnd: options.onEnd,
    });
  }

  get load(): WorkerLoad {
    return { ...this.#load, ports: this.ports, rooms: this.rooms };
  }

  /** Its ticks have ended late for two seconds: it has as much to do as it can. */
  get late(): boolean {
    return this.#lateReports >= LATE_REPORTS;
  }

  /** @throws what the thread fails with. @returns the way of UDP it found, and whether it can serve browsers */
  ready(): Promise<{ udp: 'batched' | 'dgram'; dtls: boolean }> {
    return this.link.request('ready', {});
  }

  #takeLoad(load: WorkerLoad): void {
    this.#load = load;
    const { latenessLimitMs } = this.#options;
    const isLate = latenessLimitMs > 0 && load.doneP50Ms > latenessLimitMs;
    this.#lateReports = isLate ? this.#lateReports + 1 : 0;
  }
}
