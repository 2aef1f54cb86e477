/** Folders as the media server is told of them: by names that no rule of quoting has to be known for. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { environmentName } from '../../config/index.ts';
import { StartError } from './start-error.ts';

/** What the command builder lets through. */
const PLAIN_PATH = /^\/[A-Za-z0-9_.+@/-]+$/;

export interface PlainFolder {
  readonly path: string;
  stop(): Promise<void>;
}

/**
 * @param options.local the media server is this process: a folder with spaces or the like in its name is reached by a link
 * @throws StartError when a media server elsewhere could not be told the folder's name
 */
export async function plainFolder(
  folder: string,
  options: { readonly local: boolean; readonly setting: 'soundsDir' | 'recordingsDir' },
): Promise<PlainFolder> {
  const absolute = path.resolve(folder);
  if (PLAIN_PATH.test(absolute)) return { path: absolute, stop: () => Promise.resolve() };
  if (!options.local) {
    const { setting } = options;
    throw new StartError(
      `The folder (setting ${setting}, ${environmentName(setting)}) must have a plain name, not ${absolute}.`,
    );
  }
  const place = await mkdtemp(path.join(tmpdir(), 'partyline-folder-'));
  const link = path.join(place, 'folder');
  await symlink(absolute, link);
  return { path: link, stop: () => rm(place, { recursive: true, force: true }) };
}
