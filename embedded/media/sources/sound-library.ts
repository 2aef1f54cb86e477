/** Finds what a playable URI means. Decoded files stay in memory up to a limit, the least used go first. */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SAMPLES_PER_MS } from '../audio.ts';
import { SampleSource, SilenceSource, type AudioSource } from './audio-source.ts';
import { ToneSource, parseToneProgram } from './tone-source.ts';
import { decodeWav } from './wav-file.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_CACHED_SAMPLES = 32 * 1024 * 1024;
const MAX_SILENCE_MS = 24 * 3_600_000;

interface CachedSound {
  readonly version: string;
  readonly samples: Promise<Int16Array>;
  length: number;
}

export class SoundLibrary {
  readonly #files = new Map<string, CachedSound>();
  readonly #music: string | undefined;
  /** One file at a time: decoding holds up the clock for no more than one slice. */
  #decoding: Promise<unknown> = Promise.resolve();

  /** @param music the file that `local_stream://` plays, whatever name follows. FreeSWITCH's runs on; ours begins for each who hears it */
  constructor(music?: string) {
    this.#music = music;
  }

  /** @returns undefined when there is no such file, or nothing that can be played */
  async open(uri: string): Promise<AudioSource | undefined> {
    if (uri.startsWith('tone_stream://')) {
      const program = parseToneProgram(uri.slice('tone_stream://'.length));
      return program && new ToneSource(program);
    }
    if (uri.startsWith('silence_stream://')) return openSilence(uri.slice('silence_stream://'.length));
    const isMusic = uri.startsWith('local_stream://');
    const path = isMusic ? (this.#music ?? '') : uri;
    if (path.includes('://') || path.includes('\0') || extname(path).toLowerCase() !== '.wav') return undefined;
    const samples = await this.#file(path).catch(() => undefined);
    return samples && new SampleSource(samples, { loop: isMusic });
  }

  async #file(path: string): Promise<Int16Array> {
    const { mtimeMs, size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new RangeError('file too large to be played');
    const version = `${mtimeMs}/${size}`;
    const known = this.#files.get(path);
    this.#files.delete(path);
    const sound: CachedSound = known?.version === version ? known : { version, length: 0, samples: this.#load(path) };
    this.#files.set(path, sound);
    try {
      const samples = await sound.samples;
      sound.length = samples.length;
      this.#forgetLeastUsed();
      return samples;
    } catch (error) {
      if (this.#files.get(path) === sound) this.#files.delete(path);
      throw error;
    }
  }

  async #load(path: string): Promise<Int16Array> {
    const bytes = await readFile(path);
    const decoded = this.#decoding.then(() => decodeWav(bytes, nextTurn));
    this.#decoding = decoded.catch(() => undefined);
    return decoded;
  }

  #forgetLeastUsed(): void {
    let total = 0;
    for (const { length } of this.#files.values()) total += length;
    for (const [path, { length }] of this.#files) {
      if (total <= MAX_CACHED_SAMPLES) return;
      this.#files.delete(path);
      total -= length;
    }
  }
}

/** `-1` = for ever; zero or no number is refused, as FreeSWITCH does. */
function openSilence(text: string): AudioSource | undefined {
  const [first = '', second = ''] = text.split(',');
  const milliseconds = Number.parseInt(first, 10);
  if (!Number.isFinite(milliseconds) || milliseconds === 0) return undefined;
  const length = milliseconds < 0 ? Infinity : Math.min(milliseconds, MAX_SILENCE_MS) * SAMPLES_PER_MS;
  const divisor = Number.parseInt(second, 10);
  // FreeSWITCH's second figure divides the noise: the bigger, the fainter.
  const noise = divisor > 0 ? Math.min(1000, Math.trunc(32_767 / divisor)) : 0;
  return new SilenceSource(length, noise);
}
