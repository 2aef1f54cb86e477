/** Prompts as absolute paths on the media server. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promptFiles, type Prompt } from '../../ivr/index.ts';
import { StartError } from './start-error.ts';

/** What the command builder lets through; anything else would need quoting rules of FreeSWITCH. */
const PLAIN_PATH = /^\/[A-Za-z0-9_.+@/-]+$/;

export interface Sounds {
  readonly filesOf: (prompts: readonly Prompt[], language: string) => readonly string[];
  stop(): Promise<void>;
}

/**
 * @param folder as the media server sees it
 * @throws StartError when a media server elsewhere could not be told the folder's name
 * @param options.local the media server is this process: a folder with spaces or the like in its name is reached by a link
 */
export async function openSounds(folder: string, options: { local: boolean }): Promise<Sounds> {
  const absolute = path.resolve(folder);
  if (PLAIN_PATH.test(absolute)) return soundsIn(absolute, () => Promise.resolve());
  if (!options.local) {
    throw new StartError(
      `The folder of the prompts (setting soundsDir, PARTYLINE_SOUNDS_DIR) must have a plain name, not ${absolute}.`,
    );
  }
  const place = await mkdtemp(path.join(tmpdir(), 'partyline-sounds-'));
  const link = path.join(place, 'sounds');
  await symlink(absolute, link);
  return soundsIn(link, () => rm(place, { recursive: true, force: true }));
}

function soundsIn(folder: string, stop: () => Promise<void>): Sounds {
  return {
    filesOf: (prompts, language) => promptFiles(prompts, language).map((file) => inFolder(folder, file)),
    stop,
  };
}

/** Generated tones are no files, and recordings lie elsewhere. */
function inFolder(folder: string, file: string): string {
  return /^(\/|(tone|silence)_stream:)/.test(file) ? file : `${folder}/${file}`;
}
