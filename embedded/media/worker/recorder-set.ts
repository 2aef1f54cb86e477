/** The files that one leg or room is recorded to. */
import { MediaError } from '../errors.ts';
import { WavRecorder, type RecordingState } from './wav-recorder.ts';

export class RecorderSet {
  readonly #onFault: (text: string) => void;
  readonly #recorders = new Map<string, WavRecorder>();
  /** Files being opened: a second start would cut the first one's file. */
  readonly #opening = new Set<string>();
  #closed = false;

  constructor(onFault: (text: string) => void) {
    this.#onFault = onFault;
  }

  get recording(): boolean {
    return this.#recorders.size > 0;
  }

  /** @throws MediaError `media/cannot-record` */
  async start(path: string): Promise<void> {
    if (this.#recorders.has(path) || this.#opening.has(path)) {
      throw new MediaError('media/cannot-record', 'already being recorded to this file');
    }
    this.#opening.add(path);
    try {
      const recorder = await WavRecorder.open(path);
      this.#recorders.set(path, recorder);
      if (this.#closed) await this.closeAll();
    } finally {
      this.#opening.delete(path);
    }
  }

  /** What another thread was recording goes on; a file that cannot be had any more is told as a fault. */
  async resume(states: readonly RecordingState[]): Promise<void> {
    for (const state of states) {
      try {
        this.#recorders.set(state.path, await WavRecorder.resume(state));
      } catch (error) {
        this.#onFault(`recording is not whole: ${String(error)}`);
      }
    }
    if (this.#closed) await this.closeAll();
  }

  /** Everything that goes on elsewhere. Nothing may be opening then. */
  async depart(): Promise<RecordingState[]> {
    const recorders = [...this.#recorders.values()];
    this.#recorders.clear();
    await Promise.all(recorders.map((recorder) => this.#finish(recorder)));
    return recorders.map((recorder) => recorder.state);
  }

  write(frame: Int16Array): void {
    for (const recorder of this.#recorders.values()) recorder.write(frame);
  }

  /** @throws MediaError `media/not-recording` */
  pause(path: string, paused: boolean): void {
    this.#get(path).paused = paused;
  }

  /** @throws MediaError `media/not-recording`. @returns milliseconds recorded, when the file is whole on disk */
  async stop(path: string): Promise<number> {
    const recorder = this.#get(path);
    this.#recorders.delete(path);
    return this.#finish(recorder);
  }

  /** Idempotent; recordings that are just being opened end too. */
  async closeAll(): Promise<void> {
    this.#closed = true;
    const recorders = [...this.#recorders.values()];
    this.#recorders.clear();
    await Promise.all(recorders.map((recorder) => this.#finish(recorder)));
  }

  #get(path: string): WavRecorder {
    const recorder = this.#recorders.get(path);
    if (!recorder) throw new MediaError('media/not-recording', 'this file is not being recorded');
    return recorder;
  }

  async #finish(recorder: WavRecorder): Promise<number> {
    const { milliseconds, fault } = await recorder.finish();
    if (fault !== undefined) this.#onFault(`recording is not whole: ${fault}`);
    return milliseconds;
  }
}
