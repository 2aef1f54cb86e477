/** What the bridge counts, for Prometheus. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { terminationReasons, type TerminationReason } from '../../config/contract/index.ts';
import type { CodeEvent } from '../../store/index.ts';
import type { CallSummary } from '../calls/index.ts';

const ANSWER_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6];

export interface Measured {
  calls(): number;
  legs(): number;
  rooms(): number;
  participants(): number;
  pendingWrites(): number;
  /** Milliseconds the embedded media server's clock ran late; absent with a real one. */
  lateness?(): { readonly p50: number; readonly p95: number };
}

export class BridgeMetrics {
  readonly registry = new Registry();
  readonly #ended: Counter<'reason' | 'class'>;
  readonly #answer: Histogram;
  readonly #codes: Counter<'via' | 'outcome'>;
  readonly #alarms: Counter<'kind'>;
  readonly #stalled: Counter;

  constructor() {
    const registers = [this.registry];
    this.#ended = new Counter({
      name: 'partyline_calls_total',
      help: 'Calls that have ended, by termination.',
      labelNames: ['reason', 'class'],
      registers,
    });
    this.#codes = new Counter({
      name: 'partyline_code_entries_total',
      help: 'Access codes that were keyed or typed, by what came of them.',
      labelNames: ['via', 'outcome'],
      registers,
    });
    this.#alarms = new Counter({
      name: 'partyline_code_alarms_total',
      help: 'Decoy codes that were keyed, and attacks that began: somebody is guessing.',
      labelNames: ['kind'],
      registers,
    });
    this.#answer = new Histogram({
      name: 'partyline_invite_to_answer_seconds',
      help: 'From the INVITE to the 200.',
      buckets: ANSWER_BUCKETS_S,
      registers,
    });
    this.#stalled = new Counter({
      name: 'partyline_stalled_mixes_total',
      help: 'Rooms whose mix was found standing still.',
      registers,
    });
  }

  /** A room whose mix stands still, though its media server answers. */
  countStalledMix(): void {
    this.#stalled.inc();
  }

  /** Gauges are read when somebody asks. */
  measure(measured: Measured): void {
    this.#gauge('partyline_calls', 'Calls that live.', () => measured.calls());
    this.#gauge('partyline_media_legs', 'Legs on media servers.', () => measured.legs());
    this.#gauge('partyline_rooms', 'Rooms with callers of this process.', () => measured.rooms());
    this.#gauge('partyline_participants', 'Callers of this process in rooms.', () => measured.participants());
    this.#gauge('partyline_store_writes_pending', 'Writes waiting for the store.', () => measured.pendingWrites());
    const { lateness } = measured;
    if (lateness) {
      const help = 'How late the 20 ms media clock ran over the last second.';
      this.#gauge('partyline_media_lateness_p50_ms', help, () => lateness().p50);
      this.#gauge('partyline_media_lateness_p95_ms', help, () => lateness().p95);
    }
  }

  onEnded({ termination, intervals }: CallSummary): void {
    this.count(termination.reason);
    if (intervals.inviteToAnswerMs !== undefined) this.#answer.observe(intervals.inviteToAnswerMs / 1_000);
  }

  onCodeEntry({ via, outcome, attackBegins }: CodeEvent): void {
    this.#codes.inc({ via, outcome });
    if (outcome === 'decoy') this.#alarms.inc({ kind: 'decoy' });
    if (attackBegins) this.#alarms.inc({ kind: 'attack' });
  }

  /** A call, or an INVITE that never became one. */
  count(reason: TerminationReason): void {
    this.#ended.inc({ reason, class: terminationReasons[reason].fault });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
