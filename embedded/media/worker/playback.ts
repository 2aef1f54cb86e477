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
  /** Samples that were played elsewhere: it goes on behind them. */
  readonly played?: number;
}

/** What goes along when a leg moves to another thread. */
export type PlayState = Required<Omit<PlayRequest, 'source'>>;

export type PlayEnded = (playId: number, result: PlayResult) => void;

type Stage = 'loading' | 'ready' | 'ended';

class Playback {
  readonly playId: number;
  readonly #uri: string;
  readonly #gain: number;
  readonly #onEnded: PlayEnded;
  #state: Stage = 'loading';
  #source: AudioSource | undefined;
  #played: number;

  constructor(request: PlayRequest, onEnded: PlayEnded) {
    this.playId = request.playId;
    this.#uri = request.uri;
    this.#gain = request.gain ?? 1;
    this.#played = request.played ?? 0;
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
    return { playId: this.playId, uri: this.#uri, gain: this.#gain, played: this.#played };
  }

  /** @returns false when nothing was written: still loading, or over */
  read(frame: Int16Array): boolean {
    if (this.#state !== 'ready' || !this.#source) return false;
    const count = this.#source.read(frame);
    this.#played += count;
    frame.fill(0, count);
    scale(frame, this.#gain);
    if (count < frame.length) this.end('done');
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
    source?.seek(this.#played);
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
