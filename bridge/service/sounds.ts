/** Prompts as absolute paths on the media server. */
import { promptFiles, type Prompt } from '../../ivr/index.ts';
import { plainFolder } from './plain-folder.ts';

export interface Sounds {
  readonly filesOf: (prompts: readonly Prompt[], language: string) => readonly string[];
  stop(): Promise<void>;
}

/**
 * @param folder as the media server sees it
 * @param options.local the media server is this process
 * @throws StartError when a media server elsewhere could not be told the folder's name
 */
export async function openSounds(folder: string, options: { local: boolean }): Promise<Sounds> {
  const plain = await plainFolder(folder, { ...options, setting: 'soundsDir' });
  return soundsIn(plain.path, () => plain.stop());
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
