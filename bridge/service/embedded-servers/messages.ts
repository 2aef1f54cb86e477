/** What the main thread and the thread of the embedded servers say to each other. Everything is plain data. */
import type { Settings } from '../../../config/index.ts';
import type { DrachtioCounts } from '../../../embedded/drachtio/index.ts';
import type { FreeswitchCounts } from '../../../embedded/freeswitch/index.ts';
import type { ListeningPoint } from '../../../embedded/sip/index.ts';
import type { PlainError, Reply } from '../../../embedded/threads/index.ts';

/** What the thread is made with. */
export interface ServersData {
  readonly settings: Settings;
  /** Of both control ports. */
  readonly secret: string;
  /** The file for those who wait. */
  readonly music: string;
  /** Lines below it are not made. */
  readonly logLevel: string;
}

/** Where the servers are, once they run. */
export interface Addresses {
  readonly listeningPoints: readonly ListeningPoint[];
  readonly clientPort: number;
  readonly eventSocketPort: number;
}

/** How the servers are doing. */
export interface Figures {
  readonly drachtio: DrachtioCounts;
  readonly freeswitch: FreeswitchCounts;
  /** Of the media clock, milliseconds. */
  readonly lateness: { readonly p50: number; readonly p95: number; readonly doneP50: number };
  readonly overloaded: boolean;
}

/** Of the one thread, without those of the media workers. */
export interface ThreadMemory {
  readonly heapBytes: number;
  /** Held by the heap, outside of it. */
  readonly externalBytes: number;
  /** Timers that keep a thread awake. */
  readonly timers: number;
}

type Nothing = Readonly<Record<string, never>>;

export interface Requests {
  /** Answered when both servers listen; refused with the error of the one that cannot. */
  start(ask: Nothing): Addresses;
  /** @param ask.collect garbage first, where node was started with --expose-gc */
  memory(ask: { readonly collect: boolean }): ThreadMemory;
  stop(ask: Nothing): void;
}

export interface Failure {
  readonly error: PlainError;
}

export type ThreadEvent =
  /** A line for the log: JSON, without the secrets. */
  | { readonly kind: 'log'; readonly line: string }
  /** They have changed. */
  | { readonly kind: 'figures'; readonly figures: Figures }
  /** What nobody there has caught. */
  | { readonly kind: 'fault'; readonly error: PlainError };

export type FromThread = Reply<Failure> | ThreadEvent;
