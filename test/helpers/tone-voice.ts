/** A voice in which each sentence is a tone of its own, and whatever is not asked for is silence: what is said is heard exactly. */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { soundsFolder } from '../../ivr/index.ts';
import { makeSilence, makeTone } from './tones.ts';
import { writeWav } from './wav.ts';

/** Long enough to be found, short enough for a test. */
export const SAID_MS = 400;
/** Round and round; one of these is longer than what is looked at. */
const MUSIC_MS = 4_000;
const SILENCE_MS = 40;
const SAID_DB = -18;
/** Above the tones that phones say, below what a telephone loses. */
const LOWEST = 1_000;
const HIGHEST = 3_350;

/** @returns a frequency for each, as far apart as there is room */
export function frequenciesFor(names: readonly string[]): ReadonlyMap<string, number> {
  const step = Math.floor((HIGHEST - LOWEST) / names.length);
  if (step < 40) throw new RangeError(`${names.length} sentences are too many to be told apart.`);
  return new Map(names.map((name, index) => [name, LOWEST + step * index]));
}

/**
 * @param said sounds below the folder of sounds without their ending: `en/now-muted`
 * @returns a folder of the same names
 */
export async function toneVoice(parent: string, said: ReadonlyMap<string, number>): Promise<string> {
  const from = soundsFolder();
  const to = path.join(parent, 'tone-voice');
  const left = new Set(said.keys());
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter(({ name }) => name.endsWith('.wav'))) {
    const file = path.relative(from, path.join(entry.parentPath, entry.name));
    const name = file.replace(/\.wav$/, '');
    left.delete(name);
    const hertz = said.get(name);
    const length = name === 'tones/hold-music' ? MUSIC_MS : SAID_MS;
    await mkdir(path.dirname(path.join(to, file)), { recursive: true });
    const sound = hertz === undefined ? makeSilence(SILENCE_MS) : makeTone(hertz, length, { db: SAID_DB });
    await writeWav(path.join(to, file), sound);
  }
  if (left.size > 0) throw new Error(`There is no sound ${[...left].join(', ')}.`);
  return to;
}
