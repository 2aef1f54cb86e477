/** Recordings of a conference. Like FreeSWITCH, a command answers at once; events tell when it has happened. */
import { stat } from 'node:fs/promises';
import type { Conference, ConferenceOptions } from './conference.ts';

interface Recording {
  readonly path: string;
  readonly startedAt: number;
  paused: boolean;
  /** Stopping waits for the start; the file may not be open yet. */
  readonly opened: Promise<boolean>;
}

const SAMPLES_PER_MS = 8;

export class ConferenceRecordings {
  readonly #conference: Conference;
  readonly #options: Pick<ConferenceOptions, 'events' | 'room' | 'logger'>;
  readonly #recordings = new Map<string, Recording>();

  constructor(conference: Conference, options: Pick<ConferenceOptions, 'events' | 'room' | 'logger'>) {
    this.#conference = conference;
    this.#options = options;
  }

  get list(): readonly Pick<Recording, 'path' | 'paused' | 'startedAt'>[] {
    return [...this.#recordings.values()];
  }

  get active(): boolean {
    return this.#recordings.size > 0;
  }

  /** False when this file is being recorded already. */
  start(path: string): boolean {
    if (this.#recordings.has(path)) return false;
    const opened = this.#open(path);
    this.#recordings.set(path, { path, startedAt: this.#conference.now, paused: false, opened });
    return true;
  }

  /** False when there is no such recording. */
  pause(path: string, paused: boolean): boolean {
    const recording = this.#recordings.get(path);
    if (!recording) return false;
    recording.paused = paused;
    void this.#options.room.then((room) => room.pauseRecording(path, paused)).catch(() => undefined);
    this.#options.events.conference(this.#conference, paused ? 'pause-recording' : 'resume-recording', [
      ['Path', path],
      ['Other-Recordings', String(this.active)],
    ]);
    return true;
  }

  /**
   * @param which path, or `all`
   * @returns the paths that are being stopped
   */
  stop(which: string): string[] {
    const chosen = this.list.map((recording) => recording.path).filter((path) => which === 'all' || path === which);
    for (const path of chosen) void this.#close(path);
    return chosen;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#recordings.keys()].map((path) => this.#close(path)));
  }

  async #open(path: string): Promise<boolean> {
    try {
      await (await this.#options.room).startRecording(path);
    } catch (error) {
      this.#options.logger.warn({ err: error, path }, 'a conference recording could not be started');
      this.#recordings.delete(path);
      const problem = 'File could not be opened for recording';
      this.#options.events.conference(this.#conference, 'start-recording', [
        ['Path', path],
        ['Error', problem],
      ]);
      this.#tellStopped(path, 0, undefined);
      return false;
    }
    this.#options.events.conference(this.#conference, 'start-recording', [['Path', path]]);
    return true;
  }

  async #close(path: string): Promise<void> {
    const recording = this.#recordings.get(path);
    if (!recording) return;
    this.#recordings.delete(path);
    if (!(await recording.opened)) return;
    const room = await this.#options.room;
    const { milliseconds } = await room.stopRecording(path).catch(() => ({ milliseconds: 0 }));
    const size = await stat(path).then(
      (file) => String(file.size),
      () => undefined,
    );
    this.#tellStopped(path, milliseconds, size);
  }

  #tellStopped(path: string, milliseconds: number, size: string | undefined): void {
    this.#options.events.conference(this.#conference, 'stop-recording', [
      ['Path', path],
      ['Other-Recordings', String(this.active)],
      ['Samples-Out', String(Math.round(milliseconds * SAMPLES_PER_MS))],
      ['Samplerate', '8000'],
      ['Milliseconds-Elapsed', String(Math.round(milliseconds))],
      ['Record-File-Size', size],
    ]);
  }
}
