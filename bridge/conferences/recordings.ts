/**
 * The folder of recordings and recorded names. Media servers write and read it, so it must be theirs, too, under the same
 * absolute name; what is kept of a file is its name below it.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../../config/index.ts';

/** Ids of our own only: no text of a person becomes part of a path. */
const FILE = /^[A-Za-z0-9_-]{1,80}\/[A-Za-z0-9_-]{1,120}\.wav$/;
const NAMES = 'names';
/** Longer than any call. */
const NAMES_KEPT_MS = 24 * 60 * 60 * 1_000;
const WAV_HEADER = 44;
/** 8 kHz, 16 bits. */
const BYTES_PER_MS = 16;
const LEAST_NAME_MS = 300;
/** FreeSWITCH may run as another user of our group. */
const FOLDER_MODE = 0o770;

export class RecordingFolder {
  readonly root: string;
  readonly #logger: Logger;

  /** @param root absolute, as the media servers see it */
  constructor(root: string, logger: Logger) {
    this.root = root;
    this.#logger = logger;
  }

  /** @throws RangeError for what is no file of this folder */
  absolute(file: string): string {
    if (!FILE.test(file)) throw new RangeError('That is no recording of ours.');
    return path.posix.join(this.root, file);
  }

  /** @returns the name below the folder; null for a file elsewhere */
  relative(absolute: string): string | null {
    const prefix = `${this.root}/`;
    const file = absolute.startsWith(prefix) ? absolute.slice(prefix.length) : '';
    return FILE.test(file) ? file : null;
  }

  nameFile(id: string): string {
    return `${NAMES}/${id}.wav`;
  }

  /** Makes the folder the file will be in. On another machine than the media server's there is nothing to make. */
  async prepare(file: string): Promise<void> {
    await mkdir(path.dirname(this.absolute(file)), { recursive: true, mode: FOLDER_MODE });
  }

  /** Whether it is longer than a click. True for a file that this machine does not see. */
  async holdsVoice(file: string): Promise<boolean> {
    const size = await stat(this.absolute(file)).then(
      (entry) => entry.size,
      () => undefined,
    );
    return size === undefined || size > WAV_HEADER + LEAST_NAME_MS * BYTES_PER_MS;
  }

  /** Never rejects. */
  async remove(file: string): Promise<void> {
    await rm(this.absolute(file), { force: true }).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'a recorded name could not be removed');
    });
  }

  /** Names that a process left behind which died. Never rejects. */
  async removeOldNames(now: number): Promise<void> {
    const folder = path.join(this.root, NAMES);
    for (const name of await readdir(folder).catch(() => [])) {
      const age = await stat(path.join(folder, name)).then(
        ({ mtimeMs }) => now - mtimeMs,
        () => 0,
      );
      if (age > NAMES_KEPT_MS) await this.remove(`${NAMES}/${name}`);
    }
  }
}
