/**
 * Records frames to a WAV file. Samples are written twice a second and the header right after them, so the file can be
 * read at every moment and a killed process loses half a second. Recording never holds up the clock: when the disk is too
 * slow or full, sound is lost from the file, not from the call.
 */
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute } from 'node:path';
import { serializeWavHeader, WAV_HEADER_BYTES, type WavFormat } from '../../wire/wav.ts';
import { FRAME_SAMPLES, SAMPLE_RATE, SAMPLES_PER_MS } from '../audio.ts';
import { MediaError } from '../errors.ts';

const FORMAT: WavFormat = { encoding: 'pcm16', channels: 1, sampleRate: SAMPLE_RATE };
const CHUNK_FRAMES = 25;
/** Chunks that may wait for the disk: ten seconds. */
const MAX_WAITING_CHUNKS = 20;

export interface RecorderReport {
  readonly milliseconds: number;
  /** Set when something could not be written. */
  readonly fault?: string;
}

/** What goes along when a leg moves to another thread. */
export interface RecordingState {
  readonly path: string;
  readonly paused: boolean;
  readonly samples: number;
}

/** What a recorder needs of a file: writing at a position. */
export interface RecordingFile {
  write(bytes: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  close(): Promise<void>;
}

export class WavRecorder {
  readonly path: string;
  readonly #file: RecordingFile;
  #chunk = new Int16Array(CHUNK_FRAMES * FRAME_SAMPLES);
  #chunkFrames = 0;
  #waiting = 0;
  #writtenSamples = 0;
  #fault: string | undefined;
  #work: Promise<void> = Promise.resolve();
  #finished: Promise<RecorderReport> | undefined;
  paused = false;

  /** @param samples that are in the file already */
  constructor(path: string, file: RecordingFile, samples = 0) {
    this.path = path;
    this.#file = file;
    this.#writtenSamples = samples;
  }

  /** @throws MediaError `media/cannot-record`: no .wav, or the file cannot be made */
  static async open(path: string): Promise<WavRecorder> {
    if (!isAbsolute(path) || path.includes('\0') || extname(path).toLowerCase() !== '.wav') {
      throw new MediaError('media/cannot-record', 'recordings are .wav files with an absolute path');
    }
    try {
      await makeFolder(dirname(path));
      const file = await open(path, 'w');
      await file.write(serializeWavHeader(FORMAT, 0), 0, WAV_HEADER_BYTES, 0).catch(async (error: unknown) => {
        await file.close();
        throw error;
      });
      return new WavRecorder(path, file);
    } catch (error) {
      throw new MediaError('media/cannot-record', error instanceof Error ? error.message : String(error));
    }
  }

  /** Goes on with a file that another thread has left. @throws MediaError `media/cannot-record` */
  static async resume({ path, paused, samples }: RecordingState): Promise<WavRecorder> {
    const file = await open(path, 'r+').catch((error: unknown) => {
      throw new MediaError('media/cannot-record', error instanceof Error ? error.message : String(error));
    });
    const recorder = new WavRecorder(path, file, samples);
    recorder.paused = paused;
    return recorder;
  }

  /** For whoever goes on with the file, once it is finished here. */
  get state(): RecordingState {
    return { path: this.path, paused: this.paused, samples: this.#writtenSamples };
  }

  /** Copies the frame. */
  write(frame: Int16Array): void {
    if (this.paused || this.#finished) return;
    this.#chunk.set(frame, this.#chunkFrames * FRAME_SAMPLES);
    if (++this.#chunkFrames === CHUNK_FRAMES) this.#flush();
  }

  /** Idempotent. Resolves when the file is whole on disk; never rejects. */
  finish(): Promise<RecorderReport> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<RecorderReport> {
    this.#flush();
    await this.#work;
    await this.#file.close().catch((error: unknown) => this.#note(error));
    return {
      milliseconds: Math.round(this.#writtenSamples / SAMPLES_PER_MS),
      ...(this.#fault !== undefined && { fault: this.#fault }),
    };
  }

  #flush(): void {
    const samples = this.#chunk.subarray(0, this.#chunkFrames * FRAME_SAMPLES);
    if (samples.length === 0) return;
    this.#chunkFrames = 0;
    this.#chunk = new Int16Array(CHUNK_FRAMES * FRAME_SAMPLES);
    if (this.#waiting >= MAX_WAITING_CHUNKS) {
      this.#fault ??= 'the disk is too slow: sound was lost';
      return;
    }
    this.#waiting++;
    this.#work = this.#work.then(() => this.#append(samples)).finally(() => this.#waiting--);
  }

  async #append(samples: Int16Array): Promise<void> {
    try {
      const bytes = Buffer.alloc(samples.length * 2);
      samples.forEach((sample, index) => bytes.writeInt16LE(sample, 2 * index));
      await this.#writeFully(bytes, WAV_HEADER_BYTES + 2 * this.#writtenSamples);
      this.#writtenSamples += samples.length;
      await this.#writeFully(serializeWavHeader(FORMAT, 2 * this.#writtenSamples), 0);
    } catch (error) {
      this.#note(error);
    }
  }

  async #writeFully(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += (await this.#file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
  }

  #note(error: unknown): void {
    this.#fault ??= error instanceof Error ? error.message : String(error);
  }
}

/** Not mkdir's own `recursive`: where a folder cannot be made because of ENOENT (as in /proc), that never comes back. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await exists(dirname(path)))) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
