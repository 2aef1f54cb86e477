/** Which sounds can be played: generated ones by their notation, files by being there. */
import { stat } from 'node:fs/promises';

const GENERATED = /^(tone_stream|silence_stream|local_stream):\/\//;
const OTHER_SCHEME = /^[a-z][a-z0-9_+.-]*:\/\//i;
const MAX_URI_LENGTH = 4_096;

export async function isPlayable(uri: string): Promise<boolean> {
  if (uri === '' || uri.length > MAX_URI_LENGTH || uri.includes('\0')) return false;
  if (GENERATED.test(uri)) return true;
  if (OTHER_SCHEME.test(uri)) return false;
  try {
    return (await stat(uri)).isFile();
  } catch {
    return false;
  }
}

/** `{vol=1}file` → `file`: parameters of the file are not supported, and do no harm. */
export function withoutParameters(uri: string): string {
  return uri.replace(/^\{[^}]*\}\s*/, '');
}

/** `file@@8000` asks to begin at a sample; seeking is not supported, the file is played from its beginning. */
export function withoutOffset(uri: string): string {
  return uri.replace(/@@\d*$/, '');
}
