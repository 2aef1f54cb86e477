/** What is being played: one source each, one after the other (PlayQueue), the newest first (PlayStack) or together (PlayPool). */
import { FRAME_SAMPLES, SAMPLES_PER_MS, mixInto, scale } from '../audio.ts';
import type { AudioSource } from '../sources/audio-source.ts';
import type { PlayResult } from '../types.ts';

export interface PlayRequest {
  readonly playId: number;
  readonly uri: string;
  /** Undefined when there is nothing to play. Never rejects. */
  readonly source: Promise<AudioSource | undefined>;
  readonly gain?: number;
  /** How often in all; Infinity = until it is stopped. Default 1. */
  readonly times?: number;
  /** Where it begins, or goes on that was played elsewhere: samples. */
  readonly offset?: number;
  /** Samples that were played elsewhere. */
  readonly played?: number;
}

/** What goes along when a leg moves to another thread. */
export type PlayState = Required<Omit<PlayRequest, 'source'>>;

export type PlayEnded = (playId: number, result: PlayResult) => void;

type Stage = 'loading' | 'ready' | 'ended';

export class Playback {
  readonly playId: number;
  readonly #uri: string;
  #gain: number;
  /** Left, this time included. */
  #times: number;
  #paused = false;
  readonly #onEnded: PlayEnded;
  #state: Stage = 'loading';
  #source: AudioSource | undefined;
  #played: number;
  #offset: number;

  constructor(request: PlayRequest, onEnded: PlayEnded) {
    this.playId = request.playId;
    this.#uri = request.uri;
    this.#gain = request.gain ?? 1;
    this.#times = request.times ?? 1;
    this.#played = request.played ?? 0;
    this.#offset = request.offset ?? 0;
    this.#onEnded = onEnded;
    void request.source.then((source) => this.#loaded(source));
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Ends it here without telling: it goes on elsewhere. */
  depart(): PlayState {
    this.#state = 'ended';
    return {
      playId: this.playId,
      uri: this.#uri,
      gain: this.#gain,
      times: this.#times,
      offset: this.#source?.offset ?? this.#offset,
      played: this.#played,
    };
  }

  set paused(paused: boolean) {
    this.#paused = paused;
  }

  set gain(gain: number) {
    this.#gain = gain;
  }

  /** @returns where it goes on, in samples */
  seek(samples: number, relative: boolean): number {
    const source = this.#source;
    const wanted = Math.max(0, relative ? (source?.offset ?? this.#offset) + samples : samples);
    // What is still being loaded begins there.
    if (!source) return (this.#offset = wanted);
    source.seek(wanted);
    return source.offset;
  }

  /** @returns false when nothing was written: still loading, paused, or over */
  read(frame: Int16Array): boolean {
    if (this.#state !== 'ready' || !this.#source || this.#paused) return false;
    let count = this.#source.read(frame);
    if (count < frame.length && this.#times > 1) {
      this.#times--;
      this.#source.seek(0);
      count += this.#source.read(frame.subarray(count));
    }
    this.#played += count;
    frame.fill(0, count);
    scale(frame, this.#gain);
    if (count < frame.length && (this.#times <= 1 || count === 0)) this.end('done');
    return count > 0;
  }

  end(outcome: PlayResult['outcome']): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    const playedMilliseconds = Math.round(this.#played / SAMPLES_PER_MS);
    this.#onEnded(this.playId, { outcome, playedMilliseconds, lastOffset: this.#source?.offset ?? 0 });
  }

  #loaded(source: AudioSource | undefined): void {
    if (this.#state !== 'loading') return;
    this.#source = source;
    if (this.#offset > 0) source?.seek(this.#offset);
    this.#state = 'ready';
    if (!source) this.end('not-found');
  }
}

/** Plays in the order in which it was asked. */
export class PlayQueue {
  readonly #onEnded: PlayEnded;
  #line: Playback[] = [];

  constructor(onEnded: PlayEnded) {
    this.#onEnded = onEnded;
  }

  find(playId: number): Playback | undefined {
    return this.#line.find((candidate) => candidate.playId === playId);
  }

  /** Whose sound was read last. */
  get playing(): number | undefined {
    return this.#line[0]?.playId;
  }

  add(request: PlayRequest): void {
    this.#line.push(new Playback(request, this.#onEnded));
  }

  /** @returns false when nothing plays; `frame` is then untouched */
  read(frame: Int16Array): boolean {
    for (let head = this.#line[0]; head; head = this.#line[0]) {
      if (head.read(frame)) return true;
      if (!head.ended) return false;
      this.#line.shift();
    }
    return false;
  }

  /** @returns false when it does not play here */
  stop(playId: number): boolean {
    const playback = this.#line.find((candidate) => candidate.playId === playId);
    playback?.end('stopped');
    this.#line = this.#line.filter(({ ended }) => !ended);
    return playback !== undefined;
  }

  stopAll(): void {
    const line = this.#line;
    this.#line = [];
    for (const playback of line) playback.end('stopped');
  }
}

/** The newest is heard; what it interrupted goes on afterwards, as with applications of FreeSWITCH that run inside others. */
export class PlayStack {
  readonly #onEnded: PlayEnded;
  #stack: Playback[] = [];

  constructor(onEnded: PlayEnded) {
    this.#onEnded = onEnded;
  }

  add(request: PlayRequest): void {
    this.#stack.push(new Playback(request, this.#onEnded));
  }

  /** @returns false when nothing plays; `frame` is then untouched */
  read(frame: Int16Array): boolean {
    for (;;) {
      // What is still being loaded does not make a hole in what it will interrupt.
      const top = this.#stack.findLast(({ ready }) => ready);
      if (!top) return false;
      const wrote = top.read(frame);
      if (top.ended) this.#stack.splice(this.#stack.indexOf(top), 1);
      if (wrote) return true;
    }
  }

  stop(playId: number): boolean {
    const playback = this.#stack.find((candidate) => candidate.playId === playId);
    playback?.end('stopped');
    this.#stack = this.#stack.filter(({ ended }) => !ended);
    return playback !== undefined;
  }

  stopAll(): void {
    const stack = this.#stack;
    this.#stack = [];
    for (const playback of stack) playback.end('stopped');
  }

  /** Everything that goes on elsewhere, oldest first. */
  depart(): PlayState[] {
    return this.#stack.splice(0).map((playback) => playback.depart());
  }
}

/** Plays all at once. */
export class PlayPool {
  readonly #onEnded: PlayEnded;
  readonly #scratch = new Int16Array(FRAME_SAMPLES);
  #playing: Playback[] = [];

  constructor(onEnded: PlayEnded) {
    this.#onEnded = onEnded;
  }

  find(playId: number): Playback | undefined {
    return this.#playing.find((candidate) => candidate.playId === playId);
  }

  add(request: PlayRequest): void {
    this.#playing.push(new Playback(request, this.#onEnded));
  }

  /** @returns false when nothing plays; `frame` is then untouched */
  read(frame: Int16Array): boolean {
    if (this.#playing.length === 0) return false;
    let any = false;
    for (const playback of this.#playing) {
      if (!playback.read(this.#scratch)) continue;
      if (any) mixInto(frame, this.#scratch);
      else frame.set(this.#scratch);
      any = true;
    }
    this.#playing = this.#playing.filter(({ ended }) => !ended);
    return any;
  }

  stop(playId: number): boolean {
    const playback = this.#playing.find((candidate) => candidate.playId === playId);
    playback?.end('stopped');
    return playback !== undefined;
  }

  stopAll(): void {
    const playing = this.#playing;
    this.#playing = [];
    for (const playback of playing) playback.end('stopped');
  }
}
