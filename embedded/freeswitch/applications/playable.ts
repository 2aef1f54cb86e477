/** Which sounds can be played: generated ones by their notation, files by being there. */
import { stat } from 'node:fs/promises';

const GENERATED = /^(tone_stream|silence_stream|local_stream):\/\//;
const OTHER_SCHEME = /^[a-z][a-z0-9_+.-]*:\/\//i;
const NO_SILENCE = /^silence_stream:\/\/(?!-?[1-9])/;
const MAX_URI_LENGTH = 4_096;
const MAX_PARAMETERS = 16;
/** The same few prompts are played to everybody. */
const FOUND_IS_REMEMBERED_MS = 1_000;
const MOST_REMEMBERED = 1_000;
const found = new Map<string, number>();

export async function isPlayable(uri: string): Promise<boolean> {
  if (uri === '' || uri.length > MAX_URI_LENGTH || uri.includes('\0')) return false;
  if (NO_SILENCE.test(uri)) return false;
  if (GENERATED.test(uri)) return true;
  if (OTHER_SCHEME.test(uri)) return false;
  const lastFound = found.get(uri);
  if (lastFound !== undefined && performance.now() - lastFound < FOUND_IS_REMEMBERED_MS) return true;
  const isThere = await isFile(uri);
  found.delete(uri);
  if (isThere) found.set(uri, performance.now());
  if (found.size > MOST_REMEMBERED) found.delete(found.keys().next().value!);
  return isThere;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** `{vol=1,loops=2}file`: what is in the braces, and the rest. */
export interface SoundFile {
  readonly uri: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

export function parseSoundFile(file: string): SoundFile {
  const match = /^\{([^}]*)\}\s*/.exec(file);
  if (!match) return { uri: file, parameters: [] };
  const parameters = match[1]!
    .split(',')
    .slice(0, MAX_PARAMETERS)
    .map((part): [string, string] => {
      const at = part.indexOf('=');
      return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    })
    .filter(([name]) => /^[A-Za-z][A-Za-z0-9_-]*$/.test(name));
  return { uri: file.slice(match[0].length), parameters };
}

/** `file@@8000` begins at a sample. */
export function parseOffset(uri: string): { uri: string; offset: number } {
  const match = /@@(\d{0,10})$/.exec(uri);
  return match ? { uri: uri.slice(0, match.index), offset: Number(match[1]) } : { uri, offset: 0 };
}

/** What the core calls a file once it is open: its notation without the scheme. */
export function nameOf(uri: string): string {
  return uri.replace(/^[a-z_]+:\/\//i, '');
}
