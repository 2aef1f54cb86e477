/** The real prompts cut to a fraction of a second each: a dialogue takes its whole way in little time. */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { soundsFolder } from '../../ivr/index.ts';
import { cut, lengthMs, makeTone } from './tones.ts';
import { readWav, writeWav } from './wav.ts';

const CLIP_MS = 240;
const TONE_MS = 700;

/** @param instead prompts that are tones, so that what is said can be told by what is heard: `en/goodbye` → hertz
 * @returns a folder of the same names
 */
export async function shortVoice(parent: string, instead: Readonly<Record<string, number>> = {}): Promise<string> {
  const from = soundsFolder();
  const to = path.join(parent, 'voice');
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter(({ name }) => name.endsWith('.wav'))) {
    const source = path.join(entry.parentPath, entry.name);
    const target = path.join(to, path.relative(from, source));
    await mkdir(path.dirname(target), { recursive: true });
    const tone = instead[path.relative(from, source).replace(/\.wav$/, '')];
    if (tone !== undefined) {
      await writeWav(target, makeTone(tone, TONE_MS));
      continue;
    }
    const sound = await readWav(source);
    // From the middle, where somebody speaks.
    const begin = Math.max(0, (lengthMs(sound) - CLIP_MS) / 2);
    await writeWav(target, cut(sound, begin, begin + CLIP_MS));
  }
  return to;
}
